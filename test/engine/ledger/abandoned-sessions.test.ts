/** The time of a session that was left behind: it ends with its last entry, not when somebody finds it. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { sessions } from "../../../src/engine/ledger/list-sessions.ts";
import { OpenSessions } from "../../../src/engine/ledger/open-sessions.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";

let made: TestEngine;
beforeEach(async () => {
  made = await openTestEngine({ store: "memory" });
});
afterEach(async () => await made.close());

/** A process of its own, to which all others are there or gone. */
function processOf(id: string, pid: number, othersAreAlive: boolean): Engine {
  const self = { host: "here", pid, mark: null };
  const owner = { self, profile: null, isAlive: () => othersAreAlive };
  const provenance = { ...made.engine.scope.provenance, session_id: id };
  return withScope({ ...made.engine, sessions: new OpenSessions(owner) }, { provenance });
}

test("is what passed between its first and its last entry, listed before and after it was found", async () => {
  const gone = processOf("SES-GONE", 1, true);
  await say(gone, "first");
  made.advance(5_000);
  await say(gone, "last");
  made.advance(3_600_000);
  const finder = processOf("SES-FINDER", 2, false);
  const listed = async (): Promise<unknown> => {
    const all = (await sessions(finder)).sessions ?? [];
    return all.find(({ id }) => id === "SES-GONE");
  };
  const before = await listed();
  expect(before).toMatchObject({ state: "abandoned", endedAt: null });
  await say(finder, "hello");
  const after = await listed();
  expect(after).toMatchObject({ state: "abandoned", endedAt: expect.any(String) });
  for (const session of [before, after]) {
    const elapsed = Number(Reflect.get(Object(session), "elapsedMs"));
    expect(elapsed).toBeGreaterThanOrEqual(5_000);
    expect(elapsed).toBeLessThan(6_000);
  }
});
