/** Makes change sets of one tract for tests of stores: plain data with real-looking hashes, ids and times, the same in every run. */
import { createHash } from "node:crypto";
import type { ChangeSet, NewAnnotation } from "../../src/storage/change-set.ts";
import type {
  Author,
  CommitOperation,
  CommitRecord,
  CompileRecord,
  ContentRecord,
  Hash,
  JsonObject,
  LedgerBody,
  PlanRecord,
  RefMove,
  RefValue,
  Role,
} from "../../src/storage/records.ts";

export const ADA: Author = { kind: "user", name: "Ada", session_id: "SES-1" };
export const BOT: Author = { kind: "agent", name: "bot", session_id: null };
export const AT_MAIN = { worktree: "default", branch: null, defaultBranch: "main" } as const;

export type NewCommit = ChangeSet["commits"][number];

export function hashOf(text: string): Hash {
  return createHash("sha256").update(text).digest("hex") as Hash;
}

export function contentOf(text: string, over: Partial<ContentRecord> = {}): ContentRecord {
  const body =
    over.body ?? JSON.stringify({ content_type: over.type ?? "dialogue", role: over.role ?? "user", text });
  return {
    type: "dialogue",
    role: "user",
    priority: "normal",
    text: null,
    ...over,
    body,
    hash: over.hash ?? hashOf(body),
  };
}

/** Plain text of a sample content, as the engine would know it. */
export function textOf(content: ContentRecord): string {
  return (JSON.parse(content.body) as { text?: string }).text ?? "";
}

export interface CommitSpec {
  readonly parents: readonly Hash[];
  /** Default: a new one. null: a merge commit. */
  readonly content?: ContentRecord | null;
  readonly operation?: CommitOperation;
  readonly edits?: Hash;
  readonly author?: Author;
  readonly branch?: string;
  readonly message?: string;
  readonly metadata?: JsonObject;
  readonly generationConfig?: JsonObject;
  readonly labels?: readonly string[];
  readonly createdAt?: string;
}

export interface SampleCommit {
  readonly commit: NewCommit;
  readonly content: ContentRecord | null;
}

export class SampleTract {
  readonly name: string;
  #serial = 0;
  #time = Date.UTC(2026, 0, 1);

  constructor(name = "sample") {
    this.name = name;
  }

  /** A moment later than all before. */
  now(): string {
    this.#time += 1000;
    return new Date(this.#time).toISOString();
  }

  #next(): number {
    this.#serial += 1;
    return this.#serial;
  }

  commit(spec: CommitSpec): SampleCommit {
    const serial = this.#next();
    const content = spec.content === undefined ? contentOf(`text ${serial} of ${this.name}`) : spec.content;
    const commit: NewCommit = {
      hash: hashOf(`commit ${serial} of ${this.name}`),
      parents: spec.parents,
      contentHash: content?.hash ?? null,
      contentType: content?.type ?? null,
      operation:
        spec.operation ?? (content === null ? "merge" : spec.edits === undefined ? "append" : "edit"),
      editTarget: spec.edits ?? null,
      message: spec.message ?? `message ${serial}`,
      tokens: serial,
      metadata: spec.metadata ?? null,
      generationConfig: spec.generationConfig ?? null,
      labels: spec.labels ?? [],
      author: spec.author ?? ADA,
      createdAt: spec.createdAt ?? this.now(),
      branch: spec.branch ?? "main",
    };
    return { commit, content };
  }

  /** Commits one after the other on a parent. */
  chain(
    parent: Hash | null,
    length: number,
    spec: Omit<CommitSpec, "parents"> = {},
  ): readonly SampleCommit[] {
    const made: SampleCommit[] = [];
    for (let index = 0; index < length; index++) {
      const tip = made.at(-1)?.commit.hash ?? parent;
      made.push(this.commit({ ...spec, parents: tip === null ? [] : [tip] }));
    }
    return made;
  }

  annotation(commit: Hash, over: Partial<NewAnnotation> = {}): NewAnnotation {
    return {
      commit,
      priority: "pinned",
      retain: null,
      labels: [],
      reason: null,
      author: ADA,
      createdAt: this.now(),
      branch: "main",
      ...over,
    };
  }

