/** Random histories of several branches with tools, edits, judgements, settings, summaries and merges: for laws of what rewrites history. */
import fc from "fast-check";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import type { MergeRequest } from "../../src/engine/merge/merge-types.ts";
import type { Hash } from "../../src/storage/records.ts";
import { headOf, summariseOn } from "./merging.ts";

export const REWRITE_BRANCHES = ["main", "topic", "side"] as const;
export type RewriteBranch = (typeof REWRITE_BRANCHES)[number];
type Strategy = Exclude<MergeRequest["strategy"], "llm" | undefined>;

/** One thing that happens on a branch; `pick` chooses among the commits made so far. */
export type Rewrite =
  | { readonly do: "say"; readonly on: RewriteBranch; readonly role: "user" | "assistant" | "system" }
  | { readonly do: "exchange"; readonly on: RewriteBranch }
  | { readonly do: "edit"; readonly on: RewriteBranch; readonly pick: number; readonly isSame: boolean }
  | {
      readonly do: "judge";
      readonly on: RewriteBranch;
      readonly pick: number;
      readonly priority: "skip" | "pinned" | "normal";
    }
  | { readonly do: "configure"; readonly on: RewriteBranch; readonly recent: number }
  | { readonly do: "summarise"; readonly on: RewriteBranch; readonly pick: number }
  | {
      readonly do: "merge";
      readonly source: RewriteBranch;
      readonly into: RewriteBranch;
      readonly strategy: Strategy;
      readonly noFf: boolean;
    };

const on = fc.constantFrom(...REWRITE_BRANCHES);
const pick = fc.nat({ max: 11 });

/** Mostly small targets, so that sides meet. */
export const rewrite: fc.Arbitrary<Rewrite> = fc.oneof(
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
  { weight: 1, arbitrary: fc.record({ do: fc.constant("summarise" as const), on, pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("merge" as const),
      source: on,
      into: on,
      strategy: fc.constantFrom<Strategy>("report", "ours", "theirs", "both", "record"),
      noFf: fc.boolean(),
    }),
  },
);

/** What the run of a history needs to remember. */
export interface RewriteWorld {
  readonly engine: Engine;
  /** Appended commits, in the order of making. */
  readonly made: Hash[];
}

/** Three branches that share a beginning. */
export async function startWorld(engine: Engine): Promise<RewriteWorld> {
  const world: RewriteWorld = { engine, made: [] };
  for (const role of ["user", "assistant"] as const) await act(world, { do: "say", on: "main", role });
  await act(world, { do: "exchange", on: "main" });
  for (const name of ["topic", "side"]) await createBranch(engine, { name });
  return world;
}

/** Does one thing; false when there was nothing to do it to. */
export async function runRewrite(world: RewriteWorld, wanted: Rewrite): Promise<boolean> {
  try {
    await act(world, wanted);
    return true;
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
    return false;
  }
}

async function act(world: RewriteWorld, wanted: Rewrite): Promise<void> {
  const { engine, made } = world;
  const text = `text ${made.length}`;
  switch (wanted.do) {
    case "say": {
      const { commits } = await commit(engine, {
        items: [{ content: text, role: wanted.role }],
        branch: wanted.on,
      });
      made.push(...commits.map(({ hash }) => hash));
      return;
    }
    case "exchange": {
      const tool = { content_type: "tool_io", tool_name: "read", call_id: `call-${made.length}` } as const;
      const items = [
        { content: { ...tool, direction: "call", payload: { path: text } } },
        { content: { ...tool, direction: "result", payload: `result of ${text}` } },
      ];
      const { commits } = await commit(engine, { items, branch: wanted.on });
      made.push(...commits.map(({ hash }) => hash));
      return;
    }
    case "edit": {
      const target = at(made, wanted.pick);
      const content = wanted.isSame ? "edited to the same" : `edited on ${wanted.on} after ${made.length}`;
      await commit(engine, { items: [{ content, editTarget: target }], branch: wanted.on });
      return;
    }
    case "judge":
      await annotate(engine, { refs: [at(made, wanted.pick)], priority: wanted.priority, branch: wanted.on });
      return;
    case "configure": {
      const settings = { strategy: "adaptive", recent: 20 + wanted.recent };
      await commit(engine, { items: [{ content: { content_type: "config", settings } }], branch: wanted.on });
      return;
    }
    case "summarise":
      await summariseSome(world, wanted);
      return;
    case "merge": {
      const { source, into, strategy, noFf } = wanted;
      await merge(engine, { source, into, strategy, noFf });
      return;
    }
  }
}

/** Two commits in a row that the branch has. */
async function summariseSome(
  { engine, made }: RewriteWorld,
  { on: branch, pick: first }: { readonly on: RewriteBranch; readonly pick: number },
): Promise<void> {
  const head = await headOf(engine, branch);
  const sources: Hash[] = [];
  for (const hash of made.slice(first % Math.max(made.length - 1, 1)).slice(0, 2))
    if (head !== null && (await engine.store.isReachable(engine.scope.tract, hash, head))) sources.push(hash);
  if (sources.length > 0) await summariseOn(engine, branch, sources, `summary ${made.length}`);
}

function at(made: readonly Hash[], picked: number): Hash {
  const hash = made[picked % Math.max(made.length, 1)];
  if (hash === undefined) throw new Error("a world starts with commits");
  return hash;
}
