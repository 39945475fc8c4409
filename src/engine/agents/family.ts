/** Reads who spawned whom, from the operations that did it: there is no other record of it (spec 3.6). */
import { z } from "zod";
import type { Hash, OperationRecord } from "../../storage/records.ts";
import type { OperationQuery } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { type ChildPlace, childPlaceField, hashField } from "../history/spawn-link.ts";
import { SPAWNED } from "./child-change.ts";

/** A spawn of a tract. */
export interface Spawning {
  /** The tract that did it. */
  readonly tract: string;
  readonly operation: OperationRecord;
  /** Where the child was put. */
  readonly child: ChildPlace;
  /** The last commit that it was given. */
  readonly from: Hash;
}

/** Where a tract comes from. */
export interface Parentage {
  readonly tract: string;
  readonly branch: string;
  /** Id of the operation in the parent's tract. */
  readonly operation: string;
  /** The worktree that the tract was made with. */
  readonly ownWorktree: string;
}

/** The newest spawns of a tract, newest first; undone ones too. */
export async function readSpawnings(
  engine: Engine,
  tract: string,
  max: number,
): Promise<readonly Spawning[]> {
  const operations = await readNewest(engine, tract, { type: "spawn" }, max);
  return operations.flatMap((operation) => readSpawning(tract, operation));
}

/** At most `max` operations, newest first, page by page. */
async function readNewest(
  { limits, store }: Engine,
  tract: string,
  query: Pick<OperationQuery, "type" | "standing">,
  max: number,
): Promise<readonly OperationRecord[]> {
  const found: OperationRecord[] = [];
  for (let before: number | null = null; found.length < max; ) {
    const page: readonly OperationRecord[] = await store.readOperations(tract, {
      ...query,
      ...(before === null ? {} : { beforeSequence: before }),
      limit: Math.min(limits.pageMax, max - found.length),
    });
    const last = page.at(-1);
    if (last === undefined) break;
    found.push(...page);
    before = last.sequence;
  }
  return found;
}

/** The parent of a tract that was spawned; null for any other. */
export async function readParentage({ store }: Engine, tract: string): Promise<Parentage | null> {
  const [first] = await store.readOperations(tract, { type: SPAWNED, limit: 1 });
  const parsed = PARENTAGE.safeParse(first?.params);
  return first !== undefined && parsed.success
    ? { ...parsed.data.parent, ownWorktree: first.worktree }
    : null;
}

/** A collapse of a child. */
export interface Collapsing {
  readonly operation: OperationRecord;
  readonly child: ChildPlace;
  /** Id of the spawn. */
  readonly spawn: string;
}

/** The collapses that stand in a tract, newest first. */
export async function readCollapsings(engine: Engine, tract: string): Promise<readonly Collapsing[]> {
  const query = { type: "collapse", standing: true };
  const operations = await readNewest(engine, tract, query, engine.limits.spawnsMax);
  return operations.flatMap((operation) => {
    const parsed = COLLAPSING.safeParse(operation.params);
    return parsed.success ? [{ operation, ...parsed.data }] : [];
  });
}

function readSpawning(tract: string, operation: OperationRecord): readonly Spawning[] {
  const parsed = SPAWNING.safeParse(operation.params);
  return parsed.success ? [{ tract, operation, ...parsed.data }] : [];
}

const SPAWNING = z.object({ child: childPlaceField, from: hashField });
const PARENTAGE = z.object({
  parent: z.object({ tract: z.string(), branch: z.string(), operation: z.string() }),
});
const COLLAPSING = z.object({ child: childPlaceField, spawn: z.string() });

/** All spawns of one tree. */
export interface Family {
  /** The tract that nobody spawned. */
  readonly root: string;
  /** In the order of their operations; undone ones too. */
  readonly spawnings: readonly Spawning[];
  /** Ids of spawns whose child was collapsed. */
  readonly collapsed: ReadonlySet<string>;
  /** Tracts of the tree, the root first. */
  readonly tracts: readonly string[];
  /** False when there are more than `limits.lineageNodesMax`. */
  readonly isComplete: boolean;
}

/** The tree that the call's tract belongs to, from its root. */
export async function readFamily(engine: Engine): Promise<Family> {
  const { lineageNodesMax } = engine.limits;
  const root = await readRoot(engine);
  const tracts = new Set([root]);
  const collapsed = new Set<string>();
  const spawnings: Spawning[] = [];
  // A set goes on to what is added while it is gone through.
  for (const tract of tracts) {
    for (const { spawn } of await readCollapsings(engine, tract)) collapsed.add(spawn);
    for (const spawning of await readSpawnings(engine, tract, lineageNodesMax)) {
      spawnings.push(spawning);
      if (tracts.size < lineageNodesMax) tracts.add(spawning.child.tract);
    }
    if (spawnings.length >= lineageNodesMax) break;
  }
  const kept = spawnings.slice(0, lineageNodesMax);
  return {
    root,
    spawnings: kept.sort((a, b) => (a.operation.id < b.operation.id ? -1 : 1)),
    collapsed,
    tracts: [...tracts],
    isComplete: spawnings.length < lineageNodesMax,
  };
}

/** Up from the call's tract; a parent that is no longer in the store ends the way. */
async function readRoot(engine: Engine): Promise<string> {
  const seen = new Set<string>();
  let { tract } = engine.scope;
  while (!seen.has(tract) && seen.size < engine.limits.lineageNodesMax) {
    seen.add(tract);
    const parentage = await readParentage(engine, tract);
    if (parentage === null || (await engine.store.findTract(parentage.tract)) === null) break;
    tract = parentage.tract;
  }
  return tract;
}
