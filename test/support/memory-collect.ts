/** Gc in the memory model: what is kept is worked out anew each time, by walking. */
import { emptyChange } from "../../src/storage/change-set.ts";
import type { Garbage, GarbageRoot, GarbageRule, Swept } from "../../src/storage/garbage.ts";
import type { Hash, JsonObject, LedgerBody, OperationRecord } from "../../src/storage/records.ts";
import { applyChange } from "./memory-publish.ts";
import { emptyTract, type MemoryState, type MemoryTract } from "./memory-state.ts";

interface Found {
  readonly rule: GarbageRule;
  /** Commits and operations there were then: later ones and what they name stay. */
  readonly commits: number;
  readonly operations: number;
  /** Hashes to remove, in the order of storing. */
  left: Hash[];
  sweeps: number;
}

const founds = new WeakMap<Garbage, Found>();

export function findGarbage(state: MemoryState, name: string, rule: GarbageRule): Garbage {
  const tract = state.tracts.get(name) ?? emptyTract();
  const kept = new Set<Hash>();
  const by: Partial<Record<GarbageRoot, number>> = {};
  for (const [root, hashes] of Object.entries(rootsOf(state, tract, rule))) {
    const before = kept.size;
    keepAll(state, tract, kept, hashes);
    by[root as GarbageRoot] = kept.size - before; // Keys of the object that rootsOf makes.
  }
  const before = kept.size;
  while (keepTargets(state, tract, kept));
  const links = kept.size - before;
  const doomed = tract.commits.filter(({ hash }) => !kept.has(hash));
  const contents = unnamedContents(state, rule, { doomed: doomed.map(({ hash }) => hash), own: tract });
  const times = doomed.map(({ createdAt }) => createdAt).sort();
  const garbage: Garbage = {
    tract: name,
    commits: doomed.length,
    contents: contents.length,
    bytes: contents.reduce((sum, hash) => sum + bytesOf(state, hash), 0),
    oldest: times[0] ?? null,
    newest: times.at(-1) ?? null,
    kept: { ...(by as Record<Exclude<GarbageRoot, "links">, number>), links },
  };
  founds.set(garbage, {
    rule,
    commits: tract.commits.length,
    operations: tract.operations.length,
    left: doomed.map(({ hash }) => hash),
    sweeps: countSweeps(state),
  });
  return garbage;
}

export function sweepGarbage(
  state: MemoryState,
  garbage: Garbage,
  { limit, entry }: { readonly limit: number; readonly entry: (swept: Swept) => LedgerBody },
): Swept | "done" | "stale" {
  const found = founds.get(garbage);
  const tract = state.tracts.get(garbage.tract);
  if (found === undefined || tract === undefined || found.left.length === 0) return "done";
  if (countSweeps(state) !== found.sweeps) return "stale";
  const kept = new Set<Hash>();
  for (const hashes of Object.values(rootsOf(state, tract, found.rule))) keepAll(state, tract, kept, hashes);
  const newer = tract.commits.slice(found.commits).map(({ hash }) => hash);
  keepAll(state, tract, kept, newer);
  keepAll(state, tract, kept, tract.operations.slice(found.operations).flatMap(namedBy));
  while (keepTargets(state, tract, kept));
  const part = found.left.slice(-limit).reverse();
  const commits = part.filter((hash) => !kept.has(hash));
  const contents = unnamedContents(state, found.rule, { doomed: commits, own: tract });
  const swept: Swept = {
    commits,
    contents,
    bytes: contents.reduce((sum, hash) => sum + bytesOf(state, hash), 0),
  };
  if (commits.length > 0) {
    const ledger = [entry(swept)];
    applyChange(state, { ...emptyChange(garbage.tract), ledger });
    found.sweeps += 1;
  }
  found.left = found.left.slice(0, -part.length);
  tract.commits = tract.commits.filter(({ hash }) => !commits.includes(hash));
  for (const hash of commits) tract.usages.delete(hash);
  tract.collected.push(...commits);
  for (const hash of contents) state.contents.delete(hash);
  return swept;
}

function countSweeps(state: MemoryState): number {
  return [...state.tracts.values()]
    .flatMap(({ ledger }) => ledger)
    .filter(({ eventType }) => eventType === "GC").length;
}

