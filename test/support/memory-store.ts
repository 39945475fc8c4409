/** A Store in plain arrays and maps: the model that real stores are compared with. Slow and simple on purpose. */
import type { ChangeSet, PublishReceipt } from "../../src/storage/change-set.ts";
import { StoreError } from "../../src/storage/errors.ts";
import type { CommitRecord, ContentRecord, Hash } from "../../src/storage/records.ts";
import type {
  ChainCommit,
  CommitFilter,
  LedgerQuery,
  LogQuery,
  SearchQuery,
  Store,
} from "../../src/storage/store.ts";
import { findGarbage, sweepGarbage } from "./memory-collect.ts";
import { byConfig, standingUsage } from "./memory-configs.ts";
import { isRef, operations, operationsOf } from "./memory-operations.ts";
import { applyChange, applyChanges } from "./memory-publish.ts";
import { matchCount, snippet } from "./memory-search.ts";
import {
  emptyTract,
  type MemoryState,
  type MemoryTract,
  mergeBases,
  reachable,
  refKey,
  withoutReachable,
} from "./memory-state.ts";

export function createMemoryStore(): Store {
  return new MemoryStore();
}

/** Order of SQLite and of any store: by the bytes of UTF-8. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

class MemoryStore implements Store {
  readonly kind = "memory";
  readonly description = "in memory, for tests";
  readonly isReadonly = false;
  #state: MemoryState = { tracts: new Map(), contents: new Map() };
  /** How many contents are indexed. */
  #indexed = 0;
  #texts = new Map<Hash, string>();
  #isClosed = false;

  async #do<Result>(work: (state: MemoryState) => Result): Promise<Result> {
    if (this.#isClosed) throw new StoreError("store-unusable", "The store is closed. Open it again.");
    return work(this.#state);
  }
  #read<Result>(name: string, read: (tract: MemoryTract) => Result): Promise<Result> {
    return this.#do((state) => read(state.tracts.get(name) ?? emptyTract()));
  }

  findTract: Store["findTract"] = (name) => this.#do(({ tracts }) => tracts.get(name)?.record ?? null);
  listTracts: Store["listTracts"] = () =>
    this.#do(({ tracts }) =>
      [...tracts.values()].map(({ record }) => record).sort((a, b) => byBytes(a.name, b.name)),
    );
  readSnapshot: Store["readSnapshot"] = (name, at) =>
    this.#do(({ tracts }) => {
      const tract = tracts.get(name);
      const worktree = tract?.refs.get(refKey("worktree", at.worktree))?.value ?? null;
      const onBranch = worktree === null ? at.defaultBranch : "branch" in worktree ? worktree.branch : null;
      const branch = at.branch ?? onBranch;
      const ref = branch === null ? null : (tract?.refs.get(refKey("branch", branch)) ?? null);
      const value = branch === null ? worktree : (ref?.value ?? null);
      const head = value !== null && "commit" in value && value.commit !== null ? value.commit : null;
      return {
        tract: tract?.record ?? null,
        worktree,
        branch,
        branchExists: ref !== null,
        head: head === null ? null : (tract?.commits.find(({ hash }) => hash === head) ?? null),
      };
    });
  readRef: Store["readRef"] = (tract, kind, name) =>
    this.#read(tract, ({ refs }) => refs.get(refKey(kind, name)) ?? null);
  listRefs: Store["listRefs"] = (tract, kind) =>
    this.#read(tract, ({ refs }) =>
      [...refs.values()].filter((ref) => ref.kind === kind).sort((a, b) => byBytes(a.name, b.name)),
    );
  readRefAsOf: Store["readRefAsOf"] = (tract, kind, name, operationSequence) =>
    this.#read(tract, ({ refHistory }) => {
      const moves = refHistory.filter(
        (move) => move.sequence <= operationSequence && isRef(move, { kind, name }),
      );
      return moves.at(-1)?.after ?? null;
    });

  findCommits: Store["findCommits"] = (tract, hexPrefix, limit) =>
    this.#read(tract, ({ commits }) =>
      commits
        .map(({ hash }) => hash)
        .filter((hash) => hash.startsWith(hexPrefix.toLowerCase()))
        .sort()
        .slice(0, Math.max(0, limit)),
    );
  readCommits: Store["readCommits"] = (tract, hashes) =>
    this.#read(tract, ({ commits }) =>
      hashes.flatMap((hash) => commits.find((commit) => commit.hash === hash) ?? []),
    );
  readContents: Store["readContents"] = (hashes) =>
    this.#do(({ contents }) => hashes.flatMap((hash) => contents.get(hash) ?? []));
  #chainCommit(commit: CommitRecord): ChainCommit {
    const content = commit.contentHash === null ? undefined : this.#state.contents.get(commit.contentHash);
    return { commit, body: content?.body ?? null, text: content?.text ?? null };
  }
  readChain: Store["readChain"] = (tract, head, after) =>
    this.#read(tract, (state) => {
      if (after !== undefined && !firstParents(state, head).includes(after)) return null;
      return withoutReachable(state, head, after).map((commit) => this.#chainCommit(commit));
    });
  readConfigCommits: Store["readConfigCommits"] = (tract, head) =>
    this.#read(tract, (state) =>
      withoutReachable(state, head)
        .filter(({ contentType }) => contentType === "config")
        .reverse()
        .map((commit) => this.#chainCommit(commit)),
    );
  isReachable: Store["isReachable"] = (tract, ancestor, descendant) =>
    this.#read(tract, (state) => reachable(state, descendant).has(ancestor));
  countReachable: Store["countReachable"] = (tract, head, without) =>
    this.#read(tract, (state) => withoutReachable(state, head, without).length);
  readAncestor: Store["readAncestor"] = (tract, commit, n) =>
    this.#read(tract, (state) => firstParents(state, commit)[n] ?? null);
  readLog: Store["readLog"] = (tract, query) => this.#read(tract, (state) => log(state, query));
  readByConfig: Store["readByConfig"] = (tract, query) =>
    this.#read(tract, (state) => {
      const commits =
        query.head === undefined
          ? [...state.commits].reverse().filter((commit) => passes(commit, query))
          : log(state, { firstParent: false, ...query, head: query.head, limit: Number.POSITIVE_INFINITY });
      return byConfig(state, commits, query);
    });
  findUsage: Store["findUsage"] = (tract, head) =>
    this.#read(tract, (state) => standingUsage(state, firstParents(state, head)));
  readUsages: Store["readUsages"] = (tract, commits) =>
    this.#read(tract, ({ usages }) => commits.flatMap((commit) => usages.get(commit) ?? []));
  readEdits: Store["readEdits"] = (tract, target, head) =>
    this.#read(tract, (state) =>
      withoutReachable(state, head).filter(
        ({ editTarget, operation }) => editTarget === target && operation === "edit",
      ),
    );
  readSide: Store["readSide"] = (tract, head, without) =>
    this.#read(tract, (state) =>
      withoutReachable(state, head, without).map((commit) => this.#chainCommit(commit)),
    );
  readMergeBases: Store["readMergeBases"] = (tract, a, b) =>
    this.#read(tract, (state) => mergeBases(state, a, b));
  readSummaries: Store["readSummaries"] = (tract, head) =>
    this.#read(tract, (state) =>
      withoutReachable(state, head)
        .filter(({ operation }) => operation === "summary" || operation === "reveal")
        .map((commit) => this.#chainCommit(commit)),
    );

  readAnnotations: Store["readAnnotations"] = (tract, { after, upTo }) =>
    this.#read(tract, ({ annotations }) =>
      annotations.filter(({ sequence }) => after < sequence && sequence <= upTo),
    );
  readCommitAnnotations: Store["readCommitAnnotations"] = (tract, commit) =>
    this.#read(tract, ({ annotations }) => annotations.filter((annotation) => annotation.commit === commit));

  readOperations: Store["readOperations"] = (tract, query) =>
    this.#read(tract, (state) => operations(state, query));
  findOperation: Store["findOperation"] = (tract, id) =>
    this.#read(tract, (state) => {
      const exact = state.operations.find((operation) => operation.id === id);
      const begin = id.length < 8 ? [] : state.operations.filter((operation) => operation.id.startsWith(id));
      return exact ?? (begin.length === 1 ? (begin[0] ?? null) : null);
    });
  findOperationByKey: Store["findOperationByKey"] = (tract, key) =>
    this.#read(
      tract,
      (state) => state.operations.find(({ idempotencyKey }) => idempotencyKey === key) ?? null,
    );
  findOperationAt: Store["findOperationAt"] = (tract, time) =>
    this.#read(
      tract,
      (state) =>
        state.operations.findLast(({ createdAt }) => Date.parse(createdAt) <= Date.parse(time)) ?? null,
    );
  readEntryIds: Store["readEntryIds"] = (tract, operationIds) =>
    this.#read(tract, (state) =>
      operationIds.map((id) => {
        const type = state.operations.find((operation) => operation.id === id)?.type;
        const own = state.ledger.find((entry) => entry.submissionId === id && entry.decision === type);
        return own?.id ?? null;
      }),
    );
  readLedger: Store["readLedger"] = (tract, query) =>
    this.#read(tract, (state) => {
      const { afterSequence, limit, order } = query;
      const entries = ledger(state, query);
      const ordered = order === "asc" ? entries : entries.reverse();
      const beyond = ordered.filter(({ sequence }) =>
        afterSequence === undefined
          ? true
          : order === "asc"
            ? sequence > afterSequence
            : sequence < afterSequence,
      );
      return beyond.slice(0, Math.max(0, limit));
    });
  countLedger: Store["countLedger"] = (tract, query) =>
    this.#read(tract, (state) => ledger(state, query).length);

  findPlan: Store["findPlan"] = (tract, id) =>
    this.#read(tract, ({ plans }) => {
      const found = id.length < 8 ? [] : [...plans.values()].filter((plan) => plan.id.startsWith(id));
      return found.length === 1 ? (found[0] ?? null) : null;
    });
  listPlans: Store["listPlans"] = (tract, { state, limit }) =>
    this.#read(tract, ({ plans }) =>
      [...plans.values()]
        .filter((plan) => state === undefined || plan.state === state)
        .reverse()
        .slice(0, Math.max(0, limit)),
    );
  readCompileRecord: Store["readCompileRecord"] = (tract, id) =>
    this.#read(tract, ({ compileRecords }) => compileRecords.find((record) => record.id === id) ?? null);
  listCompileRecords: Store["listCompileRecords"] = (tract, { branch, before, limit }) =>
    this.#read(tract, ({ compileRecords }) => {
      const end =
        before === undefined ? compileRecords.length : compileRecords.findIndex(({ id }) => id === before);
      return compileRecords
        .slice(0, Math.max(0, end))
        .filter((record) => branch === undefined || record.branch === branch)
        .reverse()
        .slice(0, Math.max(0, limit));
    });
  listContentTypes: Store["listContentTypes"] = (tract) =>
    this.#read(tract, ({ contentTypes }) =>
      [...contentTypes.values()].sort((a, b) => byBytes(a.name, b.name)),
    );

  indexForSearch: Store["indexForSearch"] = ({ limit, textOf }) =>
    this.#do(({ contents }) => {
      const batch = [...contents.values()].slice(this.#indexed, this.#indexed + limit);
      for (const content of batch) this.#texts.set(content.hash, textOf(content));
      this.#indexed += batch.length;
      return contents.size - this.#indexed;
    });
  search: Store["search"] = (tract, query) => this.#read(tract, (state) => this.#search(state, query));
  #search(state: MemoryTract, query: SearchQuery): Awaited<ReturnType<Store["search"]>> {
    const hits = (query.head === undefined ? [...state.commits] : withoutReachable(state, query.head))
      .filter((commit) => passes(commit, query))
      .map((commit, index) => ({
        commit,
        index,
        score:
          commit.contentHash === null
            ? 0
            : matchCount(this.#texts.get(commit.contentHash) ?? "", query.terms),
      }))
      .filter(({ score }) => score > 0);
    return hits
      .sort((a, b) => b.score - a.score || b.index - a.index)
      .slice(query.offset, query.offset + query.limit)
      .map(({ commit, score }) => ({ commit, score }));
  }
  snippets: Store["snippets"] = (texts, { terms, words }) =>
    this.#do(() => texts.map((text) => snippet(text, terms, words)));
  resetSearchIndex: Store["resetSearchIndex"] = () =>
    this.#do(() => {
      this.#indexed = 0;
      this.#texts = new Map();
    });

  scanContents: Store["scanContents"] = (after, limit) =>
    this.#do(({ contents }) => page([...contents.values()], after, limit));
  scanCommits: Store["scanCommits"] = (tract, after, limit) =>
    this.#read(tract, ({ commits }) =>
      page(
        commits.map((commit) => ({ commit, missing: [] })),
        after,
        limit,
      ),
    );
  scanOperations: Store["scanOperations"] = (tract, after, limit) =>
    this.#read(tract, (state) => page(state.operations, after, limit));
  checkIntegrity: Store["checkIntegrity"] = () => this.#do(() => []);
  checkDerived: Store["checkDerived"] = () => this.#do(() => []);
  repairDerived: Store["repairDerived"] = () => this.#do(() => []);
  findGarbage: Store["findGarbage"] = async (tract, rule, rest) => {
    await rest();
    return await this.#do((state) => findGarbage(state, tract, rule));
  };
  sweepGarbage: Store["sweepGarbage"] = (garbage, options) =>
    this.#do((state) => {
      const contents = [...state.contents.keys()];
      const swept = sweepGarbage(state, garbage, options);
      if (typeof swept === "object")
        for (const hash of swept.contents) if (contents.indexOf(hash) < this.#indexed) this.#indexed -= 1;
      return swept;
    });
  findCollected: Store["findCollected"] = (tract, hashes) =>
    this.#read(tract, ({ collected }) => hashes.filter((hash) => collected.includes(hash)));
  scanCollected: Store["scanCollected"] = (tract, after, limit) =>
    this.#read(tract, ({ collected }) => page(collected, after, limit));
  readReusable: Store["readReusable"] = () => this.#do(() => 0);
  readSize: Store["readSize"] = () =>
    this.#do(({ contents }) =>
      [...contents.values()].reduce((sum: number, { body }: ContentRecord) => sum + body.length, 0),
    );
  backupTo: Store["backupTo"] = () =>
    this.#do(() => {
      throw new StoreError("store-unusable", "A store in memory has no file to copy.");
    });
  #changes = 0;
  readChangeCounter: Store["readChangeCounter"] = () => this.#do(() => this.#changes);

  publish(change: ChangeSet, also: readonly ChangeSet[] = []): Promise<PublishReceipt> {
    return this.#do((state) => {
      this.#changes += 1;
      if (also.length === 0) return applyChange(state, structuredClone(change));
      const applied = applyChanges(state, structuredClone([change, ...also] as const));
      this.#state = applied.state;
      return applied.receipt;
    });
  }
  async close(): Promise<void> {
    this.#isClosed = true;
  }
}

