/**
 * The port to where bytes live. Backends are mirror images of each other; every sentence here has a test in test/contracts.
 *
 * Laws of every method:
 * - Each call sees one consistent state; a write of another process that was acknowledged before the call is seen by it.
 * - Times are ISO-8601 UTC strings, hashes 64 hex digits; order is as stated; what is absent is null or left out, never an error.
 * - A tract that does not exist reads as an empty one.
 * - Failures are StoreError; only `publish` throws StoreConflict.
 */
import type { ChangeSet, PublishReceipt } from "./change-set.ts";
import type { ConfigPage, ConfigSelection } from "./config-conditions.ts";
import type { Garbage, GarbageRule, Swept } from "./garbage.ts";
import type {
  AnnotationRecord,
  AuthorKind,
  CommitOperation,
  CommitRecord,
  CompileRecord,
  ContentRecord,
  ContentTypeRecord,
  Hash,
  LedgerBody,
  LedgerRecord,
  OperationRecord,
  PlanRecord,
  PlanState,
  RefKind,
  RefRecord,
  RefValue,
  TractRecord,
  UsageRecord,
} from "./records.ts";

/** What a write has to know before it plans: one read. */
export interface Snapshot {
  readonly tract: TractRecord | null;
  /** HEAD of the worktree; null when the worktree does not exist yet. */
  readonly worktree: RefValue | null;
  /** The branch asked for, else the one the worktree is on; null when detached (and none was asked for). */
  readonly branch: string | null;
  /** False for a branch without a row (it was never made). */
  readonly branchExists: boolean;
  /** Tip of that branch, or the detached HEAD; null when unborn. */
  readonly head: CommitRecord | null;
}

/** A commit with its content, as compile reads it. */
export interface ChainCommit {
  readonly commit: CommitRecord;
  /** Body and text of the content; null for commits without one. */
  readonly body: string | null;
  readonly text: string | null;
}

export interface CommitFilter {
  readonly operations?: readonly CommitOperation[];
  readonly contentTypes?: readonly string[];
  readonly roles?: readonly string[];
  readonly authorKinds?: readonly AuthorKind[];
  /** Inclusive bounds of created_at. */
  readonly since?: string;
  readonly until?: string;
}

export interface LogQuery extends CommitFilter {
  readonly head: Hash;
  /** Leaves out everything reachable from here (`a..b`). */
  readonly exclude?: Hash;
  /** The page starts below this commit, exclusive. */
  readonly after?: Hash;
  readonly limit: number;
  /** true: the first-parent chain only. */
  readonly firstParent: boolean;
}

/** Commits with a generation config that meets all conditions. */
export type ConfigQuery = CommitFilter & ConfigSelection;

export interface SearchQuery extends CommitFilter {
  /** Words to look for; a commit matches when its text has any of them (stemmed). Never parsed as query syntax. */
  readonly terms: readonly string[];
  /** Only commits reachable from here. */
  readonly head?: Hash;
  readonly limit: number;
  readonly offset: number;
}
export interface SearchHit {
  readonly commit: CommitRecord;
  /** Higher is better. */
  readonly score: number;
}

export interface LedgerQuery {
  readonly eventTypes?: readonly string[];
  readonly submissionId?: string;
  readonly decision?: string;
  readonly sessionId?: string;
  /** Entries whose metadata names this tool under its key `tool`. */
  readonly tool?: string;
  /** true: entries whose metadata names any. */
  readonly hasTool?: true;
  /** Entries whose metadata names this branch under its key `branch`. */
  readonly branch?: string;
  /** Entries whose metadata names this model under its key `model_id`. */
  readonly model?: string;
  readonly since?: string;
  readonly until?: string;
  /** Substring of reason, decision or metadata JSON, case-insensitive. */
  readonly text?: string;
  /** Entries of operations that made or used this commit. */
  readonly commit?: Hash;
  /** Only entries beyond this sequence, in the direction of `order`. */
  readonly afterSequence?: number;
  readonly order: "asc" | "desc";
  readonly limit: number;
}

