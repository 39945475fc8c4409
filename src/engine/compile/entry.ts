/** A place in the context and what is shown there: what the stages of compile hand to each other (spec 2.2). */
import type { CommitRecord, Hash, JsonObject, Priority, Role } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { AnyContent, ToolIoContent } from "../content/content-types.ts";
import { hashContent } from "../content/hashes.ts";
import { readContent } from "../content/parse-content.ts";
import { payloadText, plainText } from "../content/plain-text.ts";
import { damagedContent } from "../content/stored-json.ts";
import type { Cover } from "../history/coverage.ts";
import { type ContentHead, readContentHead, readText } from "./content-head.ts";

/** Why a commit is not in the context. Callers rely on the words. */
export const OMIT_REASONS = [
  "budget",
  "skip",
  "compressed",
  "type",
  "label",
  "superseded",
  "strategy",
] as const;
export type OmitReason = (typeof OMIT_REASONS)[number];

/** A commit in linear order and what it shows: itself, or the last edit of it. */
export interface Place {
  /** Position in linear order, edits and merges not counted; a summary's is that of its first original. */
  readonly ordinal: number;
  readonly commit: CommitRecord;
  readonly shown: ChainCommit;
  /** The summary that stands for it; null: none. */
  readonly cover: Cover | null;
  /** Of a summary at the place of its originals: the first and the last of them. Else null. */
  readonly span: { readonly from: Hash; readonly to: Hash } | null;
}

/** A place whose content can be compiled. */
export interface Entry {
  readonly ordinal: number;
  /** Hash of the commit that stands here, also when an edit speaks in its place. */
  readonly hash: Hash;
  readonly place: Place;
  readonly type: string;
  readonly role: Role;
  readonly priority: Priority;
  readonly generationConfig: JsonObject | null;
  /** Tokens of the text shown, without framing. */
  readonly tokens: number;
  readonly head: ContentHead;
  /** null: in the context as far as the budget allows. */
  readonly out: OmitReason | null;
  /** Read when first rendered: a commit that a budget leaves out is never parsed. */
  content: AnyContent | null;
  text: string | null;
}

/** What an entry needs besides its place. */
export interface Judgement {
  readonly role: Role;
  readonly priority: Priority;
  readonly out: OmitReason | null;
}

export function createEntry(place: Place, { role, priority, out }: Judgement): Entry {
  const { ordinal, commit, shown } = place;
  const { contentType: type, generationConfig, tokens } = shown.commit;
  if (type === null || shown.body === null) throw damagedContent(); // What a place shows has a content.
  return {
    ordinal,
    hash: commit.hash,
    place,
    type,
    role,
    priority,
    generationConfig: generationConfig ?? commit.generationConfig,
    tokens,
    head: readContentHead(type, shown.body),
    out,
    content: null,
    text: null,
  };
}

/** The same entry, in or out for another reason. */
export function withOut(entry: Entry, out: OmitReason | null): Entry {
  return entry.out === out ? entry : { ...entry, out };
}

/** @throws TractError `store-corrupt` for a content whose bytes were changed: to look is little beside parsing it. */
export function contentOf(entry: Entry): AnyContent {
  if (entry.content === null) {
    const { body, commit } = entry.place.shown;
    if (body === null || hashContent(body) !== commit.contentHash) throw damagedContent();
    entry.content = readContent({ body });
  }
  return entry.content;
}

/** Plain text of what is shown; a custom type's own where it gave one. */
export function textOf(entry: Entry): string {
  if (entry.text === null) {
    const { text, body } = entry.place.shown;
    entry.text = text ?? readText(entry.type, body ?? "") ?? plainText(contentOf(entry));
  }
  return entry.text;
}

/** True when there is nothing to read, as Anthropic's API sees it: white space alone is refused like no text at all. */
export function isBlank(entry: Entry): boolean {
  return entry.head.mayBeBlank && !/\S/.test(textOf(entry));
}

export function isCall(entry: Entry): boolean {
  return entry.type === "tool_io" && entry.role === "assistant";
}

export function isResult(entry: Entry): boolean {
  return entry.type === "tool_io" && entry.role === "tool";
}

/** Content of an entry of type tool_io. */
export function toolContentOf(entry: Entry): ToolIoContent {
  const content = contentOf(entry);
  if (content.content_type !== "tool_io") throw damagedContent();
  return content as ToolIoContent; // Custom types cannot have a built-in name.
}

/** Arguments of a call or text of a result: the provider's own text, else canonical JSON. */
export function payloadOf(entry: Entry): string {
  return payloadText(toolContentOf(entry));
}