function page<Row>(
  rows: readonly Row[],
  after: number,
  limit: number,
): { rows: readonly Row[]; next: number } {
  const found = rows.slice(after, after + limit);
  return { rows: found, next: after + found.length };
}

function firstParents({ commits }: MemoryTract, head: Hash): readonly Hash[] {
  const chain: Hash[] = [];
  for (let next: Hash | undefined = head; next !== undefined; ) {
    const commit: CommitRecord | undefined = commits.find(({ hash }) => hash === next);
    if (commit !== undefined) chain.push(commit.hash);
    next = commit?.parents[0];
  }
  return chain;
}

function log(state: MemoryTract, query: LogQuery): readonly CommitRecord[] {
  const chain = firstParents(state, query.head);
  const after = state.commits.findIndex(({ hash }) => hash === query.after);
  if (query.after !== undefined && after < 0) return [];
  return withoutReachable(state, query.head, query.exclude)
    .filter(({ hash }) => !query.firstParent || chain.includes(hash))
    .filter((commit) => query.after === undefined || state.commits.indexOf(commit) < after)
    .filter((commit) => passes(commit, query))
    .reverse()
    .slice(0, Math.max(0, query.limit));
}

function passes(commit: CommitRecord, filter: CommitFilter): boolean {
  const { operations: names, contentTypes, roles, authorKinds, since, until } = filter;
  const time = Date.parse(commit.createdAt);
  return (
    (names === undefined || names.includes(commit.operation)) &&
    (contentTypes === undefined ||
      (commit.contentType !== null && contentTypes.includes(commit.contentType))) &&
    (roles === undefined || (commit.role !== null && roles.includes(commit.role))) &&
    (authorKinds === undefined || authorKinds.includes(commit.author.kind)) &&
    (since === undefined || time >= Date.parse(since)) &&
    (until === undefined || time <= Date.parse(until))
  );
}

