/** The Store over one SQLite file: each method is one transaction over the functions of this folder. */
import type { ChangeSet, PublishReceipt } from "../change-set.ts";
import type { ConfigPage } from "../config-conditions.ts";
import { StoreError } from "../errors.ts";
import type { Garbage, GarbageRule, Swept } from "../garbage.ts";
import type {
  AnnotationRecord,
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
} from "../records.ts";
import type {
  ChainCommit,
  ConfigQuery,
  LedgerQuery,
  LogQuery,
  OperationQuery,
  SearchHit,
  SearchQuery,
  Snapshot,
  Store,
  StoredCommit,
} from "../store.ts";
import { backUp } from "./back-up.ts";
import { checkDerived, repairDerived } from "./check-derived.ts";
import { checkIntegrity } from "./check-integrity.ts";
import { findGarbage } from "./collect.ts";
import { findCollected, reusableBytes, scanCollected } from "./collect-reads.ts";
import { sweepGarbage } from "./collect-sweep.ts";
import type { Connection } from "./connection.ts";
import { countLedger } from "./count-ledger.ts";
import { type Database, databaseOver, inReadTransaction } from "./database.ts";
import { sizeOnDisk } from "./inspect-file.ts";
import type { SyncFile } from "./log-sync.ts";
import type { OpenDatabase } from "./open-database.ts";
import { type Patience, patiently } from "./patience.ts";
import { findPlan, listPlans } from "./plans.ts";
import { readAnnotations, readCommitAnnotations } from "./read-annotations.ts";
import { readByConfig } from "./read-by-config.ts";
import { readChain, readConfigCommits, readSide, readSummaries } from "./read-chain.ts";
import { readChangeCounter } from "./read-change-counter.ts";
import { findCommits, readCommits, readContents } from "./read-commits.ts";
import { readEntryIds } from "./read-entry-ids.ts";
import { countReachable, isReachable, readAncestor, readEdits, readMergeBases } from "./read-history.ts";
import { readLedger } from "./read-ledger.ts";
import { readLog } from "./read-log.ts";
import {
  findOperation,
  findOperationAt,
  findOperationByKey,
  readOperations,
  scanOperations,
} from "./read-operations.ts";
import { listCompileRecords, listContentTypes, readCompileRecord } from "./read-records.ts";
import { findTract, listRefs, listTracts, readRef, readRefAsOf, readSnapshot } from "./read-refs.ts";
import { watchFiles } from "./same-file.ts";
import { scanCommits, scanContents } from "./scan.ts";
import { search } from "./search.ts";
import { readBatch, resetSearchIndex, writeBatch } from "./search-index.ts";
import { snippets } from "./snippets.ts";
import { findUsage, readUsages } from "./usages.ts";
import { Writes } from "./writes.ts";

export interface SqliteStoreParts {
  readonly file: string;
  readonly opened: OpenDatabase;
  readonly patience: Patience;
  /** Waits for the disk; null: a write is done once every process can see it. */
  readonly sync: SyncFile | null;
  /** Opens a database in memory, for work that must not touch the file. */
  readonly openMemory: () => Connection;
}

export class SqliteStore implements Store {
  readonly kind = "sqlite";
  readonly description: string;
  readonly isReadonly: boolean;
  readonly #file: string;
  readonly #patience: Patience;
  readonly #openMemory: () => Connection;
  readonly #writes: Writes;
  readonly #checkFiles: () => void;
  #open: Database | null;
  #memory: Connection | null = null;