  ledger(over: Partial<LedgerBody> = {}): LedgerBody {
    const serial = this.#next();
    return {
      id: `LED-${this.ulid()}`,
      eventType: "OPERATION",
      submissionId: "SES-1",
      decision: "commit",
      reason: `Reason ${serial}`,
      promptsUsed: [],
      metadata: { branch: "main", tokens: serial },
      provenance: { agent_id: "agent", session_id: "SES-1", worktree: "default" },
      timestamp: this.now(),
      bodyHash: hashOf(`ledger ${serial} of ${this.name}`),
      ...over,
    };
  }

  /** A ULID; later ones sort behind earlier ones, and the first 12 characters are shared. */
  ulid(): string {
    return `01KDTRACT0AB${String(this.#next()).padStart(14, "0")}`;
  }

  compileRecord(over: Partial<CompileRecord> = {}): CompileRecord {
    const serial = this.#next();
    return {
      id: `CMP-${this.ulid()}`,
      head: null,
      branch: "main",
      options: { budget: serial },
      annotationSequence: 0,
      compilerVersion: 1,
      tokenCount: 10,
      tokenSource: "counted:o200k_base",
      commitCount: 1,
      messageCount: 1,
      digest: hashOf(`digest ${serial}`),
      createdAt: this.now(),
      ...over,
    };
  }

  plan(over: Partial<PlanRecord> = {}): PlanRecord {
    const createdAt = this.now();
    return {
      id: this.ulid(),
      kind: "compress",
      state: "pending",
      branch: "main",
      head: hashOf(`head of a plan ${this.#next()}`),
      body: { groups: [{ sources: [hashOf("source")], summary: null }] },
      author: ADA,
      createdAt,
      updatedAt: createdAt,
      ...over,
    };
  }

  /** A change set with one operation that makes the commits. */
  change(commits: readonly SampleCommit[], over: Partial<ChangeSet> = {}): ChangeSet {
    const id = this.ulid();
    const createdAt = this.now();
    const results = commits.map(({ commit }) => commit.hash);
    return {
      tract: this.name,
      createTract: null,
      expect: { refs: [], annotationSequence: null },
      contents: commits.flatMap(({ content }) => content ?? []),
      commits: commits.map(({ commit }) => commit),
      annotations: [],
      refMoves: [],
      ensureWorktree: null,
      operation: {
        id,
        type: "commit",
        worktree: "default",
        author: ADA,
        branch: "main",
        sources: [],
        results,
        params: {},
        originalTokens: null,
        compressedTokens: null,
        createdAt,
        undoes: null,
        idempotencyKey: null,
      },
      undoneMarks: [],
      ledger: [
        this.ledger({
          submissionId: id,
          metadata: { branch: "main", before: commits[0]?.commit.parents[0] ?? null, commits: results },
          timestamp: createdAt,
        }),
      ],
      compileRecords: [],
      plans: [],
      contentTypes: [],
      usages: [],
      ...over,
    };
  }

  /** The first change set of the tract: it makes the tract, and whatever else is given. */
  creation(commits: readonly SampleCommit[] = [], over: Partial<ChangeSet> = {}): ChangeSet {
    const change = this.change(commits, over);
    return {
      ...change,
      createTract: { encoding: "o200k_base", createdAt: this.now() },
      ledger: [
        this.ledger({ eventType: "GENESIS", submissionId: this.name, decision: "CREATED" }),
        ...change.ledger,
      ],
    };
  }

  /** No operation, nothing in it. */
  nothing(over: Partial<ChangeSet> = {}): ChangeSet {
    return { ...this.change([]), operation: null, ledger: [], ...over };
  }
}

export function branchMove(name: string, before: Hash | null, after: Hash | null): RefMove {
  const value = (commit: Hash | null): RefValue | null => (commit === null ? null : { commit });
  return { kind: "branch", name, before: value(before), after: value(after) };
}

/** The record that a store gives back for a commit. */
export function recordOf({ commit, content }: SampleCommit, operationId: string): CommitRecord {
  return {
    ...commit,
    role: content === null ? null : (content.role as Role | null),
    priority: content?.priority ?? "normal",
    operationId,
  };
}

export function hashesOf(commits: readonly { readonly hash: Hash }[]): readonly Hash[] {
  return commits.map(({ hash }) => hash);
}

export function tipOf(commits: readonly SampleCommit[]): Hash {
  const last = commits.at(-1);
  if (last === undefined) throw new Error("an empty chain has no tip");
  return last.commit.hash;
}
