/** The k-th storage call fails, for all k, while an LLM is asked: the message and the reply are each there wholly or not, and a paid answer is in the ledger (spec 7.3). */
import { afterAll, beforeAll, expect, it } from "vitest";
import { collapse } from "../../src/engine/agents/collapse.ts";
import { spawn } from "../../src/engine/agents/spawn.ts";
import { compress } from "../../src/engine/compress/compress.ts";
import { chat } from "../../src/engine/conversation/chat.ts";
import { generate } from "../../src/engine/conversation/generate.ts";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import { withTractErrors } from "../../src/engine/store-failure.ts";
import type { Store } from "../../src/storage/store.ts";
import { failingStore } from "../support/failing-store.ts";
import { say } from "../support/history.ts";
import { createPreparer, engineOn, type Prepared } from "../support/prepared-store.ts";
import { setScene } from "../support/writing-operations.ts";

const CALLS_MAX = 1_000;
const REPLY =
  "Parts 0, 1, 2 and 3 are fine: notes-c0.txt, notes-c1.txt, notes-c2.txt and notes-c3.txt say so.";

interface Asking {
  readonly name: string;
  readonly prepare?: (engine: Engine) => Promise<unknown>;
  readonly act: (engine: Engine) => Promise<unknown>;
  /** Operations it makes when all goes well. */
  readonly operations: number;
}

const ASKING: readonly Asking[] = [
  { name: "chat", act: (engine) => chat(engine, { text: "Is it fine?" }), operations: 2 },
  {
    name: "generate",
    prepare: (engine) => say(engine, "Is it fine?"),
    act: (engine) => generate(engine, {}),
    operations: 1,
  },
  {
    name: "compress by an LLM",
    act: (engine) => compress(engine, { from: "question", to: "verdict", strategy: "llm" }),
    operations: 1,
  },
  {
    name: "merge by an LLM",
    act: (engine) => merge(engine, { source: "rival", strategy: "llm" }),
    operations: 1,
  },
  {
    name: "collapse by an LLM",
    prepare: async (engine) => {
      const { child } = await spawn(engine, { purpose: "Find the bug", name: "helper", as: "branch" });
      const own = withScope(engine, { worktree: child.worktree, createWorktree: false });
      await say(own, "The bug is in part 3.", { role: "assistant" });
    },
    act: (engine) => collapse(engine, { child: "helper", strategy: "llm" }),
    operations: 1,
  },
];

const preparer = createPreparer("memory");
let scene: Prepared<unknown>;
beforeAll(async () => {
  scene = await preparer.prepare(null, 1, setScene);
});
afterAll(preparer.close);

/** With an LLM that counts how often it is asked. */
function askingEngine(store: Store): { readonly engine: Engine; readonly asked: () => number } {
  let asked = 0;
  const client = {
    chat: async () => {
      asked += 1;
      return { text: REPLY, model: "m", usage: { inputTokens: 10, outputTokens: 5 } };
    },
  };
  const engine = { ...engineOn(store, 20), llm: { client, model: "m", isOwn: false } };
  return { engine, asked: () => asked };
}

interface Counts {
  readonly commits: number;
  readonly operations: number;
  readonly asked: number;
}

async function countsIn(store: Store): Promise<Counts> {
  const tract = "test";
  return {
    commits: (await store.scanCommits(tract, 0, CALLS_MAX)).rows.length,
    operations: (await store.scanOperations(tract, 0, CALLS_MAX)).rows.length,
    asked: (await store.readLedger(tract, { eventTypes: ["LLM_CALL"], order: "asc", limit: CALLS_MAX }))
      .length,
  };
}

it.each(ASKING)("$name is done step by step or not at all, and can be done again", async (asking) => {
  const start = await preparer.prepare(scene, 2, async (engine) => await asking.prepare?.(engine));
  const before = await countsIn(await start.copy());
  for (let k = 1; k <= CALLS_MAX; k++) {
    const store = await start.copy();
    const failing = failingStore(store, k);
    const { engine, asked } = askingEngine(store);
    const failure = await withTractErrors(asking.act({ ...engine, store: failing.store })).then(
      () => null,
      (error: unknown) => error,
    );
    const after = await countsIn(store);
    const made = after.operations - before.operations;
    if (failure === null) expect(made, `call ${k}`).toBe(asking.operations);
    else {
      expect(failure, `call ${k}`).toBeInstanceOf(TractError);
      expect(made, `call ${k}`).toBeLessThanOrEqual(asking.operations);
      // What does not belong to an operation that was done is not there.
      if (made === 0) expect(after.commits, `call ${k}`).toBe(before.commits);
    }
    expect((await verify(engine)).problems).toEqual([]);
    // One call of the store fails and no more: an answer that was paid for is in the ledger all the same, when its entry could be written.
    expect(after.asked - before.asked, `call ${k}`).toBeLessThanOrEqual(asked());
    if (failure !== null && made < asking.operations) {
      await asking.act(askingEngine(store).engine);
      expect((await countsIn(store)).operations).toBe(after.operations + asking.operations);
      expect((await verify(engine)).problems).toEqual([]);
    }
    await store.close();
    if (!failing.hasFailed()) {
      expect(k).toBeGreaterThan(5);
      return;
    }
  }
  throw new Error(`more than ${CALLS_MAX} calls`);
});