export interface OperationQuery {
  readonly type?: string;
  readonly worktree?: string;
  /** Operations that made or used this commit. */
  readonly commit?: Hash;
  /** Neither undone nor of type undo. */
  readonly standing?: boolean;
  /** Only those before (older than) this sequence. */
  readonly beforeSequence?: number;
  /** Only those after (newer than) this sequence. */
  readonly afterSequence?: number;
  /** Operations that moved this ref. */
  readonly ref?: { readonly kind: RefKind; readonly name: string };
  /**
   * Only those with original and compressed tokens, by one of these, largest first; of equal ones the newer first. Default: newest first.
   * `ratio` is how many original tokens there were for each that is left.
   */
  readonly sort?: "original_tokens" | "compressed_tokens" | "ratio";
  /** With `sort`: how many to pass over. */
  readonly offset?: number;
  /** Only those with at least so many original tokens. */
  readonly originalTokensMin?: number;
  readonly limit: number;
}

export interface Store {
  readonly kind: "sqlite" | "postgres" | "memory";
  /** Driver and database version, for people: "better-sqlite3, SQLite 3.54.0". */
  readonly description: string;
  readonly isReadonly: boolean;

  // Tracts and refs
  findTract(name: string): Promise<TractRecord | null>;
  /** By name. */
  listTracts(): Promise<readonly TractRecord[]>;
  readSnapshot(
    tract: string,
    at: { readonly worktree: string; readonly branch: string | null; readonly defaultBranch: string },
  ): Promise<Snapshot>;
  readRef(tract: string, kind: RefKind, name: string): Promise<RefRecord | null>;
  /** By name. */
  listRefs(tract: string, kind: RefKind): Promise<readonly RefRecord[]>;
  /** Value of a ref just after the operation of that sequence; null when it did not exist then. May name a commit that gc has removed. */
  readRefAsOf(
    tract: string,
    kind: RefKind,
    name: string,
    operationSequence: number,
  ): Promise<RefValue | null>;

  // Commits
  /** Hashes that start with the hex digits, in order, at most `limit`. */
  findCommits(tract: string, hexPrefix: string, limit: number): Promise<readonly Hash[]>;
  /** In the order asked; unknown ones are left out. */
  readCommits(tract: string, hashes: readonly Hash[]): Promise<readonly CommitRecord[]>;
  /** In the order asked; unknown ones are left out. */
  readContents(hashes: readonly Hash[]): Promise<readonly ContentRecord[]>;
  /**
   * Every commit reachable from `head` exactly once, parents before children; the first-parent chain alone is in order of generation. With `after`:
   * only what is not reachable from `after`, and null when `after` is not on the first-parent chain of `head`.
   */
  readChain(tract: string, head: Hash, after?: Hash): Promise<readonly ChainCommit[] | null>;
  /** Commits of type config on the chain of `head`, nearest to the head first. */
  readConfigCommits(tract: string, head: Hash): Promise<readonly ChainCommit[]>;
  /** True when `ancestor` is `descendant` or reachable from it over any parents. */
  isReachable(tract: string, ancestor: Hash, descendant: Hash): Promise<boolean>;
  /** Commits reachable from `head` but not from `without`. */
  countReachable(tract: string, head: Hash, without?: Hash): Promise<number>;
  /** The nth first parent of a commit; null when history is shorter. */
  readAncestor(tract: string, commit: Hash, n: number): Promise<Hash | null>;
  /** Newest first; as LogQuery says. */
  readLog(tract: string, query: LogQuery): Promise<readonly CommitRecord[]>;
  /** A page of the commits that were generated so, newest first: by generation config, whatever else they are. */
  readByConfig(tract: string, query: ConfigQuery): Promise<ConfigPage>;
  /**
   * The usage report that stands at a head: that of the nearest commit on its first-parent chain that has one, when only plain appends come after
   * that (no edit, summary, reveal or merge); else null.
   */
  findUsage(tract: string, head: Hash): Promise<UsageRecord | null>;
  /** Usage reports of commits, in the order asked; those without one are left out. */
  readUsages(tract: string, commits: readonly Hash[]): Promise<readonly UsageRecord[]>;
  /**
   * Commits reachable from `head` and not from `without`, with their contents, parents before children. Unlike readChain the two may be anywhere.
   */
  readSide(tract: string, head: Hash, without: Hash | null): Promise<readonly ChainCommit[]>;
  /** Common ancestors of two commits (each counts as its own) that no other common ancestor descends from, newest first; none when unrelated. */
  readMergeBases(tract: string, a: Hash, b: Hash): Promise<readonly Hash[]>;
  /** Commits of operation summary and reveal that are reachable from `head`, in the order of storing. Costs what there are of them. */
  readSummaries(tract: string, head: Hash): Promise<readonly ChainCommit[]>;
  /** Edits of a commit that are reachable from `head`, oldest first. */
  readEdits(tract: string, target: Hash, head: Hash): Promise<readonly CommitRecord[]>;

