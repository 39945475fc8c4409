import fc from "fast-check";
import { expect, it } from "vitest";
import { type CompiledContext, compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { NO_ANNOTATION } from "../../src/engine/history/annotation-state.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { checkout } from "../../src/engine/history/checkout.ts";
import { linearize } from "../../src/engine/history/linearize.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { type ReorganizeResult, reorganize } from "../../src/engine/rewrite/reorganize.ts";
import type { ReorganizeRequest } from "../../src/engine/rewrite/reorganize-request.ts";
import type { Hash } from "../../src/storage/records.ts";
import type { ChainCommit } from "../../src/storage/store.ts";
import { anthropicProblems } from "../support/anthropic-rules.ts";
import { openTestEngine } from "../support/engine.ts";
import { allRefs, inWorktree, say } from "../support/history.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { openAiProblems } from "../support/openai-rules.ts";
import { act, action } from "../support/random-actions.ts";
import { MERGE_BRANCHES, mergingStep, startMergeWorld, work } from "../support/random-merges.ts";

/** Whatever config commits say: a longer context may be over their budget, and an outline depends on what is recent. */
const WHOLE = { strategy: "full", budgetTokens: 1_000_000 } as const;

async function look(engine: Engine, ref: string): Promise<CompiledContext> {
  return await compile(engine, { ref, ...WHOLE });
}

/** The same after a squash without a content of its own; a summary then stands for fewer commits. */
function textOf({ messages }: CompiledContext): string {
  const texts = messages.flatMap(({ content }) => (content === "" ? [] : String(content)));
  return texts.join("\n\n").replace(/Summary of \d+ earlier messages?/g, "Summary");
}

async function problemsOf(engine: Engine, ref: string): Promise<readonly string[]> {
  const whole = await look(engine, ref);
  const { messages } = await compile(engine, { ref, ...WHOLE, format: "openai" });
  return [...openAiProblems(messages), ...anthropicProblems(whole.toAnthropic())];
}

async function order(engine: Engine, ref: string): Promise<readonly ChainCommit[]> {
  const value = (await engine.store.readRef("test", "branch", ref))?.value;
  const head = value !== undefined && "commit" in value ? value.commit : null;
  return head === null ? [] : linearize((await engine.store.readChain("test", head)) ?? [], head);
}

/** What a history holds, whatever the order: content hashes, but texts of summaries, whose sources get other hashes. */
function contents(rows: readonly ChainCommit[]): readonly string[] {
  return rows.flatMap(({ commit, body }) => {
    if (commit.contentHash === null) return [];
    return commit.contentType === "summary" ? `summary ${JSON.parse(body ?? "{}").text}` : commit.contentHash;
  });
}

const sorted = (values: readonly string[]): readonly string[] => [...values].sort();

async function newestAnnotation(engine: Engine, commit: Hash): Promise<unknown> {
  const { priority, retain, labels } =
    (await engine.store.readCommitAnnotations("test", commit)).at(-1) ?? NO_ANNOTATION;
  return { priority, retain, labels };
}

async function expectSound(engine: Engine, ref: string): Promise<void> {
  const places = new Map((await order(engine, ref)).map(({ commit }, index) => [commit.hash, index]));
  for (const { commit } of await order(engine, ref))
    if (commit.editTarget !== null)
      expect(places.get(commit.editTarget)).toBeLessThan(places.get(commit.hash) ?? -1);
  expect(await problemsOf(engine, ref)).toEqual([]);
  expect((await verify(engine, {})).problems).toEqual([]);
}

async function branches(engine: Engine): Promise<readonly string[]> {
  return (await engine.store.listRefs("test", "branch")).flatMap(({ name, value }) =>
    "commit" in value && value.commit !== null ? name : [],
  );
}

/** With more edits and merges than there are among actions of all kinds. */
const actions = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: action },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("edit" as const),
        back: fc.nat({ max: 4 }),
        text: fc.lorem({ maxCount: 2 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("branch" as const),
        name: fc.constantFrom("main", "one"),
        back: fc.nat({ max: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("join" as const), name: fc.constantFrom("main", "one") }),
    },
  ),
  { minLength: 10, maxLength: 24, size: "max" },
);

/** A branch that shares nothing with the others. */
async function makeStranger(engine: Engine): Promise<void> {
  const elsewhere = inWorktree(engine, "elsewhere");
  await createBranch(elsewhere, { name: "stranger", switch: true });
  await say(elsewhere, "elsewhere");
}