  constructor({ file, opened, patience, sync, openMemory }: SqliteStoreParts) {
    this.description = `${opened.connection.driver}, SQLite ${opened.sqliteVersion}`;
    this.isReadonly = opened.isReadonly;
    this.#file = file;
    this.#patience = patience;
    this.#openMemory = openMemory;
    this.#open = databaseOver(opened.connection);
    this.#writes = new Writes({
      database: () => this.#database,
      openAnother: opened.openAnother,
      file,
      patience,
      sync,
    });
    this.#checkFiles = watchFiles(file);
  }

  get #database(): Database {
    if (this.#open === null) throw new StoreError("store-unusable", "The store is closed. Open it again.");
    this.#checkFiles();
    return this.#open;
  }

  /** For reads of one statement, which sees one state by itself. */
  #readOnce<Result>(read: (database: Database) => Result): Promise<Result> {
    return patiently(this.#patience, () => read(this.#database));
  }

  /** For reads of several statements. */
  #read<Result>(read: (database: Database) => Result): Promise<Result> {
    return patiently(this.#patience, () => inReadTransaction(this.#database, read));
  }

  findTract(name: string): Promise<TractRecord | null> {
    return this.#readOnce((database) => findTract(database, name));
  }
  listTracts(): Promise<readonly TractRecord[]> {
    return this.#readOnce(listTracts);
  }
  readSnapshot(
    tract: string,
    at: { readonly worktree: string; readonly branch: string | null; readonly defaultBranch: string },
  ): Promise<Snapshot> {
    return this.#readOnce((database) => readSnapshot(database, tract, at));
  }
  readRef(tract: string, kind: RefKind, name: string): Promise<RefRecord | null> {
    return this.#read((database) => readRef(database, tract, kind, name));
  }
  listRefs(tract: string, kind: RefKind): Promise<readonly RefRecord[]> {
    return this.#read((database) => listRefs(database, tract, kind));
  }
  readRefAsOf(
    tract: string,
    kind: RefKind,
    name: string,
    operationSequence: number,
  ): Promise<RefValue | null> {
    return this.#read((database) => readRefAsOf(database, tract, kind, name, operationSequence));
  }

  findCommits(tract: string, hexPrefix: string, limit: number): Promise<readonly Hash[]> {
    return this.#read((database) => findCommits(database, tract, hexPrefix, limit));
  }
  readCommits(tract: string, hashes: readonly Hash[]): Promise<readonly CommitRecord[]> {
    return this.#read((database) => readCommits(database, tract, hashes));
  }
  readContents(hashes: readonly Hash[]): Promise<readonly ContentRecord[]> {
    return this.#read((database) => readContents(database, hashes));
  }
  readChain(tract: string, head: Hash, after?: Hash): Promise<readonly ChainCommit[] | null> {
    return this.#read((database) => readChain(database, tract, head, after));
  }
  readConfigCommits(tract: string, head: Hash): Promise<readonly ChainCommit[]> {
    return this.#read((database) => readConfigCommits(database, tract, head));
  }
  isReachable(tract: string, ancestor: Hash, descendant: Hash): Promise<boolean> {
    return this.#read((database) => isReachable(database, tract, ancestor, descendant));
  }
  countReachable(tract: string, head: Hash, without?: Hash): Promise<number> {
    return this.#read((database) => countReachable(database, tract, head, without));
  }
  readAncestor(tract: string, commit: Hash, n: number): Promise<Hash | null> {
    return this.#read((database) => readAncestor(database, tract, commit, n));
  }
  readLog(tract: string, query: LogQuery): Promise<readonly CommitRecord[]> {
    return this.#read((database) => readLog(database, tract, query));
  }
  readByConfig(tract: string, query: ConfigQuery): Promise<ConfigPage> {
    return this.#read((database) => readByConfig(database, tract, query));
  }
  findUsage(tract: string, head: Hash): Promise<UsageRecord | null> {
    return this.#read((database) => findUsage(database, tract, head));
  }
  readUsages(tract: string, commits: readonly Hash[]): Promise<readonly UsageRecord[]> {
    return this.#read((database) => readUsages(database, tract, commits));
  }
  readSide(tract: string, head: Hash, without: Hash | null): Promise<readonly ChainCommit[]> {
    return this.#read((database) => readSide(database, tract, head, without));
  }
  readMergeBases(tract: string, a: Hash, b: Hash): Promise<readonly Hash[]> {
    return this.#read((database) => readMergeBases(database, tract, a, b));
  }
  readSummaries(tract: string, head: Hash): Promise<readonly ChainCommit[]> {
    return this.#read((database) => readSummaries(database, tract, head));
  }
  readEdits(tract: string, target: Hash, head: Hash): Promise<readonly CommitRecord[]> {
    return this.#read((database) => readEdits(database, tract, target, head));
  }

  readAnnotations(
    tract: string,
    range: { readonly after: number; readonly upTo: number },
  ): Promise<readonly AnnotationRecord[]> {
    return this.#read((database) => readAnnotations(database, tract, range));
  }
  readCommitAnnotations(tract: string, commit: Hash): Promise<readonly AnnotationRecord[]> {
    return this.#read((database) => readCommitAnnotations(database, tract, commit));
  }

  readOperations(tract: string, query: OperationQuery): Promise<readonly OperationRecord[]> {
    return this.#read((database) => readOperations(database, tract, query));
  }
  findOperation(tract: string, id: string): Promise<OperationRecord | null> {
    return this.#read((database) => findOperation(database, tract, id));
  }
  findOperationByKey(tract: string, idempotencyKey: string): Promise<OperationRecord | null> {
    return this.#read((database) => findOperationByKey(database, tract, idempotencyKey));
  }
  findOperationAt(tract: string, time: string): Promise<OperationRecord | null> {
    return this.#read((database) => findOperationAt(database, tract, time));
  }
  readEntryIds(tract: string, operationIds: readonly string[]): Promise<readonly (string | null)[]> {
    return this.#read((database) => readEntryIds(database, tract, operationIds));
  }
  readLedger(tract: string, query: LedgerQuery): Promise<readonly LedgerRecord[]> {
    return this.#read((database) => readLedger(database, tract, query));
  }
  countLedger(tract: string, query: Omit<LedgerQuery, "limit" | "afterSequence" | "order">): Promise<number> {
    return this.#read((database) => countLedger(database, tract, query));
  }

  findPlan(tract: string, id: string): Promise<PlanRecord | null> {
    return this.#read((database) => findPlan(database, tract, id));
  }
  listPlans(
    tract: string,
    query: { readonly state?: PlanState; readonly limit: number },
  ): Promise<readonly PlanRecord[]> {
    return this.#read((database) => listPlans(database, tract, query));
  }
  readCompileRecord(tract: string, id: string): Promise<CompileRecord | null> {
    return this.#read((database) => readCompileRecord(database, tract, id));
  }
  listCompileRecords(
    tract: string,
    query: { readonly branch?: string; readonly before?: string; readonly limit: number },
  ): Promise<readonly CompileRecord[]> {
    return this.#read((database) => listCompileRecords(database, tract, query));
  }
  listContentTypes(tract: string): Promise<readonly ContentTypeRecord[]> {
    return this.#read((database) => listContentTypes(database, tract));
  }

  async indexForSearch(options: {
    readonly limit: number;
    readonly textOf: (content: ContentRecord) => string;
  }): Promise<number> {
    const batch = await this.#read((database) => readBatch(database, options.limit, options.textOf));
    return await this.#writes.plain((database) => writeBatch(database, batch));
  }
  search(tract: string, query: SearchQuery): Promise<readonly SearchHit[]> {
    return this.#read((database) => search(database, tract, query));
  }
  async snippets(
    texts: readonly string[],
    options: { readonly terms: readonly string[]; readonly words: number },
  ): Promise<readonly string[]> {
    return await this.#readOnce(() => {
      this.#memory ??= this.#openMemory();
      return snippets(this.#memory, texts, options);
    });
  }
  async resetSearchIndex(): Promise<void> {
    await this.#writes.plain(resetSearchIndex);
  }

  scanContents(
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly ContentRecord[]; readonly next: number }> {
    return this.#read((database) => scanContents(database, after, limit));
  }
  scanCommits(
    tract: string,
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly StoredCommit[]; readonly next: number }> {
    return this.#read((database) => scanCommits(database, tract, after, limit));
  }
  scanOperations(
    tract: string,
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly OperationRecord[]; readonly next: number }> {
    return this.#read((database) => scanOperations(database, tract, after, limit));
  }
  checkIntegrity(): Promise<readonly string[]> {
    return this.#read((database) => checkIntegrity(database, this.#openMemory));
  }
  checkDerived(): Promise<readonly string[]> {
    return this.#read((database) => checkDerived(database, this.#openMemory));
  }
  async repairDerived(): Promise<readonly string[]> {
    return await this.#writes.plain((database) => repairDerived(database, this.#openMemory));
  }

  async findGarbage(tract: string, rule: GarbageRule, rest: () => Promise<void>): Promise<Garbage> {
    return await findGarbage((read) => this.#read(read), tract, rule, rest);
  }
  async sweepGarbage(
    garbage: Garbage,
    options: { readonly limit: number; readonly entry: (swept: Swept) => LedgerBody },
  ): Promise<Swept | "done" | "stale"> {
    return await this.#writes.durably((database) => sweepGarbage(database, garbage, options));
  }
  findCollected(tract: string, hashes: readonly Hash[]): Promise<readonly Hash[]> {
    return this.#read((database) => findCollected(database, tract, hashes));
  }
  scanCollected(
    tract: string,
    after: number,
    limit: number,
  ): Promise<{ readonly rows: readonly Hash[]; readonly next: number }> {
    return this.#read((database) => scanCollected(database, tract, after, limit));
  }

  readSize(): Promise<number> {
    return this.#readOnce(() => sizeOnDisk(this.#file));
  }
  readReusable(): Promise<number> {
    return this.#readOnce(reusableBytes);
  }
  backupTo(file: string): Promise<number> {
    return this.#readOnce((database) => backUp(database, file));
  }
  readChangeCounter(): Promise<number> {
    return this.#readOnce(readChangeCounter);
  }

  publish(
    change: ChangeSet,
    also: readonly ChangeSet[] = [],
    rest?: () => Promise<void>,
  ): Promise<PublishReceipt> {
    return this.#writes.publish(change, also, rest);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await this.#writes.close();
    this.#memory?.close();
    this.#memory = null;
    open?.close();
  }
}
