/** Random histories on SQLite and on the small in-memory model give the same answers to every question. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch, listBranches, renameBranch } from "../../src/engine/history/branch.ts";
import { checkout } from "../../src/engine/history/checkout.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { log } from "../../src/engine/history/log.ts";
import { operations } from "../../src/engine/history/operations.ts";
import { status } from "../../src/engine/history/status.ts";
import { createTag, listTags } from "../../src/engine/history/tag.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { queryLedger } from "../../src/engine/ledger/query-ledger.ts";
import { openTestEngine } from "../support/engine.ts";

const RUNS = Number(process.env.TRACT_PROPERTY_RUNS ?? 25);

type Step = (engine: Engine) => Promise<unknown>;

const name = fc.constantFrom("a", "b", "c");
const ref = fc.constantFrom("HEAD", "HEAD~1", "HEAD~3", "main", "a", "b", "v1", "@{2}");
const text = fc.constantFrom("short", "a longer text that says more", "同じ", "");
const priority = fc.constantFrom("skip", "normal", "important", "pinned");

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(text, fc.constantFrom("user", "assistant", "system")).map(
      ([content, role]) =>
        (on: Engine) =>
          commit(on, { items: [{ content, role } as const] }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(text, ref).map(
      ([content, editTarget]) =>
        (on: Engine) =>
          commit(on, { items: [{ content, editTarget }] }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(text, { minLength: 1, maxLength: 4 })
      .map((texts) => (on: Engine) => commit(on, { items: texts.map((content) => ({ content })) })),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(name, ref, fc.boolean()).map(
      ([branch, from, isSwitch]) =>
        (on: Engine) =>
          createBranch(on, { name: branch, from, switch: isSwitch }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(name, fc.boolean()).map(
      ([branch, force]) =>
        (on: Engine) =>
          deleteBranch(on, { name: branch, force }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(name, name).map(
      ([from, to]) =>
        (on: Engine) =>
          renameBranch(on, { name: from, newName: to }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.oneof(ref, fc.constant("-")).map((to) => (on: Engine) => checkout(on, { ref: to })),
  },
  { weight: 1, arbitrary: ref.map((at) => (on: Engine) => createTag(on, { name: "v1", ref: at })) },
  {
    weight: 2,
    arbitrary: fc.tuple(ref, priority).map(
      ([at, level]) =>
        (on: Engine) =>
          annotate(on, { refs: [at], priority: level } as Parameters<typeof annotate>[1]),
    ),
  },
  { weight: 2, arbitrary: fc.boolean().map((force) => (on: Engine) => undo(on, { force })) },
);

/** The outcome of a step, so that refusals are compared as well. */
async function attempt(engine: Engine, run: Step): Promise<unknown> {
  try {
    return await run(engine);
  } catch (error) {
    if (error instanceof TractError) return error.toJSON();
    throw error;
  }
}

/** Everything a caller can ask. */
async function answers(engine: Engine): Promise<unknown> {
  const { store: _, ...state } = await status(engine, {});
  const compiled = [];
  for (const format of ["openai", "anthropic"] as const) {
    const { messages, tokenCount, digest, omitted } = await compile(engine, { format });
    compiled.push({ messages, tokenCount, digest, omitted });
  }
  return {
    state,
    compiled,
    log: await log(engine, {}),
    branches: await listBranches(engine),
    tags: await listTags(engine),
    operations: await operations(engine, {}),
    ledger: await queryLedger(engine, { metadata: "full", limit: 200 }),
  };
}

it("SQLite and the model agree after every step of a random history", { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 18 }), async (steps) => {
      const [sqlite, model] = await Promise.all([openTestEngine(), openTestEngine({ store: "memory" })]);
      try {
        for (const run of steps)
          expect(await attempt(sqlite.engine, run)).toEqual(await attempt(model.engine, run));
        expect(await answers(sqlite.engine)).toEqual(await answers(model.engine));
      } finally {
        await Promise.all([sqlite.close(), model.close()]);
      }
    }),
    { numRuns: RUNS },
  );
});
