/** Random things to do to a history, whole operations that rewrite and join it among them: each does one operation, or is refused. */
import fc from "fast-check";
import { collapse } from "../../src/engine/agents/collapse.ts";
import { send } from "../../src/engine/agents/send.ts";
import { spawn } from "../../src/engine/agents/spawn.ts";
import { compress } from "../../src/engine/compress/compress.ts";
import { uncompress } from "../../src/engine/compress/uncompress.ts";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { deleteBranch } from "../../src/engine/history/branch.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { log } from "../../src/engine/history/log.ts";
import { reset } from "../../src/engine/history/reset.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import type { MergeStrategy } from "../../src/engine/merge/merge-types.ts";
import { importCommit } from "../../src/engine/rewrite/import-commit.ts";
import { reorganize } from "../../src/engine/rewrite/reorganize.ts";
import { type Restorable, restore } from "../../src/engine/rewrite/restore.ts";
import type { OnMissingTarget } from "../../src/engine/rewrite/rewrite-warning.ts";
import { FILLER } from "./compress.ts";
import { type Action, act as actSimply, action as simpleAction } from "./random-actions.ts";

type Simple = Exclude<Action, { readonly do: "undo" | "join" }>;

export type Rewrite =
  | Simple
  | { readonly do: "work"; readonly count: number }
  | {
      readonly do: "merge";
      readonly source: string;
      readonly strategy: MergeStrategy | undefined;
      readonly noFf: boolean;
      readonly deleteSource: boolean;
    }
  | {
      readonly do: "compress";
      readonly strategy: "mask" | "dedupe" | "extract" | "manual";
      readonly back: number;
      readonly count: number;
    }
  | { readonly do: "uncompress"; readonly index: number }
  | {
      readonly do: "reorganize";
      readonly how: "drop" | "swap" | "squash" | "reword" | "onto";
      readonly back: number;
      readonly onto: string;
      readonly onMissingTarget: OnMissingTarget;
    }
  | { readonly do: "restore"; readonly back: number; readonly only: Restorable | undefined }
  | { readonly do: "import"; readonly ref: string; readonly onMissingTarget: OnMissingTarget }
  | { readonly do: "reset"; readonly back: number }
  | { readonly do: "delete"; readonly name: string }
  | { readonly do: "spawn"; readonly inherit: "head" | "full" | "none" }
  | { readonly do: "child says"; readonly text: string }
  | { readonly do: "collapse" }
  | { readonly do: "send"; readonly text: string };

const CHILD = "helper";
const back = fc.integer({ min: 0, max: 8 });
const name = fc.constantFrom("main", "one", "two");
const onMissingTarget = fc.constantFrom("as_append" as const, "with_target", "drop", "error");
const text = fc.lorem({ maxCount: 6 });