  // Annotations
  /** Rows with `after < sequence ≤ upTo`, by sequence. */
  readAnnotations(
    tract: string,
    range: { readonly after: number; readonly upTo: number },
  ): Promise<readonly AnnotationRecord[]>;
  /** All rows of one commit, by sequence. */
  readCommitAnnotations(tract: string, commit: Hash): Promise<readonly AnnotationRecord[]>;

  // Operations and ledger
  /** Newest first, unless the query sorts them. */
  readOperations(tract: string, query: OperationQuery): Promise<readonly OperationRecord[]>;
  /** By id, or by unique prefix of at least 8 characters; null when none or several. */
  findOperation(tract: string, id: string): Promise<OperationRecord | null>;
  findOperationByKey(tract: string, idempotencyKey: string): Promise<OperationRecord | null>;
  /** The newest operation made at or before a time; null when none. */
  findOperationAt(tract: string, time: string): Promise<OperationRecord | null>;
  /** Of operations, by their whole ids and in the order asked: the id of the ledger entry whose decision is the operation's type; null when unknown. */
  readEntryIds(tract: string, operationIds: readonly string[]): Promise<readonly (string | null)[]>;
  readLedger(tract: string, query: LedgerQuery): Promise<readonly LedgerRecord[]>;
  countLedger(tract: string, query: Omit<LedgerQuery, "limit" | "afterSequence" | "order">): Promise<number>;

  // Plans, compile records and content types
  /** By id, or by unique prefix of at least 8 characters; null when none or several. */
  findPlan(tract: string, id: string): Promise<PlanRecord | null>;
  /** Newest first; a plan that was put in the place of another keeps its place. */
  listPlans(
    tract: string,
    query: { readonly state?: PlanState; readonly limit: number },
  ): Promise<readonly PlanRecord[]>;
  readCompileRecord(tract: string, id: string): Promise<CompileRecord | null>;
  /** Newest first; `branch` narrows; `before` is the id of the last one seen. */
  listCompileRecords(
    tract: string,
    query: { readonly branch?: string; readonly before?: string; readonly limit: number },
  ): Promise<readonly CompileRecord[]>;
  /** By name. */
  listContentTypes(tract: string): Promise<readonly ContentTypeRecord[]>;

  // Search
  /**
   * Indexes up to `limit` contents that are not indexed yet and says how many are still left. `textOf` gives a content's plain text (it is the
   * engine's knowledge). Safe to call from several processes at once.
   */
  indexForSearch(options: {
    readonly limit: number;
    readonly textOf: (content: ContentRecord) => string;
  }): Promise<number>;
  /**
   * Best first; of equal score the newer first. Only what is indexed is found. When more than 2,000 contents match, a store need not rank them
   * all together: it may put the best of the newest 1,000 and of those with the rarer terms before all others. Pages follow one another
   * without repeats or gaps all the same, and what passes the filters is found however old it is.
   */
  search(tract: string, query: SearchQuery): Promise<readonly SearchHit[]>;
  /** For each text a part of about `words` words around the terms, the matches between « and ». */
  snippets(
    texts: readonly string[],
    options: { readonly terms: readonly string[]; readonly words: number },
  ): Promise<readonly string[]>;
  /** Throws away and empties the search index, so that it is built again (verify --repair). */
  resetSearchIndex(): Promise<void>;

