/** Puts texts in the place of the content hashes that entries hold (spec 9, 23): the ledger itself never has them. */
import type { Hash, JsonObject, LedgerRecord } from "../../storage/records.ts";
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";

/** Keys of TURN_RECORDED whose values are hashes of contents. */
const CONTENT_KEYS = ["user_message", "response"] as const;

/** What is shown of a text that is not in the store any more. */
export const GONE_TEXT = "[this text was removed from the store]";

/** Gives the metadata of an entry with its texts. */
export type ShowTexts = (record: LedgerRecord, metadata: JsonObject) => JsonObject;

/** Reads the texts that entries name, all at once. */
export async function readShownTexts(
  { store }: Engine,
  records: readonly LedgerRecord[],
): Promise<ShowTexts> {
  const hashes = new Set(records.flatMap(contentHashes));
  const contents = hashes.size === 0 ? [] : await store.readContents([...hashes]);
  const texts = new Map<Hash, string>(contents.map((content) => [content.hash, storedText(content)]));
  return (record, metadata) => {
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
  return eventType === "TURN_RECORDED";
}
