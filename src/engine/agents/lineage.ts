/** The tree of spawns that a tract belongs to: who spawned whom, what for, and where each stands (spec 3.6). */
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { pointAt } from "../history/context-size.ts";
import { reportedSize } from "../history/reported-size.ts";
import { readSettings } from "../history/settings.ts";
import type { ChildPlace } from "../history/spawn-link.ts";
import { readChildNow } from "./child-now.ts";
import { readFamily, type Spawning } from "./family.ts";

export interface LineageNode extends ChildPlace {
  /** `collapsed`: a result of it was committed. `undone`: the spawn was taken back; a tract of its own is still there. */
  readonly state: "active" | "collapsed" | "undone";
  /** null for the root, and when its text is gone. */
  readonly purpose: string | null;
  /** Id of the spawn, in the tract that did it; null for the root. */
  readonly operation: string | null;
  /** Time of the spawn; null for the root. */
  readonly spawnedAt: string | null;
  /** Compiled size of its context; null when nothing is there any more. */
  readonly tokens: number | null;
  /** Time when its branch last moved. */
  readonly lastActivity: string | null;
  /** In the order of their spawns. */
  readonly children: readonly LineageNode[];
}

export interface Lineage {
  /** The root of the tree, whichever of its tracts was asked about. */
  readonly tree: LineageNode;
  /** Nodes in it. */
  readonly total: number;
  /** False when `limits.lineageNodesMax` cut some. */
  readonly isComplete: boolean;
}

/** Made of the operations that stand in the tracts, so it never disagrees with them. */
export async function lineage(engine: Engine): Promise<Lineage> {
  const { root, spawnings, collapsed, isComplete } = await readFamily(engine);
  const place = { tract: root, branch: engine.settings.defaultBranch, worktree: ROOT_WORKTREE };
  const tree = growing(await readRootNode(engine, place));
  // A tract's first node stands for all in it that no child did.
  const first = new Map([[root, tree]]);
  const holders = new Map([[keyOf(place), tree]]);
  for (const spawning of spawnings) {
    const { child, operation, tract } = spawning;
    const node = growing(await readNode(engine, spawning, collapsed.has(operation.id)));
    const parent = holders.get(keyOf({ tract, worktree: operation.worktree })) ?? first.get(tract) ?? tree;
    parent.children.push(node);
    holders.set(keyOf(child), node);
    if (!first.has(child.tract)) first.set(child.tract, node);
  }
  return { tree, total: spawnings.length + 1, isComplete };
}

const ROOT_WORKTREE = "default";

/** A node whose children are not all known yet. */
interface GrowingNode extends LineageNode {
  readonly children: GrowingNode[];
}

function growing(node: Omit<LineageNode, "children">): GrowingNode {
  return { ...node, children: [] };
}

function keyOf({ tract, worktree }: Pick<ChildPlace, "tract" | "worktree">): string {
  return JSON.stringify([tract, worktree]);
}

async function readRootNode(engine: Engine, place: ChildPlace): Promise<Omit<LineageNode, "children">> {
  const state = await readState(engine, place);
  return { ...place, ...state, state: "active", purpose: null, operation: null, spawnedAt: null };
}

async function readNode(
  engine: Engine,
  spawning: Spawning,
  isCollapsed: boolean,
): Promise<Omit<LineageNode, "children">> {
  const { child, operation, tract } = spawning;
  const { undone } = operation;
  // The name of a branch that was taken back may have gone to another child.
  const isGone = undone && child.tract === tract;
  return {
    ...child,
    ...(isGone ? NOWHERE : await readState(engine, child)),
    state: undone ? "undone" : isCollapsed ? "collapsed" : "active",
    purpose: await readPurpose(engine, spawning),
    operation: operation.id,
    spawnedAt: operation.createdAt,
  };
}

const NOWHERE = { tokens: null, lastActivity: null } as const;

async function readState(
  engine: Engine,
  place: ChildPlace,
): Promise<Pick<LineageNode, "branch" | "tokens" | "lastActivity">> {
  const { site, branch, head, lastActivity } = await readChildNow(engine, place);
  if (head === null) return { branch, ...NOWHERE };
  const settings = await readSettings(engine, place.tract, head.hash);
  const at = { ...pointAt(engine, site, head.hash, settings), tract: place.tract };
  return { branch, tokens: (await reportedSize(engine, at)).tokens, lastActivity };
}

/** It stands in the pointer that the spawn committed. */
async function readPurpose({ store }: Engine, { operation, tract }: Spawning): Promise<string | null> {
  const [pointer] = operation.results;
  const [commit] = pointer === undefined ? [] : await store.readCommits(tract, [pointer]);
  const [record] = commit?.contentHash == null ? [] : await store.readContents([commit.contentHash]);
  const content = record === undefined ? null : readContent(record);
  const data = content !== null && "data" in content ? content.data : null;
  const isTold = typeof data === "object" && data !== null && "purpose" in data;
  return isTold && typeof data.purpose === "string" ? data.purpose : null;
}
