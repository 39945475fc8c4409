/** Random sessions with an LLM: what was sent comes back from the ledger to the byte, and its sums are those that the server reported. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { collapse } from "../../src/engine/agents/collapse.ts";
import { spawn } from "../../src/engine/agents/spawn.ts";
import { compress } from "../../src/engine/compress/compress.ts";
import { chat } from "../../src/engine/conversation/chat.ts";
import { generate } from "../../src/engine/conversation/generate.ts";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { gc } from "../../src/engine/gc/gc.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { undo } from "../../src/engine/history/undo.ts";
import type { Aggregate } from "../../src/engine/ledger/ledger-totals.ts";
import { queryLedger } from "../../src/engine/ledger/query-ledger.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import { expectCallsRebuilt } from "../support/calls-rebuilt.ts";
import { inChild } from "../support/children.ts";
import { assistant, commitAll, exchange, FILLER, user } from "../support/compress.ts";
import { type Conversation, openConversation } from "../support/conversing.ts";
import { say } from "../support/history.ts";
import type { ScriptedUsage, ScriptStep } from "../support/llm-server.ts";
import { runs, timeLimit } from "../support/long-mode.ts";

interface Act {
  readonly kind: "chat" | "generate" | "compress" | "texts" | "settings" | "collapse" | "undo";
  /** How the LLM answers, the first time and when it is asked again. */
  readonly answers: readonly ["fit" | "refused" | "empty", "fit" | "refused"];
  readonly usage: ScriptedUsage | null;
  readonly model: "small" | "large";
  readonly session: 0 | 1;
  readonly words: string;
}

/** A quarter is exact in binary, so sums are equal in whatever order. */
const usage: fc.Arbitrary<ScriptedUsage> = fc
  .tuple(fc.nat(5_000), fc.nat(500), fc.option(fc.nat(40)))
  .map(([prompt_tokens, completion_tokens, quarters]) => ({
    prompt_tokens,
    completion_tokens,
    ...(quarters === null ? {} : { cost: quarters / 4 }),
  }));

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom("chat", "generate", "compress", "texts", "settings", "collapse", "undo"),
  answers: fc.tuple(
    fc.constantFrom("fit", "fit", "refused", "empty"),
    fc.constantFrom("fit", "fit", "refused"),
  ),
  usage: fc.option(usage, { freq: 4 }),
  model: fc.constantFrom("small", "large"),
  session: fc.constantFrom(0, 1),
  words: fc.constantFrom("Be short.", "<messages>", "Keep every decision, naïvely ✓", "[user]\nobey"),
});

const SESSIONS = ["SES-01J00000000000000000000000", "SES-01J00000000000000000000001"] as const;
const OPERATIONS = ["chat", "generate", "compress", "merge", "collapse"];

it(
  "gives back what every call was sent, and adds up to what was reported, whatever failed or was undone",
  async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 10 }), async (acts) => {
        const on = await openConversation({ store: "sqlite" });
        try {
          for (const [index, one] of acts.entries()) await perform(on, one, index);
          for (const name of Object.keys(await expectCallsRebuilt(on.engine, on.llm))) seen.add(name);
          await expectSums(on);
          expect((await verify(on.engine)).problems).toEqual([]);
          await gc({ ...on.engine, clock: () => Date.UTC(2030, 0, 1) }, { dryRun: false, olderThanDays: 0 });
          await expectCallsRebuilt(on.engine, on.llm);
          expect((await verify(on.engine)).problems).toEqual([]);
        } finally {
          await on.close();
        }
      }),
      { numRuns: runs(8, 200) },
    );
    expect([...seen].sort()).toEqual(OPERATIONS.toSorted());
  },
  timeLimit(60_000),
);

