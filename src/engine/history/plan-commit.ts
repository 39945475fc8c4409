/** Plans commits on top of a head as plain data: clamped times, auto messages, tokens, hashes (spec 1.3, 1.4). Pure. */
import type { NewAnnotation } from "../../storage/change-set.ts";
import type {
  Author,
  CommitRecord,
  ContentRecord,
  Hash,
  JsonObject,
  Priority,
} from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { hashCommit } from "../content/hashes.ts";
import type { ParsedContent } from "../content/parse-content.ts";
import type { TokenCounter } from "../tokens/token-counter.ts";

/** One commit to be made, checked already. */
export interface CommitItem {
  readonly content: ParsedContent;
  /** null: the auto message. */
  readonly message: string | null;
  readonly operation: "append" | "edit";
  readonly editTarget: Hash | null;
  readonly labels: readonly string[];
  readonly metadata: JsonObject | null;
  readonly generationConfig: JsonObject | null;
  /** Becomes an annotation of the same operation; null: none. */
  readonly priority: Priority | null;
}

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
}

export interface PlannedCommits {
  /** With their content, as compile reads them; parents before children. */
  readonly chain: readonly ChainCommit[];
  readonly contents: readonly ContentRecord[];
  readonly annotations: readonly NewAnnotation[];
}

/** Plans a run of commits, each on the one before. */
export function planCommits(base: CommitBase, items: readonly CommitItem[]): PlannedCommits {
  const chain: ChainCommit[] = [];
  const annotations: NewAnnotation[] = [];
  let parent = base.parent;
  for (const item of items) {
    const commit = planOne(base, parent, item);
    chain.push({ commit, body: item.content.record.body, text: item.content.record.text });
    if (item.priority !== null) annotations.push(annotationOf(commit, item.priority, base));
    parent = commit;
  }
  return { chain, contents: items.map((item) => item.content.record), annotations };
}

function planOne(base: CommitBase, parent: CommitBase["parent"], item: CommitItem): CommitRecord {
  const { record, text } = item.content;
  const hashed = {
    parents: parent === null ? [] : [parent.hash],
    contentHash: record.hash,
    contentType: record.type,
    operation: item.operation,
    editTarget: item.editTarget,
    message: item.message ?? autoMessage(record.type, text),
    metadata: item.metadata,
    generationConfig: item.generationConfig,
    labels: item.labels,
    author: base.author,
    // Time never runs backwards along a chain, whatever the clocks of the writers say (spec 9, 1).
    createdAt: parent !== null && parent.createdAt > base.now ? parent.createdAt : base.now,
  };
  return {
    ...hashed,
    hash: hashCommit(hashed),
    role: record.role,
    priority: record.priority,
    tokens: base.tokens.count(text),
    branch: base.branch,
    operationId: base.operationId,
  };
}

function annotationOf(commit: CommitRecord, priority: Priority, base: CommitBase): NewAnnotation {
  return {
    commit: commit.hash,
    priority,
    retain: null,
    labels: [],
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

/** `"<content_type>: <text>"` on one line, at most 72 code points, cut with `...`; just the type when there is no text. */
export function autoMessage(contentType: string, text: string): string {
  const folded = foldedStart(text);
  if (folded === "") return contentType;
  const whole = `${contentType}: ${folded}`;
  if (whole.length <= MESSAGE_CODE_POINTS_MAX) return whole;
  const points = Array.from(whole.slice(0, UNITS_ENOUGH + 2));
  if (points.length <= MESSAGE_CODE_POINTS_MAX) return whole;
  return `${points.slice(0, MESSAGE_CODE_POINTS_MAX - 3).join("")}...`;
}

/** The text with white-space runs as one space, as far as a message can show it. */
function foldedStart(text: string): string {
  if (text.length <= UNITS_LOOKED_AT) return fold(text);
  const start = fold(text.slice(0, UNITS_LOOKED_AT));
  return start.length > UNITS_ENOUGH ? start : fold(text);
}

function fold(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
