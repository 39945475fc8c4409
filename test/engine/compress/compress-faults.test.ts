/** Whichever call of the store fails, compress and its kin are done whole or not at all. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { compress } from "../../../src/engine/compress/compress.ts";
import { uncompress } from "../../../src/engine/compress/uncompress.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createEngine } from "../../../src/engine/engine.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { bytesOf, plannedBy, user, workOn } from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { failingStore } from "../../support/failing-store.ts";
import { wholeState } from "../../support/history.ts";

let opened: TestEngine;
let made: readonly string[];
beforeEach(async () => {
  opened = await openTestEngine({ store: "memory" });
  made = await workOn(opened.engine, 3);
});
afterEach(async () => await opened.close());

/** The engine with nothing remembered, on a store whose call of that number fails. */
function faulty(engine: Engine, failAt: number): Engine {
  const { store } = failingStore(engine.store, failAt);
  const { clock, newId, pause, scope, settings, limits } = engine;
  return createEngine({ store, clock, newId, pause, scope, settings, limits });
}

const summaryOf = async (engine: Engine): Promise<string> => {
  const result = await compress(engine, { from: made[1], to: made[4], summary: "Part 0 is fine." });
  return result.kind === "compressed" ? (result.groups[0]?.summary ?? "") : "";
};

/** Each readies the tract and gives what is to be tried. */
const operations: Readonly<
  Record<string, (engine: Engine) => Promise<(engine: Engine) => Promise<unknown>>>
> = {
  manual: async () => (on) => compress(on, { from: made[1], to: made[4], summary: "Part 0 is fine." }),
  mask: async () => (on) => compress(on, { strategy: "mask", keep: 1 }),
  extract: async () => (on) => compress(on, { strategy: "extract", olderThan: 4 }),
  "a plan": async () => (on) => compress(on, { strategy: "agent", from: made[1], to: made[4] }),
  "applying a plan": async (engine) => {
    const { plan } = await plannedBy(engine, { strategy: "agent", from: made[1], to: made[4] });
    return (on) => compress(on, { planId: plan.planId ?? "", summary: "Part 0 is fine." });
  },
  "rejecting a plan": async (engine) => {
    const { plan } = await plannedBy(engine, { strategy: "agent", from: made[1], to: made[4] });
    return (on) => compress(on, { planId: plan.planId ?? "", action: "reject" });
  },
  uncompress: async (engine) => {
    const summary = await summaryOf(engine);
    return (on) => uncompress(on, { summary });
  },
  "a commit that compacts": async (engine) => {
    const settings = { budget: { max_tokens: 350, action: "compact" } };
    await commit(engine, { items: [{ content: { content_type: "config", settings } }] });
    return (on) => commit(on, { items: [user("What next? ".repeat(40))] });
  },
};

test.each(Object.entries(operations))("%s", async (_, prepare) => {
  const { engine } = opened;
  const act = await prepare(engine);
  const before = { state: await wholeState(engine), bytes: await bytesOf(engine) };
  let failing = 1;
  for (; failing < 200; failing++) {
    const outcome: unknown = await act(faulty(engine, failing)).then(
      () => null,
      (error: unknown) => error,
    );
    if (outcome === null) break;
    expect(outcome).toMatchObject({ failure: "store-busy" });
    expect({ state: await wholeState(engine), bytes: await bytesOf(engine) }).toEqual(before);
  }
  expect(failing).toBeGreaterThan(2);
  expect(failing).toBeLessThan(200);
  expect(await wholeState(engine)).not.toEqual(before.state);
  expect((await verify(engine, {})).problems).toEqual([]);
});