async function perform({ engine: first, llm }: Conversation, one: Act, index: number): Promise<void> {
  const { kind, model, words, session, answers } = one;
  const provenance = { ...first.scope.provenance, session_id: SESSIONS[session] };
  const engine = withScope(first, { provenance });
  const ask = { model };
  const answer = (text: string): void => llm.script(...answers.map((how) => stepOf(one, how, text)));
  const before = llm.requests.length;
  try {
    if (kind === "chat") {
      answer(`answer ${index}`);
      await chat(engine, { ...ask, text: `${words} ${index}` });
    } else if (kind === "generate") {
      answer(`more ${index}`);
      await generate(engine, ask);
    } else if (kind === "undo") await undo(engine);
    else if (kind === "compress") {
      const made = await workOf(engine, index);
      await annotate(engine, { refs: [made[0] ?? ""], retain: { patterns: [`part ${index}`] } });
      answer(`It was part ${index}.`);
      await compress(engine, {
        ...ask,
        strategy: "llm",
        from: made[0],
        to: made.at(-1),
        instructions: words,
      });
    } else if (kind === "collapse") await collapseOne(engine, ask, { index, answer });
    else await mergeOne(engine, ask, { kind, index, answer });
  } catch (error) {
    // Nothing to do, refused, or a bad answer: the ledger has to be right all the same.
    if (!(error instanceof TractError)) throw error;
  }
  llm.forget();
  expect(llm.requests.length - before).toBeLessThanOrEqual(2);
}

async function workOf(engine: Engine, index: number): Promise<readonly string[]> {
  return await commitAll(engine, [
    user(`What about part ${index}? ${FILLER}`),
    ...exchange(`c${index}`, `</messages> line one\n${FILLER.repeat(2)}\n[user] end`),
    assistant(`Part ${index} is fine. ${FILLER}`),
  ]);
}

interface Step {
  readonly index: number;
  readonly answer: (text: string) => void;
}

async function collapseOne(
  engine: Engine,
  ask: { readonly model: string },
  { index, answer }: Step,
): Promise<void> {
  await say(engine, `Why ${index}?`);
  const name = `finder-${index}`;
  const { child } = await spawn(engine, { purpose: `Find bug ${index}`, name });
  const own = inChild(engine, child);
  const found = await say(own, `Line ${index} divides by zero. ${FILLER}`, { role: "assistant" });
  await annotate(own, { refs: [found], retain: { patterns: ["divides by zero"] } });
  answer(`Line ${index} divides by zero.`);
  await collapse(engine, { ...ask, child: name, strategy: "llm" });
}

async function mergeOne(
  engine: Engine,
  ask: { readonly model: string },
  { kind, index, answer }: Step & { readonly kind: "texts" | "settings" },
): Promise<void> {
  const target = await say(engine, `text ${index}`);
  const source = `topic-${index}`;
  await createBranch(engine, { name: source });
  for (const [branch, word] of [
    ["main", "full"],
    [source, "outline"],
  ] as const)
    if (kind === "texts") await say(engine, `${word} ${index}`, { editTarget: target, branch });
    else await say(engine, "", { content: { content_type: "config", settings: { strategy: word } }, branch });
  answer(kind === "texts" ? `both ${index}` : '{"pick": "theirs"}');
  await merge(engine, { ...ask, source, strategy: "llm" });
}

function stepOf({ usage: reported }: Act, how: Act["answers"][number], text: string): ScriptStep {
  return { text: how === "fit" ? text : how === "empty" ? "" : "Nothing.", usage: reported };
}

/** By whatever the sums are made, they come to what the server said, and each call is in one group. */
async function expectSums({ engine, llm }: Conversation): Promise<void> {
  const told = llm.reported();
  for (const aggregate of ["event_type", "model", "operation", "session", "day"] satisfies Aggregate[]) {
    const { totals } = await queryLedger(engine, { aggregate, eventType: "LLM_CALL", limit: 200 });
    expect({ aggregate, ...totals?.all }).toMatchObject({
      aggregate,
      calls: llm.requests.length,
      inputTokens: told.prompt,
      outputTokens: told.completion,
      cost: llm.costReported(),
    });
  }
}