function rootsOf(
  state: MemoryState,
  tract: MemoryTract,
  rule: GarbageRule,
): Readonly<Record<Exclude<GarbageRoot, "links">, readonly Hash[]>> {
  const { commitsSince, operationsSince, relatingSince, relatingTypes } = rule;
  const all = [...state.tracts.values()].flatMap(({ operations }) => operations);
  const relating = ({ type, createdAt }: OperationRecord): boolean =>
    relatingTypes.includes(type) && (relatingSince === null || createdAt >= relatingSince);
  const young = tract.operations.filter(({ createdAt }) => createdAt >= operationsSince);
  const youngIds = new Set(young.map(({ id }) => id));
  const lastContent = [...state.contents.keys()].at(-1);
  return {
    refs: [...tract.refs.values()].flatMap(({ value }) => commitIn(value)),
    plans: [...tract.plans.values()]
      .filter((plan) => plan.state === "pending")
      .flatMap(({ head, body }) => [head, ...hashesIn(body)]),
    records: tract.compileRecords.flatMap(({ head }) => (head === null ? [] : [head])),
    relations: [
      ...tract.operations.filter(relating).flatMap(({ results }) => results),
      ...all.filter(relating).flatMap(({ sources }) => sources),
    ],
    operations: [
      ...young.flatMap(namedBy),
      ...tract.commits.filter(({ operationId }) => youngIds.has(operationId)).map(({ hash }) => hash),
    ],
    recent: tract.commits.filter(({ createdAt }) => createdAt >= commitsSince).map(({ hash }) => hash),
    newest: [
      ...tract.commits.slice(-1).map(({ hash }) => hash),
      ...tract.commits.filter(({ contentHash }) => contentHash === lastContent).map(({ hash }) => hash),
    ],
  };
}

function namedBy({ results, sources, refMoves }: OperationRecord): readonly Hash[] {
  return [
    ...results,
    ...sources,
    ...refMoves.flatMap(({ before, after }) => [...commitIn(before), ...commitIn(after)]),
  ];
}

function commitIn(value: OperationRecord["refMoves"][number]["before"]): readonly Hash[] {
  return value !== null && "commit" in value && value.commit !== null ? [value.commit] : [];
}

function hashesIn(json: JsonObject): readonly Hash[] {
  return (JSON.stringify(json).match(/"[0-9a-f]{64}"/g) ?? []).map((quoted) => quoted.slice(1, -1) as Hash);
}

/** With parents, and with the sources of summaries. */
function keepAll(state: MemoryState, tract: MemoryTract, kept: Set<Hash>, hashes: readonly Hash[]): void {
  const waiting = [...hashes];
  for (let hash = waiting.pop(); hash !== undefined; hash = waiting.pop()) {
    const commit = tract.commits.find((candidate) => candidate.hash === hash);
    if (commit === undefined || kept.has(hash)) continue;
    kept.add(hash);
    waiting.push(...commit.parents);
    const content = commit.contentHash === null ? undefined : state.contents.get(commit.contentHash);
    if (commit.operation === "summary" && content !== undefined)
      waiting.push(...hashesIn(JSON.parse(content.body) as JsonObject));
  }
}

/** True when there was something to keep for an edit that is kept. */
function keepTargets(state: MemoryState, tract: MemoryTract, kept: Set<Hash>): boolean {
  const missing = tract.commits.flatMap(({ hash, editTarget }) =>
    kept.has(hash) && editTarget !== null && !kept.has(editTarget) ? [editTarget] : [],
  );
  keepAll(state, tract, kept, missing);
  return missing.length > 0;
}

/** Contents of commits to remove that no other commit of any tract names and no entry keeps, in the order of the commits. */
function unnamedContents(
  state: MemoryState,
  rule: GarbageRule,
  { doomed, own }: { readonly doomed: readonly Hash[]; readonly own: MemoryTract },
): readonly Hash[] {
  const named = new Set<unknown>(
    [...state.tracts.values()].flatMap((tract) =>
      tract.commits.flatMap(({ hash, contentHash }) =>
        tract === own && doomed.includes(hash) ? [] : (contentHash ?? []),
      ),
    ),
  );
  for (const tract of state.tracts.values())
    for (const { eventType, metadata } of tract.ledger)
      for (const { keys, unless, ...keeping } of rule.keepingEntries) {
        const others = unless === null ? null : metadata[unless];
        if (keeping.eventType !== eventType || (Array.isArray(others) && others.length > 0)) continue;
        for (const key of keys) {
          const kept = state.contents.get(metadata[key] as Hash); // Whatever else it is, no content has it.
          if (kept === undefined) continue;
          named.add(kept.hash);
          for (const hash of hashesIn(JSON.parse(kept.body) as JsonObject)) named.add(hash);
        }
      }
  const contents = doomed.flatMap(
    (hash) => own.commits.find((commit) => commit.hash === hash)?.contentHash ?? [],
  );
  return [...new Set(contents)].filter((hash) => !named.has(hash));
}

function bytesOf(state: MemoryState, hash: Hash): number {
  const content = state.contents.get(hash);
  return content === undefined ? 0 : Buffer.byteLength(content.body) + Buffer.byteLength(content.text ?? "");
}
