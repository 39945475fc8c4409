/** Rules on any over-full history: it ends healthy or says why not, pins stay, and what is compiled is what providers take. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import type { CommitRequestItem } from "../../src/engine/history/commit-items.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { orchestrate } from "../../src/engine/orchestrator/orchestrate.ts";
import { anthropicProblems } from "../support/anthropic-rules.ts";
import { commitAll, exchange } from "../support/compress.ts";
import { openTestEngine } from "../support/engine.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { openAiProblems } from "../support/openai-rules.ts";
import { setBudget, withTools } from "../support/orchestrating.ts";

const text = fc.lorem({ maxCount: 40 });
const priority = fc.constantFrom(undefined, undefined, undefined, "pinned", "important", "skip");
const said = fc.record({ text, priority, role: fc.constantFrom("user", "assistant", "system") });
const used = fc.record({
  id: fc.constantFrom("a", "b", "c"),
  result: text,
  times: fc.integer({ min: 1, max: 20 }),
});
const histories = fc.array(fc.oneof(said, used), { minLength: 2, maxLength: 25 });

function itemsOf(step: { readonly text: string } | { readonly id: string }): readonly CommitRequestItem[] {
  if ("id" in step) {
    const { id, result, times } = step as { id: string; result: string; times: number };
    return exchange(id, result.repeat(times));
  }
  const {
    text: content,
    priority: given,
    role,
  } = step as {
    text: string;
    priority: CommitRequestItem["priority"];
    role: CommitRequestItem["role"];
  };
  return [{ content, role, ...(given === undefined ? {} : { priority: given }) }];
}

test(
  "rules end healthy or blocked with a reason, with pins kept and a context that providers take",
  async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.double({ min: 0.05, max: 1.2, noNaN: true }), async (history, share) => {
        const made = await openTestEngine({ store: "memory" });
        const engine = withTools(made.engine);
        await commitAll(engine, history.flatMap(itemsOf));
        const before = await compile(engine, {});
        await setBudget(engine, Math.max(1, Math.floor(before.tokenCount * share)));
        const pinned = await pins(engine);
        const run = await orchestrate(engine, { autonomy: "autonomous" });
        const { tokens, budget } = run.after;
        if (run.state === "healthy") expect(tokens).toBeLessThanOrEqual(budget?.maxTokens ?? 0);
        else
          expect(run).toMatchObject({ state: "blocked", reason: expect.stringContaining("over its budget") });
        expect(tokens).toBeLessThanOrEqual(run.before.tokens);
        expect(run.steps.map(({ outcome }) => outcome)).toEqual(run.steps.map(() => "done"));
        expect(await pins(engine)).toEqual(pinned);
        const after = await compile(engine, {});
        expect(openAiProblems(after.toOpenAI())).toEqual(openAiProblems(before.toOpenAI()));
        expect(anthropicProblems(after.toAnthropic())).toEqual([]);
        expect(await verify(engine, {})).toMatchObject({ ok: true });
        await made.close();
      }),
      { numRuns: runs(25) },
    );
  },
  timeLimit(60_000),
);

/** Texts of pinned messages, in their order in the context. */
async function pins(engine: Parameters<typeof compile>[0]): Promise<readonly string[]> {
  const { messages, commitHashes } = await compile(engine, {});
  const texts: string[] = [];
  for (const [index, message] of messages.entries())
    for (const commit of commitHashes[index] ?? []) {
      const rows = await engine.store.readCommitAnnotations(engine.scope.tract, commit);
      const [record] = await engine.store.readCommits(engine.scope.tract, [commit]);
      if ((rows.at(-1)?.priority ?? record?.priority) === "pinned") texts.push(JSON.stringify(message));
    }
  return texts;
}
