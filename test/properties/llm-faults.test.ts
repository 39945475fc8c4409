/** The k-th storage call fails, for all k, while an operation asks an LLM: nothing is half done, and what was paid for is proven. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { collapse } from "../../src/engine/agents/collapse.ts";
import { spawn } from "../../src/engine/agents/spawn.ts";
import { compress } from "../../src/engine/compress/compress.ts";
import { chat } from "../../src/engine/conversation/chat.ts";
import { generate } from "../../src/engine/conversation/generate.ts";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { recordTurn } from "../../src/engine/history/record-turn.ts";
import { queryLedger } from "../../src/engine/ledger/query-ledger.ts";
import { GONE_TEXT } from "../../src/engine/ledger/shown-texts.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import { withTractErrors } from "../../src/engine/store-failure.ts";
import type { Store } from "../../src/storage/store.ts";
import { workOn } from "../support/compress.ts";
import { failingStore } from "../support/failing-store.ts";
import { say } from "../support/history.ts";
import { createPreparer, engineOn, type Prepared, wholeStore } from "../support/prepared-store.ts";

const CALLS_MAX = 1_000;
const preparer = createPreparer("memory");
let scene: Prepared<readonly string[]>;
beforeAll(async () => {
  scene = await preparer.prepare(null, 1, async (engine) => {
    const made = await workOn(engine, 3);
    await createBranch(engine, { name: "rival" });
    await say(engine, "theirs", { editTarget: made[1], branch: "rival" });
    await say(engine, "ours", { editTarget: made[1] });
    const { child } = await spawn(engine, { purpose: "Find the bug", name: "finder" });
    const own = withScope(engine, { worktree: child.worktree, createWorktree: false });
    await say(own, "The bug is in part 3.", { role: "assistant" });
    return made;
  });
});
afterAll(preparer.close);

/** An engine that counts what its LLM was asked. */
function asking(store: Store): { readonly engine: Engine; readonly calls: () => number } {
  let calls = 0;
  const client = {
    chat: async () => {
      calls += 1;
      return { text: "Part 3 it is.", usage: { inputTokens: 5, outputTokens: 2 } };
    },
  };
  const provenance = {
    ...engineOn(store, 20).scope.provenance,
    session_id: "SES-01J00000000000000000000000",
  };
  const engine = withScope(
    { ...engineOn(store, 20), llm: { client, model: "m", isOwn: false } },
    { provenance },
  );
  return { engine, calls: () => calls };
}

/** The history alone: what the ledger and the contents may have more is looked at by itself. */
async function history(store: Store): Promise<unknown> {
  const { tracts } = await wholeStore(store);
  return (
    tracts as readonly { readonly commits: unknown; readonly operations: unknown; readonly refs: unknown }[]
  ).map(({ commits, operations, refs }) => ({ commits, operations, refs }));
}

const ACTS: readonly (readonly [string, (engine: Engine, made: readonly string[]) => Promise<unknown>])[] = [
  [
    "compress",
    (engine, made) =>
      compress(engine, { strategy: "llm", from: made[1], to: made[8], instructions: "Short." }),
  ],
  ["merge", (engine) => merge(engine, { source: "rival", strategy: "llm" })],
  ["collapse", (engine) => collapse(engine, { child: "finder", strategy: "llm" })],
  ["generate", (engine) => generate(engine, {})],
  [
    "a turn without commits",
    (engine) => recordTurn(engine, { userMessage: "Why?", response: "So.", commit: false }),
  ],
];

it.each(ACTS)(
  "%s is done wholly or not at all, every paid call can be made again, and it can be done again",
  async (_, act) => {
    const before = await history(await scene.copy());
    const whole = await scene.copy();
    await act(asking(whole).engine, scene.made);
    const complete = await history(whole);
    for (let k = 1; k <= CALLS_MAX; k++) {
      const store = await scene.copy();
      const failing = failingStore(store, k);
      const { engine, calls } = asking(store);
      const error = await withTractErrors(act({ ...engine, store: failing.store }, scene.made)).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (error !== null) {
        expect(error, `call ${k}`).toBeInstanceOf(TractError);
        expect(await history(store), `call ${k}`).toEqual(before);
      } else expect(await history(store), `call ${k}`).toEqual(complete);
      const { entries, count } = await queryLedger(engine, { eventType: "LLM_CALL", metadata: "full" });
      expect(count, `call ${k}`).toBe(calls());
      for (const { metadata, decision } of entries) {
        expect(decision).toBe(error === null ? "OK" : "ERROR");
        if (metadata?.prompt !== undefined) expect(metadata.messages).not.toBe(GONE_TEXT);
      }
      expect((await verify(engine)).problems, `call ${k}`).toEqual([]);
      if (error !== null) await act(asking(store).engine, scene.made);
      await store.close();
      if (!failing.hasFailed()) return;
    }
    throw new Error(`more than ${CALLS_MAX} calls`);
  },
);

it("chat keeps the message when its reply cannot be stored, and generate goes on", async () => {
  for (let k = 1; k <= CALLS_MAX; k++) {
    const store = await scene.copy();
    const failing = failingStore(store, k);
    const { engine } = asking(store);
    const error = await withTractErrors(chat({ ...engine, store: failing.store }, { text: "Well?" })).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const { tracts } = await wholeStore(store);
    const [{ commits } = { commits: [] }] = tracts;
    const texts = JSON.stringify(
      await store.readContents(
        (commits as readonly { commit: { contentHash: never } }[]).map(({ commit }) => commit.contentHash),
      ),
    );
    if (texts.includes("Well?") && error !== null) await generate(asking(store).engine, {});
    expect((await verify(engine)).problems, `call ${k}`).toEqual([]);
    await store.close();
    if (!failing.hasFailed()) return;
  }
  throw new Error(`more than ${CALLS_MAX} calls`);
});