  // Verify: whole tables in pages, so that memory stays bounded. Each page starts beyond `after` (0 at first) and is empty at the end.
  scanContents(
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly ContentRecord[]; readonly next: number }>;
  scanCommits(
    tract: string,
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly StoredCommit[]; readonly next: number }>;
  scanOperations(
    tract: string,
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly OperationRecord[]; readonly next: number }>;
  /**
   * The database's own integrity check, its tables against those of this version, and whatever rows only the store itself can hold against
   * each other, compile records among them; in words, empty when sound. Nothing that it names can be made again.
   */
  checkIntegrity(): Promise<readonly string[]>;
  /** Names what differs from the rows it is derived from, or is missing, and can be made again; in words, empty when sound. */
  checkDerived(): Promise<readonly string[]>;
  /**
   * Makes again what `checkDerived` names, all or nothing, and gives the names of what it made; empty when there was nothing to do. Only the
   * rows of the search index are left to `resetSearchIndex`.
   */
  repairDerived(): Promise<readonly string[]>;

  // Gc: a removed commit is as if it had never been, but for the operations, ref moves and annotations that name it.
  /**
   * Finds the commits of a tract that nothing leads to by a rule, and the contents that go with them. Whatever a kept commit needs is kept:
   * its parents, what it edits or ends, the sources of a summary. Writes nothing; `rest` is awaited between short reads.
   */
  findGarbage(tract: string, rule: GarbageRule, rest: () => Promise<void>): Promise<Garbage>;
  /**
   * Removes the next part of what was found, at most `limit` commits and children before parents, with the ledger entry that `entry` gives for
   * it: one transaction, which keeps what something leads to by then. Without commits it writes nothing. "done": there is no more. "stale":
   * somebody else has removed commits since; nothing was removed, look for garbage again.
   */
  sweepGarbage(
    garbage: Garbage,
    options: { readonly limit: number; readonly entry: (swept: Swept) => LedgerBody },
  ): Promise<Swept | "done" | "stale">;
  /** Those of the hashes that gc removed from a tract, in the order asked; also when the commit was made again since. */
  findCollected(tract: string, hashes: readonly Hash[]): Promise<readonly Hash[]>;
  /** The hashes of all removed commits in pages, in no order; one that was removed twice twice. */
  scanCollected(
    tract: string,
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly Hash[]; readonly next: number }>;

  /** Bytes on disk, with journals. */
  readSize(): Promise<number>;
  /** How many of those hold nothing and are filled before the store grows. */
  readReusable(): Promise<number>;
  /**
   * Copies the store as it is now into a new file, which is a store itself, while others write; gives its bytes. `store-unusable` when
   * something is at `file` already, when it cannot be made there, or for a store that has no file.
   */
  backupTo(file: string): Promise<number>;
  /** A number that grows whenever the store has changed, by this connection or another (any process); cheap. */
  readChangeCounter(): Promise<number>;

  /**
   * Writes a change set, all or nothing, in one transaction, and seals its ledger entries (spec 4.1). Throws StoreConflict, having written
   * nothing, when an expectation does not hold or gc has removed what the change names. Waits for other writers and retries with jitter inside the deadline; then `store-busy`.
   *
   * @param also changes of other tracts that happen in the same transaction, after it, or not at all. The receipt is that of `change`.
   * @param rest awaited between the parts of a large change: other calls are served meanwhile, and what it throws ends the publish with
   *   nothing written. Without it a change is written in one go.
   */
  publish(
    change: ChangeSet,
    also?: readonly ChangeSet[],
    rest?: () => Promise<void>,
  ): Promise<PublishReceipt>;
  /** Idempotent. Later calls of other methods fail with `store-unusable`. */
  close(): Promise<void>;
}

/** A commit as it stands on disk, with what points nowhere named: for verify. */
export interface StoredCommit {
  readonly commit: CommitRecord;
  /** Names of fields whose row is missing: "content", "parents", "edit_target", "operation". */
  readonly missing: readonly string[];
}