function does<const Name extends string, Fields extends object>(
  what: Name,
  fields: { readonly [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> },
): fc.Arbitrary<{ readonly do: Name } & Fields> {
  return fc.record(fields).map((chosen) => ({ do: what, ...(chosen as Fields) })); // A record of these arbitraries.
}

const simple = simpleAction.filter((one): one is Simple => one.do !== "undo" && one.do !== "join");

export const rewrite: fc.Arbitrary<Rewrite> = fc.oneof(
  { weight: 14, arbitrary: simple },
  { weight: 5, arbitrary: does("branch", { name, back }) },
  { weight: 4, arbitrary: does("work", { count: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 10,
    arbitrary: does("merge", {
      source: fc.oneof({ weight: 5, arbitrary: name }, { weight: 1, arbitrary: fc.constant(CHILD) }),
      strategy: fc.constantFrom(undefined, "ours" as const, "theirs", "both", "record", "record"),
      noFf: fc.boolean(),
      deleteSource: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 6,
    arbitrary: does("compress", {
      strategy: fc.constantFrom("mask" as const, "dedupe", "extract", "manual", "manual"),
      back,
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 4, arbitrary: does("uncompress", { index: fc.nat({ max: 3 }) }) },
  {
    weight: 5,
    arbitrary: does("reorganize", {
      how: fc.constantFrom("drop" as const, "swap", "squash", "reword", "onto"),
      back,
      onto: name,
      onMissingTarget,
    }),
  },
  {
    weight: 3,
    arbitrary: does("restore", {
      back,
      only: fc.constantFrom(undefined, undefined, "commits" as const, "config", "annotations"),
    }),
  },
  {
    weight: 3,
    arbitrary: does("import", {
      ref: fc.oneof(
        name,
        back.map((n) => `HEAD~${n}`),
      ),
      onMissingTarget,
    }),
  },
  { weight: 1, arbitrary: does("reset", { back }) },
  { weight: 1, arbitrary: does("delete", { name }) },
  { weight: 3, arbitrary: does("spawn", { inherit: fc.constantFrom("head" as const, "full", "none") }) },
  { weight: 4, arbitrary: does("child says", { text }) },
  { weight: 3, arbitrary: fc.constant({ do: "collapse" as const }) },
  { weight: 1, arbitrary: does("send", { text }) },
);

/** Three branches that have parted, so that there is something to join and to rewrite. */
export const OPENING: readonly Rewrite[] = [
  { do: "work", count: 2 },
  { do: "branch", name: "one", back: 1 },
  { do: "work", count: 1 },
  { do: "edit", back: 5, text: "As one has it." },
  { do: "branch", name: "two", back: 3 },
  { do: "commit", items: [{ content: "Two goes on." }] },
  { do: "branch", name: "main", back: 0 },
  { do: "edit", back: 2, text: "As main has it." },
];

/** Does it; one that has nothing to act on is refused and changes nothing. */
export async function act(engine: Engine, what: Rewrite): Promise<void> {
  try {
    await attempt(engine, what);
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
  }
}

async function attempt(engine: Engine, what: Rewrite): Promise<unknown> {
  switch (what.do) {
    case "work":
      return await commit(engine, { items: Array.from({ length: what.count }, exchangeOf).flat() });
    case "merge": {
      const { source, strategy, noFf, deleteSource } = what;
      return await merge(engine, { source, strategy, noFf, deleteSource });
    }
    case "compress":
      return await compressSome(engine, what);
    case "uncompress": {
      const summary = (await log(engine, { operation: "summary", limit: 4 })).entries[what.index];
      return summary === undefined ? null : await uncompress(engine, { summary: summary.hash });
    }
    case "reorganize":
      return await reorganizeSome(engine, what);
    case "restore":
      return await restore(engine, { ref: `HEAD~${what.back}`, only: what.only });
    case "import":
      return await importCommit(engine, { refs: [what.ref], onMissingTarget: what.onMissingTarget });
    case "reset":
      return await reset(engine, { ref: `HEAD~${what.back}` });
    case "delete":
      return await deleteBranch(engine, { name: what.name, force: true });
    case "spawn":
      return await spawn(engine, { purpose: "Help", name: CHILD, inherit: what.inherit });
    case "child says":
      return await commit(withScope(engine, { worktree: CHILD, createWorktree: false }), {
        items: [{ content: what.text, role: "assistant" }],
      });
    case "collapse":
      return await collapse(engine, { child: CHILD });
    case "send":
      return await send(engine, { to: "default", content: what.text });
    default:
      return await actSimply(engine, what);
  }
}

/** A question, a call and its long result: what compress is for. */
function exchangeOf(_: unknown, index: number) {
  const io = { content_type: "tool_io", tool_name: "read", call_id: `w${index}` };
  return [
    { content: `Look at ${index}. ${FILLER}` },
    { content: { ...io, direction: "call", payload: JSON.stringify({ path: `file-${index}` }) } },
    { content: { ...io, direction: "result", payload: `${index}: ${FILLER.repeat(3)}` } },
  ];
}

async function compressSome(
  engine: Engine,
  { strategy, back: to, count }: Extract<Rewrite, { readonly do: "compress" }>,
): Promise<unknown> {
  if (strategy === "mask" || strategy === "dedupe")
    return await compress(engine, { strategy, ...(strategy === "mask" ? { keep: to % 3 } : {}) });
  const range = { from: `HEAD~${to + count}`, to: `HEAD~${to}` };
  return strategy === "extract"
    ? await compress(engine, { ...range, strategy })
    : await compress(engine, { ...range, summary: "So far so good." });
}

async function reorganizeSome(
  engine: Engine,
  { how, back: at, onto, onMissingTarget }: Extract<Rewrite, { readonly do: "reorganize" }>,
): Promise<unknown> {
  const [older, newer] = [`HEAD~${at + 1}`, `HEAD~${at}`];
  const rest = { onMissingTarget, force: true };
  switch (how) {
    case "drop":
      return await reorganize(engine, { drop: [newer], ...rest });
    case "swap":
      return await reorganize(engine, { order: [newer, older], ...rest });
    case "squash":
      return await reorganize(engine, { squash: [[older, newer]], ...rest });
    case "reword":
      return await reorganize(engine, { reword: [{ ref: newer, message: "In other words" }], ...rest });
    case "onto":
      return await reorganize(engine, { onto, ...rest });
  }
}
