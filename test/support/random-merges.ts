/** Random histories of three branches that part and merge: tools, edits, judgements, settings and summaries on small targets. */
import fc from "fast-check";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import type { MergeRequest, MergeStrategy } from "../../src/engine/merge/merge-types.ts";
import type { Hash } from "../../src/storage/records.ts";
import { headOf, summariseOn } from "./merging.ts";

export const MERGE_BRANCHES = ["main", "topic", "side"] as const;
export type MergeBranch = (typeof MERGE_BRANCHES)[number];

/** Something that an agent does on a branch; `pick` chooses among the commits made so far. */
export type Work =
  | { readonly do: "say"; readonly on: MergeBranch; readonly role: "user" | "assistant" | "system" }
  | { readonly do: "exchange"; readonly on: MergeBranch }
  | { readonly do: "edit"; readonly on: MergeBranch; readonly pick: number; readonly isSame: boolean }
  | {
      readonly do: "judge";
      readonly on: MergeBranch;
      readonly pick: number;
      readonly priority: "skip" | "pinned" | "normal";
    }
  | { readonly do: "configure"; readonly on: MergeBranch; readonly recent: number }
  | { readonly do: "summarise"; readonly on: MergeBranch; readonly pick: number; readonly isFirm: boolean };

export interface Merging {
  readonly do: "merge";
  readonly source: MergeBranch;
  readonly into: MergeBranch;
  readonly strategy: Exclude<MergeStrategy, "llm">;
  readonly noFf: boolean;
}

const on = fc.constantFrom(...MERGE_BRANCHES);
const pick = fc.nat({ max: 11 });

/** Targets are few, so that sides meet. */
export const mergingStep: fc.Arbitrary<Work | Merging> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("say" as const),
      on,
      role: fc.constantFrom("user" as const, "assistant" as const, "user" as const, "system" as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("exchange" as const), on }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("edit" as const),
      on,
      pick,
      isSame: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("judge" as const),
      on,
      pick,
      priority: fc.constantFrom("skip" as const, "pinned" as const, "normal" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("configure" as const),
      on,
      recent: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("summarise" as const),
      on,
      pick,
      isFirm: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("merge" as const),
      source: on,
      into: on,
      strategy: fc.constantFrom<Merging["strategy"]>("report", "ours", "theirs", "both", "record", "record"),
      noFf: fc.boolean(),
    }),
  },
);

/** What the run of a history needs to remember. */
export interface MergeWorld {
  readonly engine: Engine;
  /** Appended commits, in the order of making. */
  readonly made: Hash[];
}

/** Three branches that share a beginning. */
export async function startMergeWorld(engine: Engine): Promise<MergeWorld> {
  const world: MergeWorld = { engine, made: [] };
  for (const role of ["user", "assistant"] as const) await act(world, { do: "say", on: "main", role });
  await act(world, { do: "exchange", on: "main" });
  for (const name of ["topic", "side"]) await createBranch(engine, { name });
  return world;
}

/** Does it; what has nothing to act on is refused and changes nothing. */
export async function work(world: MergeWorld, wanted: Work | Merging): Promise<void> {
  try {
    if (wanted.do === "merge") await merge(world.engine, mergeRequest(wanted));
    else await act(world, wanted);
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
  }
}

function mergeRequest({ source, into, strategy, noFf }: Merging): MergeRequest {
  return { source, into, strategy, noFf };
}

async function act(world: MergeWorld, wanted: Work): Promise<void> {
  const { engine, made } = world;
  const text = `text ${made.length}`;
  const append = async (items: Parameters<typeof commit>[1]["items"]): Promise<void> => {
    const { commits } = await commit(engine, { items, branch: wanted.on });
    made.push(...commits.map(({ hash }) => hash));
  };
  switch (wanted.do) {
    case "say":
      return await append([{ content: text, role: wanted.role }]);
    case "exchange": {
      const tool = { content_type: "tool_io", tool_name: "read", call_id: `call-${made.length}` } as const;
      return await append([
        { content: { ...tool, direction: "call", payload: { path: text } } },
        { content: { ...tool, direction: "result", payload: `result of ${text}` } },
      ]);
    }
    case "edit": {
      const content = wanted.isSame ? "edited to the same" : `edited on ${wanted.on} after ${made.length}`;
      const items = [{ content, editTarget: pickFrom(made, wanted.pick) }];
      await commit(engine, { items, branch: wanted.on });
      return;
    }
    case "judge": {
      const refs = [pickFrom(made, wanted.pick)];
      await annotate(engine, { refs, priority: wanted.priority, branch: wanted.on });
      return;
    }
    case "configure": {
      const settings = { strategy: "adaptive", recent: 20 + wanted.recent };
      const items = [{ content: { content_type: "config", settings } }];
      await commit(engine, { items, branch: wanted.on });
      return;
    }
    case "summarise":
      return await summariseSome(world, wanted);
  }
}

/** Two commits in a row, if the branch has them. */
async function summariseSome(
  { engine, made }: MergeWorld,
  { on: branch, pick: first, isFirm }: Extract<Work, { do: "summarise" }>,
): Promise<void> {
  const head = await headOf(engine, branch);
  const start = first % Math.max(made.length - 1, 1);
  const sources: Hash[] = [];
  for (const hash of made.slice(start, start + 2))
    if (head !== null && (await engine.store.isReachable(engine.scope.tract, hash, head))) sources.push(hash);
  if (sources.length === 0) return;
  if (isFirm) await summariseOn(engine, branch, sources, "", "restore");
  else await summariseOn(engine, branch, sources, `summary ${made.length}`);
}

function pickFrom(made: readonly Hash[], picked: number): Hash {
  const hash = made[picked % Math.max(made.length, 1)];
  if (hash === undefined) throw new Error("a world starts with commits");
  return hash;
}
