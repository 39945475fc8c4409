/** Plans commits on top of a head as plain data: clamped times, auto messages, tokens, hashes (spec 1.3, 1.4). Pure. */
import type { NewAnnotation } from "../../storage/change-set.ts";
import type {
  Author,
  CommitOperation,
  CommitRecord,
  ContentRecord,
  Hash,
  JsonObject,
} from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { hashCommit } from "../content/hashes.ts";
import type { ParsedContent } from "../content/parse-content.ts";
import type { TokenCounter } from "../tokens/token-counter.ts";
import { type AnnotationState, NO_ANNOTATION, sameState } from "./annotation-state.ts";
import { noteScreening, type Screen } from "./screen.ts";
import { type Origin, screenItem } from "./screen-item.ts";

interface ItemBase {
  /** Of an edit its target, of a reveal its summary; null for all others. */
  readonly editTarget: Hash | null;
  readonly labels: readonly string[];
  readonly metadata: JsonObject | null;
  readonly generationConfig: JsonObject | null;
  /** Becomes an annotation of the same operation; null: none. */
  readonly annotation: AnnotationState | null;
  /** Of the commit; default: who does the operation. */
  readonly author?: Author;
  /** Where its texts come from; default: somebody gave them. */
  readonly origin?: Origin;
}

/** A commit with a content, checked already. */
export interface ContentItem extends ItemBase {
  readonly content: ParsedContent;
  readonly operation: "append" | "edit" | "summary";
  /** null: the auto message. */
  readonly message: string | null;
}

/** An internal commit without one. */
export interface BareItem extends ItemBase {
  readonly content: null;
  readonly operation: "merge" | "reveal";
  readonly message: string;
  /** Of a merge, besides the commit before it: the tips that are merged in. */
  readonly mergedTips: readonly Pick<CommitRecord, "hash" | "createdAt">[];
}

/** One commit to be made. */
export type CommitItem = ContentItem | BareItem;

/** A commit whose edit target, sources or content name commits of the same plan: it is given all that were planned before it, in order. */
export type LateItem = (made: readonly CommitRecord[]) => CommitItem;

/** What an item leaves open when nothing is asked for. */
export const PLAIN_ITEM: Omit<ItemBase, "author" | "origin"> = {
  editTarget: null,
  labels: [],
  metadata: null,
  generationConfig: null,
  annotation: null,
};

/** What the commits stand on. */
export interface CommitBase {
  /** null: the first commit of a branch without history. */
  readonly parent: Pick<CommitRecord, "hash" | "createdAt"> | null;
  readonly branch: string;
  readonly author: Author;
  readonly operationId: string;
  /** ISO time of the operation. */
  readonly now: string;
  readonly tokens: TokenCounter;
  /** Of the head that the operation stands on: what keeps credentials out. null: nothing does. */
  readonly screen: Screen | null;
}

export interface PlannedCommits {
  /** With their content, as compile reads them; parents before children. */
  readonly chain: readonly ChainCommit[];
  readonly contents: readonly ContentRecord[];
  readonly annotations: readonly NewAnnotation[];
}

/**
 * Plans a run of commits, each on the one before.
 *
 * @throws CredentialFound for what the screen refuses.
 */
export function planCommits(base: CommitBase, items: readonly (CommitItem | LateItem)[]): PlannedCommits {
  const chain: ChainCommit[] = [];
  const made: CommitRecord[] = [];
  const contents: ContentRecord[] = [];
  const annotations: NewAnnotation[] = [];
  let parent = base.parent;
  for (const [index, planned] of items.entries()) {
    const path = items.length === 1 ? "" : `items[${index}].`;
    const whole = typeof planned === "function" ? planned(made) : planned;
    const { item, hits } = screenItem(base.screen, whole, { path, author: base.author });
    const commit = planOne(base, parent, item);
    noteScreening(commit, { screen: base.screen, hits });
    if (item.content !== null) noteScreening(item.content.record, { screen: base.screen, hits: [] });
    made.push(commit);
    chain.push({ commit, body: item.content?.record.body ?? null, text: item.content?.record.text ?? null });
    if (item.content !== null) contents.push(item.content.record);
    if (item.annotation !== null && !sameState(item.annotation, NO_ANNOTATION))
      annotations.push(annotationOf(commit, item.annotation, base));
    parent = commit;
  }
  return { chain, contents, annotations };
}

function planOne(base: CommitBase, parent: CommitBase["parent"], item: CommitItem): CommitRecord {
  const merged = item.content === null ? item.mergedTips : [];
  const record = item.content?.record ?? null;
  const text = item.content?.text ?? "";
  // Time never runs backwards along a chain, whatever the clocks of the writers say (spec 9, 1).
  let createdAt = base.now;
  if (parent !== null && parent.createdAt > createdAt) createdAt = parent.createdAt;
  for (const tip of merged) if (tip.createdAt > createdAt) createdAt = tip.createdAt;
  const hashed = {
    parents: [...(parent === null ? [] : [parent.hash]), ...merged.map(({ hash }) => hash)],
    contentHash: record?.hash ?? null,
    contentType: record?.type ?? null,
    operation: item.operation satisfies CommitOperation,
    editTarget: item.editTarget,
    message: item.message ?? autoMessage(record?.type ?? item.operation, text),
    metadata: item.metadata,
    generationConfig: item.generationConfig,
    labels: item.labels,
    author: item.author ?? base.author,
    createdAt,
  };
  return {
    ...hashed,
    hash: hashCommit(hashed),
    role: record?.role ?? null,
    priority: record?.priority ?? "normal",
    tokens: text === "" ? 0 : base.tokens.count(text),
    branch: base.branch,
    operationId: base.operationId,
  };
}

function annotationOf(commit: CommitRecord, state: AnnotationState, base: CommitBase): NewAnnotation {
  const { priority, retain, labels } = state;
  return {
    commit: commit.hash,
    priority,
    retain,
    labels,
    reason: null,
    author: base.author,
    createdAt: base.now,
    branch: base.branch,
  };
}

const MESSAGE_CODE_POINTS_MAX = 72;
/** No code point has more than two units: so much folded text is always enough. */
const UNITS_ENOUGH = 2 * MESSAGE_CODE_POINTS_MAX;
/** What is looked at first: enough, unless white space comes in runs. */
const UNITS_LOOKED_AT = UNITS_ENOUGH + 16;

/** Matches a text of too many code points; its first group is what stays of it before `...`. */
const TOO_LONG = new RegExp(`^(.{${MESSAGE_CODE_POINTS_MAX - 3}}).{4}`, "su");

/** `"<content_type>: <text>"` on one line, at most 72 code points, cut with `...`; just the type when there is no text. */
export function autoMessage(contentType: string, text: string): string {
  const folded = foldedStart(text);
  if (folded === "") return contentType;
  const whole = `${contentType}: ${folded}`;
  const cut = TOO_LONG.exec(whole);
  return cut === null ? whole : `${cut[1]}...`;
}

/** The text with white-space runs as one space, as far as a message can show it. */
function foldedStart(text: string): string {
  if (text.length <= UNITS_LOOKED_AT) return fold(text);
  const start = fold(text.slice(0, UNITS_LOOKED_AT));
  return start.length > UNITS_ENOUGH ? start : fold(text);
}

function fold(text: string): string {
  // A single space stays as it is: most texts have no other white space.
  return text.replace(/\s{2,}|[^\S ]/gu, " ").trim();
}