async function expectPlainReplay(engine: Engine, branch: string): Promise<void> {
  const before = await order(engine, branch);
  const shown = await look(engine, branch);
  const done = await reorganize(engine, { onto: "stranger", branch });
  const after = await order(engine, branch);
  expect((await look(engine, branch)).messages).toEqual([
    ...(await look(engine, "stranger")).messages,
    ...shown.messages,
  ]);
  expect(sorted(contents(after.slice(1)))).toEqual(sorted(contents(before)));
  expect(after.every(({ commit }) => commit.parents.length < 2)).toBe(true);
  for (const { from, to } of done.mapping) {
    if (to !== null) expect(await newestAnnotation(engine, to)).toEqual(await newestAnnotation(engine, from));
  }
  expect(["merge-flattened", "conflicts-untracked"]).toEqual(
    expect.arrayContaining(done.warnings.map(({ kind }) => kind)),
  );
  expect(done.tokensAfter).toBe(
    (await compile(engine, { ref: branch, budgetTokens: WHOLE.budgetTokens })).tokenCount,
  );
  await expectSound(engine, branch);
  await undo(engine);
  expect((await look(engine, branch)).messages).toEqual(shown.messages);
}

const cases = [
  { store: "memory", numRuns: runs(60) },
  { store: "sqlite", numRuns: runs(4) },
] as const;

it.each(cases)(
  "a plain replay onto another root shows the same messages, keeps every content and annotation, and is undone exactly ($store)",
  async ({ store, numRuns }) => {
    const property = fc.asyncProperty(actions, async (script) => {
      const test = await openTestEngine({ store });
      const { engine } = test;
      try {
        await makeStranger(engine);
        for (const what of script) await act(engine, what);
        for (const branch of await branches(engine)) {
          if (branch === "stranger") continue;
          await expectPlainReplay(engine, branch);
        }
      } finally {
        await test.close();
      }
    });
    await fc.assert(property, { numRuns });
  },
  timeLimit(60_000),
);

it(
  "a plain replay of histories with merges of every strategy shows the same messages",
  async () => {
    const property = fc.asyncProperty(
      fc.array(mergingStep, { minLength: 8, maxLength: 20, size: "max" }),
      async (script) => {
        const test = await openTestEngine({ store: "memory" });
        const { engine } = test;
        try {
          await makeStranger(engine);
          const world = await startMergeWorld(engine);
          for (const wanted of script) await work(world, wanted);
          for (const branch of MERGE_BRANCHES) await expectPlainReplay(engine, branch);
        } finally {
          await test.close();
        }
      },
    );
    await fc.assert(property, { numRuns: runs(40) });
  },
  timeLimit(60_000),
);

/** Places in the linear order, counted from its end as parts of 1. */
const pick = fc.double({ min: 0, max: 0.999, noNaN: true });
const wish = fc.record({
  onto: fc.option(fc.oneof(fc.constantFrom("stranger", "one"), pick), { nil: undefined, freq: 2 }),
  from: fc.option(pick, { nil: undefined, freq: 3 }),
  order: fc.array(pick, { maxLength: 4 }),
  drop: fc.array(pick, { maxLength: 2 }),
  squash: fc.option(pick, { nil: undefined, freq: 2 }),
  reword: fc.option(pick, { nil: undefined, freq: 2 }),
  onMissingTarget: fc.constantFrom(undefined, undefined, "error", "as_append", "with_target", "drop"),
  force: fc.constantFrom(true, true, false),
});

/** What a wish comes to in a history: the named commits mostly come after the base. */
function requestOf(
  wanted: typeof wish extends fc.Arbitrary<infer Wish> ? Wish : never,
  rows: readonly ChainCommit[],
): ReorganizeRequest {
  const { drop, force, onMissingTarget, reword, squash } = wanted;
  const plain = rows.filter(({ commit }) => commit.operation !== "merge").slice(-12);
  const hash = (pool: readonly ChainCommit[], part: number): string =>
    pool[Math.floor(part * pool.length)]?.commit.hash ?? "HEAD";
  const start = wanted.from === undefined ? 0 : Math.floor((wanted.from * plain.length) / 2);
  const onto = typeof wanted.onto === "number" ? hash(plain, wanted.onto / 2) : wanted.onto;
  const pool = plain.slice(start + 1);
  const several = (parts: readonly number[]): readonly string[] => [
    ...new Set(parts.map((part) => hash(pool, part))),
  ];
  const pairs = pool.slice(1).map((row, i) => [pool[i] ?? row, row] as const);
  const alike = pairs.filter(
    ([a, b]) => a.commit.contentType === "dialogue" && a.commit.role === b.commit.role,
  );
  const run = (part: number): readonly string[] => {
    const from = alike.length > 0 ? alike : pairs;
    return from[Math.floor(part * from.length)]?.map(({ commit }) => commit.hash) ?? [];
  };
  const dropped = several(drop);
  const reworded = [reword ?? []].flat().map((part) => hash(pool, part));
  const how =
    squash !== undefined
      ? { squash: [run(squash)] }
      : {
          order: several(wanted.order),
          drop: dropped,
          reword: reworded
            .filter((ref) => !dropped.includes(ref))
            .map((ref) => ({ ref, message: "reworded" })),
        };
  return {
    ...(onto === undefined ? {} : { onto }),
    ...(wanted.from === undefined ? {} : { from: hash(plain.slice(start), 0) }),
    ...how,
    onMissingTarget,
    force,
  };
}

