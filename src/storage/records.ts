/** The rows of a store as plain readonly data: what every backend reads and writes, in the words of the glossary. */

/** A SHA-256 in lower-case hex (64 characters). */
export type Hash = string & { readonly __brand: "Hash" };

/** JSON as RFC 8259 knows it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export type Encoding = "o200k_base" | "cl100k_base";

/** One repository of context. `annotationSequence`, `operationSequence` and `ledgerSequence` are the newest given out; 0 = none yet. */
export interface TractRecord {
  readonly id: number;
  readonly name: string;
  readonly encoding: Encoding;
  readonly createdAt: string;
  readonly annotationSequence: number;
  readonly operationSequence: number;
  readonly ledgerSequence: number;
  /** entry_hash of the newest ledger entry; with ledgerSequence it reveals a cut tail (spec 9, 23). */
  readonly ledgerHead: string;
}

export type Role = "system" | "user" | "assistant" | "tool";
/** Priorities in rising order (spec 1.6). */
export type Priority = "skip" | "normal" | "important" | "pinned";

/** An immutable payload. `role` and `priority` are stored so that compile never needs the code of a custom type (spec 9, 7). */
export interface ContentRecord {
  readonly hash: Hash;
  readonly type: string;
  /** Role when compiled; null for types that are never compiled. */
  readonly role: Role | null;
  /** Default priority of the type. */
  readonly priority: Priority;
  /** Canonical JSON (RFC 8785) of the content, defaults filled in: the bytes that the hash covers. */
  readonly body: string;
  /** Plain text as the custom type's code gave it; null for built-in types, whose text is derived. */
  readonly text: string | null;
}

export type AuthorKind = "user" | "agent" | "tool" | "policy" | "import";
export interface Author {
  readonly kind: AuthorKind;
  readonly name: string | null;
  readonly session_id: string | null;
}

/**
 * `append` and `edit` are what callers make. Internal: `merge` joins histories and has no content; `summary` stands for its sources (a content of
 * type summary); `reveal` ends the effect of the summary that is its edit target, and has no content.
 */
export type CommitOperation = "append" | "edit" | "merge" | "summary" | "reveal";

/** An immutable node of history. Everything but `tokens`, `branch` and `operationId` is covered by `hash` (spec 1.3). */
export interface CommitRecord {
  readonly hash: Hash;
  /** First parent first; empty for a root. */
  readonly parents: readonly Hash[];
  /** null for merge and reveal. */
  readonly contentHash: Hash | null;
  readonly contentType: string | null;
  /** Role and default priority of the content (spec 9, 7); null and "normal" where there is none. */
  readonly role: Role | null;
  readonly priority: Priority;
  readonly operation: CommitOperation;
  /** What an edit replaces, or the summary that a reveal ends; null for all others. */
  readonly editTarget: Hash | null;
  readonly message: string;
  /** Tokens of the content's text in the tract's encoding, without framing. */
  readonly tokens: number;
  readonly metadata: JsonObject | null;
  readonly generationConfig: JsonObject | null;
  readonly labels: readonly string[];
  readonly author: Author;
  /** ISO-8601 UTC with milliseconds. */
  readonly createdAt: string;
  /** The branch it was made on. */
  readonly branch: string;
  /** The operation that made it. */
  readonly operationId: string;
}

/** A judgement about a commit; each row holds the whole state, the highest sequence of a commit wins (spec 1.6). */
export interface AnnotationRecord {
  readonly sequence: number;
  readonly commit: Hash;
  /** null: the default of the content (or of the edited target). */
  readonly priority: Priority | null;
  readonly retain: JsonObject | null;
  /** Labels given after commit time. */
  readonly labels: readonly string[];
  readonly reason: string | null;
  readonly author: Author;
  readonly createdAt: string;
  /** The branch it was made on: decides sides in a merge (spec 9, 5). */
  readonly branch: string;
}

/**
 * Names that point somewhere. `branch` and `tag`: name → commit. `worktree`: its HEAD. `orig_head`: ORIG_HEAD of the worktree of that
 * name. `previous`: where `checkout -` of that worktree returns to.
 */
