/** Verifies the links between operations and commits, in both directions. */
import type { CommitRecord, Hash, LedgerRecord, OperationRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { orDamage } from "./damaged-rows.ts";
import type { Verification } from "./verify.ts";

/** By hash; null: it is there but cannot be read, which is reported where commits are verified. */
type KnownCommits = ReadonlyMap<Hash, CommitRecord | null>;

/** A page of operations, each with its ledger entry. */
export async function verifyCommitLinks(
  verification: Verification,
  page: ReadonlyMap<OperationRecord, LedgerRecord | null>,
): Promise<void> {
  const hashes = new Set([...page.keys()].flatMap(({ results, sources }) => [...results, ...sources]));
  const commits = await readKnown(verification.engine, [...hashes]);
  for (const [operation, entry] of page) {
    reportMissing(verification, operation, commits);
    const results = operation.results.flatMap((hash) => commits.get(hash) ?? []);
    for (const commit of results) await verifyMaker(verification, operation, commit);
    if (entry !== null && results.length === operation.results.length)
      verifyTokens(verification, operation, results, entry);
  }
}

async function readKnown({ limits, scope, store }: Engine, hashes: readonly Hash[]): Promise<KnownCommits> {
  const known = new Map<Hash, CommitRecord | null>();
  const read = async (page: readonly Hash[]): Promise<void> => {
    const commits = await orDamage(store.readCommits(scope.tract, page));
    for (const commit of commits ?? []) known.set(commit.hash, commit);
    const [only, ...others] = page;
    if (commits !== null || only === undefined) return;
    if (others.length === 0) known.set(only, null);
    else for (const hash of page) await read([hash]);
  };
  for (let start = 0; start < hashes.length; start += limits.verifyPage)
    await read(hashes.slice(start, start + limits.verifyPage));
  return known;
}

function reportMissing(
  { report }: Verification,
  { results, sources, sequence }: OperationRecord,
  commits: KnownCommits,
): void {
  for (const [field, hashes] of [
    ["results", results],
    ["sources", sources],
  ] as const) {
    for (const hash of hashes) {
      if (commits.has(hash)) continue;
      const detail = `a commit that operation ${sequence} names is gone`;
      report({ kind: "commit", what: "missing", field, hash, sequence, detail });
    }
  }
}

/** A commit that existed before may be a result too, but then the operation that made it lists it as well. */
async function verifyMaker(
  { engine, report }: Verification,
  operation: OperationRecord,
  commit: CommitRecord,
): Promise<void> {
  const { hash, operationId } = commit;
  if (operationId === "") return; // Its operation is gone: reported with the commit.
  if (operationId !== operation.id) {
    const maker = await orDamage(engine.store.findOperation(engine.scope.tract, operationId));
    if (maker?.results.includes(hash)) return;
    const detail = "the operation that it names did not make it";
    report({ kind: "commit", what: "changed", field: "operation", hash, detail });
    return;
  }
  if (operation.type !== "commit") return; // Others make commits on several branches, for several authors.
  if (operation.branch !== commit.branch) {
    const detail = "the operation that made it was on another branch";
    report({ kind: "commit", what: "changed", field: "branch", hash, detail });
  }
  if (!sameAuthor(operation.author, commit.author)) {
    const { sequence } = operation;
    const detail = "the commits that it made have another author";
    report({ kind: "operation", what: "changed", field: "author", sequence, detail });
  }
}

export function sameAuthor(a: OperationRecord["author"], b: OperationRecord["author"]): boolean {
  return a.kind === b.kind && a.name === b.name && a.session_id === b.session_id;
}

/** Tokens are no part of the hash, but the ledger has their sum. */
function verifyTokens(
  { report }: Verification,
  operation: OperationRecord,
  results: readonly CommitRecord[],
  { metadata }: LedgerRecord,
): void {
  const sum = results.reduce((total, { tokens }) => total + tokens, 0);
  if (results.length === 0 || typeof metadata.tokens !== "number" || metadata.tokens === sum) return;
  const [only, ...others] = results;
  const hash = others.length === 0 && only !== undefined ? only.hash : null;
  const detail = `the ledger counts ${metadata.tokens} tokens for operation ${operation.sequence}, its commits have ${sum}`;
  report({ kind: "commit", what: "changed", field: "tokens", hash, sequence: operation.sequence, detail });
}