async function attempt(engine: Engine, request: ReorganizeRequest): Promise<ReorganizeResult | null> {
  const before = [await allRefs(engine), await engine.store.findTract("test")];
  try {
    return await reorganize(engine, request);
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
    expect(["edit-target", "invalid-argument", "not-found", "nothing-to-do"]).toContain(error.code);
    expect([await allRefs(engine), await engine.store.findTract("test")]).toEqual(before);
    return null;
  }
}

it(
  "any reorganize is refused and changes nothing, or leaves a sound history without what was left out alone",
  async () => {
    let done = 0;
    const property = fc.asyncProperty(
      actions,
      fc.array(wish, { minLength: 3, maxLength: 3 }),
      async (script, wishes) => {
        const test = await openTestEngine({ store: "memory" });
        const { engine } = test;
        try {
          await makeStranger(engine);
          for (const what of script) await act(engine, what);
          const branch = (await branches(engine)).find((name) => name !== "stranger");
          if (branch === undefined) return;
          await checkout(engine, { ref: branch });
          for (const wanted of wishes) {
            const before = await order(engine, branch);
            const shown = await look(engine, branch);
            const foretold = await foresee(engine, requestOf(wanted, before));
            const result = await attempt(engine, requestOf(wanted, before));
            expect(result?.warnings).toEqual(foretold?.warnings);
            if (result === null) continue;
            done += 1;
            await expectSound(engine, branch);
            await expectAllAccountedFor(engine, result, before, branch);
            if (wanted.onto === undefined) await expectNothingElseLost(engine, result, before, branch);
            const after = await look(engine, branch);
            const isReordered = result.warnings.some(({ kind }) => kind === "reordered");
            if (wanted.squash !== undefined && wanted.onto === undefined && !isReordered)
              expect(textOf(after)).toBe(textOf(shown));
            await undo(engine);
            expect((await look(engine, branch)).messages).toEqual(shown.messages);
            await undo(engine, {
              operation: (await engine.store.readOperations("test", { limit: 1 }))[0]?.id,
            });
            expect((await look(engine, branch)).messages).toEqual(after.messages);
          }
        } finally {
          await test.close();
        }
      },
    );
    await fc.assert(property, { numRuns: runs(120) });
    expect(done).toBeGreaterThan(30);
  },
  timeLimit(60_000),
);

async function foresee(engine: Engine, request: ReorganizeRequest): Promise<ReorganizeResult | null> {
  const before = [await allRefs(engine), await engine.store.findTract("test")];
  const planned = await attempt(engine, { ...request, dryRun: true });
  expect([await allRefs(engine), await engine.store.findTract("test")]).toEqual(before);
  return planned;
}

/** No commit goes without a word: it stays, has a successor or is said to have none, or is told to be left out. */
async function expectAllAccountedFor(
  engine: Engine,
  { mapping, warnings }: ReorganizeResult,
  before: readonly ChainCommit[],
  branch: string,
): Promise<void> {
  const after = new Set((await order(engine, branch)).map(({ commit }) => commit.hash));
  const told = new Set([
    ...after,
    ...mapping.map(({ from }) => from),
    ...warnings.flatMap(({ kind, commits }) => (kind === "left-out" ? commits : [])),
  ]);
  for (const { commit } of before) if (commit.operation !== "merge") expect(told.has(commit.hash)).toBe(true);
  for (const { to } of mapping) if (to !== null) expect(after.has(to)).toBe(true);
}

/** Everything that is not mapped to nothing, and not joined, is there with its content and annotation. */
async function expectNothingElseLost(
  engine: Engine,
  { mapping }: ReorganizeResult,
  before: readonly ChainCommit[],
  branch: string,
): Promise<void> {
  const times = new Map<Hash | null, number>();
  for (const { to } of mapping) times.set(to, (times.get(to) ?? 0) + 1);
  const isGone = new Set(
    mapping.filter(({ to }) => to === null || (times.get(to) ?? 0) > 1).map(({ from }) => from),
  );
  const isJoined = new Set([...times].filter(([to, count]) => to !== null && count > 1).map(([to]) => to));
  // An edit of a summary that is a message now is a dialogue.
  const isPlain = ({ commit }: ChainCommit): boolean => commit.contentType !== "summary";
  const after = await order(engine, branch);
  const made = new Map(after.map((row) => [row.commit.hash, row]));
  const converted = new Set(
    mapping.flatMap(({ from, to }) => {
      const old = before.find(({ commit }) => commit.hash === from);
      return to !== null && old !== undefined && !isPlain(old) ? to : [];
    }),
  );
  expect(
    sorted(
      contents(after.filter((row) => !isJoined.has(row.commit.hash) && !converted.has(row.commit.hash))),
    ),
  ).toEqual(
    sorted(
      contents(
        before.filter(
          (row) =>
            !isGone.has(row.commit.hash) &&
            (isPlain(row) || !mapping.some(({ from }) => from === row.commit.hash)),
        ),
      ),
    ),
  );
  for (const { from, to } of mapping) {
    if (to === null || isJoined.has(to)) continue;
    expect(made.has(to)).toBe(true);
    expect(await newestAnnotation(engine, to)).toEqual(await newestAnnotation(engine, from));
  }
}