export type RefKind = "branch" | "tag" | "worktree" | "orig_head" | "previous";
/** Points to a commit (null: an unborn branch), or, for worktree and previous, to a branch. */
export type RefValue = { readonly commit: Hash | null; readonly note?: string } | { readonly branch: string };
export interface RefRecord {
  readonly kind: RefKind;
  readonly name: string;
  readonly value: RefValue;
  /** Time of its last move. */
  readonly updatedAt: string;
}

/** A ref before and after; null = it does not exist. */
export interface RefMove {
  readonly kind: RefKind;
  readonly name: string;
  readonly before: RefValue | null;
  readonly after: RefValue | null;
}

/** One atomic change of the store (spec 3.9). */
export interface OperationRecord {
  readonly sequence: number;
  /** ULID. */
  readonly id: string;
  readonly type: string;
  readonly worktree: string;
  readonly author: Author;
  readonly branch: string | null;
  readonly refMoves: readonly RefMove[];
  /** Annotation rows made by it: sequence after `from`, up to and with `to`; equal when none. */
  readonly annotationsFrom: number;
  readonly annotationsTo: number;
  readonly sources: readonly Hash[];
  readonly results: readonly Hash[];
  readonly params: JsonObject;
  /** Of what it replaced, and of what stands there now; null for operations that replace nothing (spec 9, 18). */
  readonly originalTokens: number | null;
  readonly compressedTokens: number | null;
  readonly createdAt: string;
  /** Sequence of the operation that this one undoes, or null. */
  readonly undoes: number | null;
  /** True while a later undo of it stands. */
  readonly undone: boolean;
  readonly idempotencyKey: string | null;
}

/** What the engine writes about an event; the store adds sequence and hashes (spec 4.1). */
export interface LedgerBody {
  readonly id: string;
  readonly eventType: string;
  readonly submissionId: string;
  readonly decision: string;
  readonly reason: string;
  readonly promptsUsed: readonly string[];
  /** The event's own metadata; the stored entry's metadata is this plus the key `provenance`. */
  readonly metadata: JsonObject;
  readonly provenance: JsonObject;
  readonly timestamp: string;
  readonly bodyHash: Hash;
}
export interface LedgerRecord extends LedgerBody {
  readonly sequence: number;
  readonly previousHash: string;
  readonly entryHash: Hash;
}

/** A recipe and a digest from which the exact messages of a compile can be made again (spec 2.6). O(1) in size. */
export interface CompileRecord {
  readonly id: string;
  readonly head: Hash | null;
  readonly branch: string | null;
  readonly options: JsonObject;
  readonly annotationSequence: number;
  readonly compilerVersion: number;
  readonly tokenCount: number;
  readonly tokenSource: string;
  readonly commitCount: number;
  readonly messageCount: number;
  readonly digest: Hash;
  readonly createdAt: string;
}

/** A custom content type as the tract knows it, so that it can be read without the code that registered it (spec 1.2). */
export interface ContentTypeRecord {
  readonly name: string;
  readonly schema: JsonObject;
  readonly role: Role | null;
  readonly priority: Priority;
}

/** What an LLM's API reported for the call whose prompt and reply a head holds (spec 1.7). */
export interface UsageRecord {
  /** The head: the reply's commit. */
  readonly commit: Hash;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Newest annotation when it was written: later ones may have changed what the report is about. */
  readonly annotationSequence: number;
  readonly createdAt: string;
}

/** `expired`: what it was made for was gone before anybody decided. */
export type PlanState = "pending" | "applied" | "rejected" | "expired";

/** Something that was worked out and waits for summaries or for approval (spec 3.5): all that applying it needs. */
export interface PlanRecord {
  /** ULID. */
  readonly id: string;
  /** What decides on it: the operations "compress" and "collapse", or "policy" for what a policy proposes. */
  readonly kind: string;
  readonly state: PlanState;
  readonly branch: string;
  /** Head of the branch that it was made for. */
  readonly head: Hash;
  /** Of the operation that made it; the operation itself reads it. Hashes, numbers and texts that were given for it. */
  readonly body: JsonObject;
  readonly author: Author;
  readonly createdAt: string;
  /** Time of the newest change of its state or body. */
  readonly updatedAt: string;
}