function ledger(
  state: MemoryTract,
  query: Omit<LedgerQuery, "limit" | "afterSequence" | "order">,
): MemoryTract["ledger"] {
  const { eventTypes, submissionId, decision, sessionId, tool, hasTool, branch } = query;
  const { model, since, until, text, commit } = query;
  const ofCommit = commit === undefined ? null : operationsOf(state, commit).map(({ id }) => id);
  const wanted = text?.toLowerCase();
  return state.ledger
    .filter((entry) => eventTypes === undefined || eventTypes.includes(entry.eventType))
    .filter((entry) => submissionId === undefined || entry.submissionId === submissionId)
    .filter((entry) => decision === undefined || entry.decision === decision)
    .filter((entry) => sessionId === undefined || entry.provenance.session_id === sessionId)
    .filter((entry) => tool === undefined || entry.metadata.tool === tool)
    .filter((entry) => branch === undefined || entry.metadata.branch === branch)
    .filter((entry) => hasTool === undefined || typeof entry.metadata.tool === "string")
    .filter((entry) => model === undefined || entry.metadata.model_id === model)
    .filter((entry) => since === undefined || Date.parse(entry.timestamp) >= Date.parse(since))
    .filter((entry) => until === undefined || Date.parse(entry.timestamp) <= Date.parse(until))
    .filter((entry) => ofCommit === null || ofCommit.includes(entry.submissionId))
    .filter(
      ({ reason, decision: of, metadata }) =>
        wanted === undefined ||
        [reason, of, JSON.stringify(metadata)].some((part) => part.toLowerCase().includes(wanted)),
    );
}
