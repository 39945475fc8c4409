/** Puts texts in the place of the content hashes that entries hold (spec 9, 23): the ledger itself never has them. */
import type { Hash, Json, JsonObject, LedgerRecord } from "../../storage/records.ts";
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import type { LedgerEvent } from "./entry.ts";
import { keptBy } from "./kept-texts.ts";
import { rebuildPrompt } from "./prompt-recipe.ts";

/** Keys whose values are hashes of contents, in the entries that have such. */
const CONTENT_KEYS = ["user_message", "response", "reasoning"] as const;
const EVENTS_WITH_TEXTS: readonly string[] = [
  "TURN_RECORDED",
  "ORCHESTRATION",
] satisfies readonly LedgerEvent[];

/** What is shown of a text that is not in the store any more. */
export const GONE_TEXT = "[this text was removed from the store]";

/** Where the messages of a prompt are shown, made again from their recipe. */
const MESSAGES = "messages";

/** Gives the metadata of an entry with its texts. */
export type ShowTexts = (record: LedgerRecord, metadata: JsonObject) => JsonObject;

/**
 * Reads the texts that entries name, all at once.
 *
 * @param options `prompts`: also what LLMs were sent, where no compile record has it.
 */
export async function readShownTexts(
  { store }: Engine,
  records: readonly LedgerRecord[],
  options: { readonly prompts: boolean },
): Promise<ShowTexts> {
  const prompts = new Map<LedgerRecord, Json>();
  for (const record of options.prompts ? records : []) {
    const [recipe] = record.eventType === "LLM_CALL" ? keptBy(record) : [];
    if (recipe === undefined) continue;
    const rebuilt = await rebuildPrompt((wanted) => store.readContents(wanted), recipe);
    prompts.set(record, rebuilt.kind === "whole" ? rebuilt.messages : GONE_TEXT);
  }
  const hashes = new Set(records.flatMap(contentHashes));
  const contents = hashes.size === 0 ? [] : await store.readContents([...hashes]);
  const texts = new Map<Hash, string>(contents.map((content) => [content.hash, storedText(content)]));
  return (record, metadata) => {
    const prompt = prompts.get(record);
    if (prompt !== undefined) return { ...metadata, [MESSAGES]: prompt };
    if (!hasTexts(record)) return metadata;
    const shown = CONTENT_KEYS.flatMap((key) => {
      const hash = record.metadata[key];
      return typeof hash === "string" ? [[key, texts.get(hash as Hash) ?? GONE_TEXT] as const] : []; // Entries hold whole hashes.
    });
    return { ...metadata, ...Object.fromEntries(shown) };
  };
}

/** The text of one content; null when it is gone. */
export async function readText({ store }: Engine, hash: Hash): Promise<string | null> {
  const [content] = await store.readContents([hash]);
  return content === undefined ? null : storedText(content);
}

function contentHashes(record: LedgerRecord): readonly Hash[] {
  if (!hasTexts(record)) return [];
  return CONTENT_KEYS.flatMap((key) => {
    const hash = record.metadata[key];
    return typeof hash === "string" ? [hash as Hash] : []; // Entries hold whole hashes.
  });
}

function hasTexts({ eventType }: LedgerRecord): boolean {
  return EVENTS_WITH_TEXTS.includes(eventType);
}
