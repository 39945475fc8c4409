/** Finds the child that collapse means, and the branch that its result goes to (spec 3.6). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { attachedBranch } from "../history/commit.ts";
import { readSite } from "../history/snapshot.ts";
import type { ChildPlace } from "../history/spawn-link.ts";
import { nearest } from "../nearest.ts";
import { readParentage, readSpawnings, type Spawning } from "./family.ts";

export interface CollapseTarget {
  readonly child: ChildPlace;
  /** Id of the spawn. */
  readonly spawn: string;
  readonly from: Hash;
  /** Branch of the call's tract that the result is committed to. */
  readonly into: string;
}

export interface TargetRequest {
  /** Worktree, branch or tract of a spawn. */
  readonly child: string;
  readonly into: string | undefined;
  /** Also into a branch, or a tract, that is not the child's parent. */
  readonly isForced: boolean;
}

/** @throws TractError `not-found` with near names, `not-allowed` (not the child's parent; without force). */
export async function findCollapseTarget(engine: Engine, request: TargetRequest): Promise<CollapseTarget> {
  const { child: name, isForced, into } = request;
  const spawnings = await readSpawnings(engine, engine.scope.tract, engine.limits.spawnsMax);
  const own = spawnings.filter(({ child }) => isNamed(engine, child, name));
  const found = own.find(({ operation }) => !operation.undone) ?? (isForced ? own[0] : undefined);
  if (found === undefined) return await findElsewhere(engine, request, spawnings);
  const parent = found.operation.branch ?? engine.settings.defaultBranch;
  if (into !== undefined && into !== parent && !isForced)
    throw notItsParent(name, `branch ${JSON.stringify(parent)}`, { parent, into });
  return targetOf(found, into ?? parent);
}

/** A child of another tract is collapsed there, unless force says that it is meant here. */
async function findElsewhere(
  engine: Engine,
  { child: name, isForced, into }: TargetRequest,
  own: readonly Spawning[],
): Promise<CollapseTarget> {
  const parentage = await readParentage(engine, name);
  if (parentage === null || parentage.tract === engine.scope.tract) throw unknownChild(engine, name, own);
  if (!isForced)
    throw notItsParent(name, `tract ${JSON.stringify(parentage.tract)}`, { parent: parentage.tract });
  const spawnings = await readSpawnings(engine, parentage.tract, engine.limits.spawnsMax);
  const found = spawnings.find(({ operation }) => operation.id === parentage.operation);
  if (found === undefined) throw unknownChild(engine, name, own);
  return targetOf(found, into ?? attachedBranch(await readSite(engine, {})));
}

function targetOf({ child, operation, from }: Spawning, into: string): CollapseTarget {
  return { child, spawn: operation.id, from, into };
}

function isNamed({ scope }: Engine, { tract, branch, worktree }: ChildPlace, name: string): boolean {
  // Every child in a tract of its own is on the default branch there, and every other in this tract: that names none of them.
  return name === worktree || (tract === scope.tract ? name === branch : name === tract);
}

function unknownChild(engine: Engine, name: string, own: readonly Spawning[]): TractError {
  const isTractOfOwn = ({ child }: Spawning): boolean => child.tract !== engine.scope.tract;
  const names = own
    .filter(({ operation }) => !operation.undone)
    .flatMap((spawning) => [
      spawning.child.worktree,
      ...(isTractOfOwn(spawning) ? [spawning.child.tract] : []),
    ]);
  const near = nearest(name, names);
  const shown = JSON.stringify(name.slice(0, NAME_CHARS_SHOWN));
  return new TractError("not-found", `tract ${JSON.stringify(engine.scope.tract)} has no child ${shown}`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : "See lineage for the children; one whose spawn was undone is none.",
    data: {
      child: name.slice(0, NAME_CHARS_SHOWN),
      near,
      children: names.slice(0, engine.limits.suggestionsMax),
    },
  });
}

function notItsParent(name: string, parent: string, data: Readonly<Record<string, unknown>>): TractError {
  return new TractError("not-allowed", `the parent of ${JSON.stringify(name)} is ${parent}`, {
    hint: "Collapse it there, or pass force true to commit its result here all the same.",
    data: { child: name, ...data },
  });
}

const NAME_CHARS_SHOWN = 100;
