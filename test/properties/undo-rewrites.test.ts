/** Undoing whatever rewrites and joins history, newest first, restores every state there was, and redoing does as well (spec 3.7, 7.3). */
import fc from "fast-check";
import { expect, it } from "vitest";
import { createCompileCache } from "../../src/engine/compile/cache.ts";
import { type CompiledContext, type CompileRequest, compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { status } from "../../src/engine/history/status.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { anthropicProblems } from "../support/anthropic-rules.ts";
import { openTestEngine } from "../support/engine.ts";
import { allRefs, inWorktree } from "../support/history.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { openAiProblems } from "../support/openai-rules.ts";
import { act, OPENING, rewrite } from "../support/random-operations.ts";

/** A compiled context, or the code of the error that stands for it: a config may ask for a budget that is too small. */
async function compiled(engine: Engine, request: CompileRequest): Promise<CompiledContext | string> {
  try {
    return await compile(engine, request);
  } catch (error) {
    if (error instanceof TractError && error.code === "budget-too-small") return error.code;
    throw error;
  }
}

/** The context as text but for its record. */
async function printed(engine: Engine, request: CompileRequest): Promise<string> {
  const context = await compiled(engine, request);
  if (typeof context === "string") return context;
  const { prefix: _, recordId: __, ...rest } = { ...context };
  return JSON.stringify(rest);
}

/** Where names lead, what each branch compiles to, what is annotated, and what status says. */
async function look(engine: Engine): Promise<unknown> {
  const { store, scope } = engine;
  const refs: Record<string, unknown> = {
    ...(await allRefs(engine, ["branch", "tag", "worktree", "previous"])),
  };
  // A worktree without a row stands on the default branch.
  refs["worktree default"] ??= { branch: "main" };
  const contexts: Record<string, unknown> = {};
  for (const { name } of await store.listRefs(scope.tract, "branch")) {
    const context = await compiled(engine, { ref: name });
    contexts[name] = typeof context === "string" ? context : [context.digest, context.tokenCount];
  }
  const annotations: Record<string, unknown> = {};
  for (const row of await store.readAnnotations(scope.tract, { after: 0, upTo: Number.MAX_SAFE_INTEGER })) {
    const { commit, priority, retain, labels } = row;
    delete annotations[commit];
    if (priority !== null || retain !== null || labels.length > 0)
      annotations[commit] = { priority, retain, labels };
  }
  const { head, branch, tokens, budget, conflicts, unread } = await status(engine);
  return { refs, contexts, annotations, status: { head, branch, tokens, budget, conflicts, unread } };
}

async function expectSound(engine: Engine): Promise<void> {
  const cold = { ...engine, compileCache: createCompileCache(engine.limits) };
  for (const format of ["openai", "anthropic", "messages"] as const)
    expect(await printed(engine, { format })).toBe(await printed(cold, { format }));
  const context = await compiled(engine, { budgetTokens: 1_000_000 });
  if (typeof context === "string") throw new Error("nothing is too large for this budget");
  expect(openAiProblems(context.toOpenAI())).toEqual([]);
  expect(anthropicProblems(context.toAnthropic())).toEqual([]);
}

async function operationCount({ store, scope }: Engine): Promise<number> {
  return (await store.findTract(scope.tract))?.operationSequence ?? 0;
}

const cases = [
  { store: "memory", numRuns: runs(25) },
  { store: "sqlite", numRuns: runs(3, 20) },
] as const;

it.each(cases)(
  "undo and redo of rewrites restore every state, and each of them compiles for both providers ($store)",
  async ({ store, numRuns }) => {
    const done = new Map<string, number>();
    const property = fc.asyncProperty(
      fc.array(rewrite, { minLength: 12, maxLength: 30, size: "max" }),
      async (script) => {
        const test = await openTestEngine({ store });
        const { engine } = test;
        try {
          const states: unknown[] = [await look(engine)];
          for (const what of [...OPENING, ...script]) {
            const before = await operationCount(engine);
            await act(engine, what);
            const count = (await operationCount(engine)) - before;
            if (count === 0) {
              expect(await look(engine)).toEqual(states.at(-1));
              continue;
            }
            expect(count).toBe(1);
            await expectSound(engine);
            states.push(await look(engine));
            done.set(what.do, (done.get(what.do) ?? 0) + 1);
          }
          await undoAndRedo(engine, states);
          expect((await verify(engine)).problems).toEqual([]);
        } finally {
          await test.close();
        }
      },
    );
    await fc.assert(property, { numRuns });
    for (const rewriting of ["merge", "compress", "reorganize", "restore", "import"])
      if (store === "memory") expect(done.get(rewriting), rewriting).toBeGreaterThan(3);
  },
  timeLimit(60_000),
);

/** All of it back to the first state, newest first, and forward again to the last one. */
async function undoAndRedo(engine: Engine, states: readonly unknown[]): Promise<void> {
  const { store, scope } = engine;
  const undos: { readonly worktree: string; readonly operation: string; readonly state: unknown }[] = [];
  for (const [index, state] of [...states.entries()].toReversed()) {
    const [newest] = await store.readOperations(scope.tract, { standing: true, limit: 1 });
    if (index === 0) {
      expect(newest).toBeUndefined();
      break;
    }
    const worktree = newest?.worktree ?? "default";
    const { operationId, undone } = await undo(inWorktree(engine, worktree), { operation: newest?.id });
    expect(undone.id).toBe(newest?.id);
    expect(await look(engine)).toEqual(states[index - 1]);
    await expectSound(engine);
    undos.push({ worktree, operation: operationId ?? "", state });
  }
  expect((await verify(engine)).problems).toEqual([]);
  for (const { worktree, operation, state } of undos.toReversed()) {
    await undo(inWorktree(engine, worktree), { operation });
    expect(await look(engine)).toEqual(state);
    await expectSound(engine);
  }
}
