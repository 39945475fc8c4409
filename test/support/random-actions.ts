/** Random things to do to a context, summaries and joined branches among them: for properties that hold whatever is done. */
import fc from "fast-check";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch, switchBranch } from "../../src/engine/history/branch.ts";
import { commit } from "../../src/engine/history/commit.ts";
import type { CommitRequestItem } from "../../src/engine/history/commit-items.ts";
import { log } from "../../src/engine/history/log.ts";
import { PLAIN_ITEM } from "../../src/engine/history/plan-commit.ts";
import { readSite } from "../../src/engine/history/snapshot.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { commitItem, reveal, summarise } from "./summaries.ts";

/** Something that an agent may do to its context. */
export type Action =
  | { readonly do: "commit"; readonly items: readonly CommitRequestItem[] }
  | { readonly do: "edit"; readonly back: number; readonly text: string }
  | {
      readonly do: "annotate";
      readonly back: number;
      readonly priority: "skip" | "normal" | "important" | "pinned" | null;
    }
  | { readonly do: "branch"; readonly name: string; readonly back: number }
  | { readonly do: "summarise"; readonly back: number; readonly count: number; readonly isFirm: boolean }
  | { readonly do: "reveal"; readonly index: number }
  | { readonly do: "join"; readonly name: string }
  | { readonly do: "undo" };

const text = fc.lorem({ maxCount: 8 });
const dialogue = fc
  .record({ role: fc.constantFrom("user", "assistant"), text })
  .map((said) => ({ content_type: "dialogue", ...said }));
const tool = fc
  .record({ direction: fc.constantFrom("call", "result"), call_id: fc.constantFrom("a", "b"), payload: text })
  .map((io) => ({ content_type: "tool_io", tool_name: "search", ...io }));
const rule = fc
  .record({ name: fc.constantFrom(null, "style"), text })
  .map((said) => ({ content_type: "instruction", ...said }));
const settings = fc
  .constantFrom(
    { strategy: "adaptive", recent: 3 },
    { strategy: "outline" },
    { strategy: null },
    { compile_budget: 90 },
    { compile_budget: null },
  )
  .map((values) => ({ content_type: "config", settings: values }));
const content = fc.oneof(
  { weight: 6, arbitrary: dialogue },
  { weight: 5, arbitrary: tool },
  { weight: 1, arbitrary: rule },
  { weight: 1, arbitrary: settings },
);
const item = fc.record({
  content,
  priority: fc.constantFrom(undefined, undefined, undefined, undefined, "pinned" as const, "skip"),
});
const back = fc.integer({ min: 0, max: 6 });
export const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("commit" as const),
      items: fc.array(item, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("edit" as const), back, text }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("annotate" as const),
      back,
      priority: fc.constantFrom(null, "skip" as const, "normal", "important", "pinned"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("branch" as const),
      name: fc.constantFrom("main", "one", "two"),
      back,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "undo" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("summarise" as const),
      back,
      count: fc.integer({ min: 1, max: 4 }),
      isFirm: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("reveal" as const), index: fc.integer({ min: 0, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("join" as const), name: fc.constantFrom("main", "one", "two") }),
  },
);

/** Does an action; one that has nothing to act on is refused and changes nothing. */
export async function act(engine: Engine, what: Action): Promise<void> {
  try {
    if (what.do === "commit") await commit(engine, { items: what.items });
    else if (what.do === "edit")
      await commit(engine, { items: [{ content: what.text, editTarget: `HEAD~${what.back}` }] });
    else if (what.do === "annotate")
      await annotate(engine, { refs: [`HEAD~${what.back}`], priority: what.priority });
    else if (what.do === "undo") await undo(engine);
    else if (what.do === "summarise") await summariseSome(engine, what);
    else if (what.do === "reveal") await revealOne(engine, what.index);
    else if (what.do === "join") await join(engine, what.name);
    else await goToBranch(engine, what);
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
  }
}

async function summariseSome(
  engine: Engine,
  { back: from, count, isFirm }: { readonly back: number; readonly count: number; readonly isFirm: boolean },
): Promise<void> {
  const { entries } = await log(engine, { limit: 12 });
  const sources = entries
    .filter(({ operation, role }) => role !== null && (operation === "append" || operation === "summary"))
    .slice(from, from + count)
    .map(({ hash }) => hash)
    .reverse();
  if (sources.length === 0) return;
  await summarise(engine, sources, isFirm ? "" : `about ${count} things`, isFirm ? "restore" : "manual");
}

async function revealOne(engine: Engine, index: number): Promise<void> {
  const { entries } = await log(engine, { operation: "summary", limit: 4 });
  const summary = entries[index]?.hash;
  if (summary !== undefined) await reveal(engine, summary);
}

/** A merge without a look at conflicts: compile takes whatever history there is. */
async function join(engine: Engine, name: string): Promise<void> {
  const site = await readSite(engine, {});
  const other = await readSite(engine, { branch: name });
  if (site.head === null || other.head === null || site.head.hash === other.head.hash) return;
  const message = `Merge ${name}`;
  await commitItem(engine, {
    ...PLAIN_ITEM,
    content: null,
    operation: "merge",
    message,
    mergedTips: [other.head],
  });
}

async function goToBranch(
  engine: Engine,
  { name, back }: { readonly name: string; readonly back: number },
): Promise<void> {
  const known = (await engine.store.readRef(engine.scope.tract, "branch", name)) !== null;
  if (known) await switchBranch(engine, { name });
  else await createBranch(engine, { name, from: `HEAD~${back}`, switch: true });
}
