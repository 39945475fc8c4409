/** Sessions in the ledger: begun by the first write, ended once, resumed by name, and ended for processes that are gone. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type OpenStoreOptions, openStore, type Tract, type TractStore } from "../../../src/index.ts";

let folder: string;
let stores: TractStore[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tract-sessions-"));
});
afterEach(async () => {
  for (const store of stores) await store.close();
  stores = [];
  await rm(folder, { recursive: true, force: true });
});

async function open(options: OpenStoreOptions = {}): Promise<TractStore> {
  const store = await openStore(join(folder, "t.db"), { durability: "normal", ...options });
  stores.push(store);
  return store;
}

async function events(tract: Tract): Promise<readonly string[]> {
  const { entries } = await tract.queryLedger({ order: "asc", limit: 200 });
  return entries.map(({ eventType, decision }) => `${eventType} ${decision}`);
}

describe("a session", () => {
  it("begins with the first write to a tract, in the same transaction, and ends when the store is closed", async () => {
    const store = await open();
    const tract = await store.tract("demo");
    await tract.user("one");
    await tract.user("two");
    await store.close();
    const again = await (await open()).tract("demo");
    expect(await events(again)).toEqual([
      "GENESIS CREATED",
      "SESSION_START STARTED",
      "OPERATION commit",
      "OPERATION commit",
      "SESSION_END ENDED",
    ]);
    expect((await again.verify()).problems).toEqual([]);
  });

  it("that writes nothing leaves nothing, though it compiles", async () => {
    const first = await open();
    await (await first.tract("demo")).user("one");
    await first.close();
    const second = await open();
    const tract = await second.tract("demo");
    await tract.compile();
    await tract.log();
    await second.close();
    const third = await (await open()).tract("demo");
    expect((await third.sessions()).sessions).toHaveLength(1);
  });

  it("begins once, however many first writes there are at a time", async () => {
    const tract = await (await open()).tract("demo");
    await Promise.all(["a", "b", "c", "d"].map((text) => tract.user(text)));
    const { count } = await tract.queryLedger({ eventType: "SESSION_START" });
    expect(count).toBe(1);
    expect((await tract.verify()).ok).toBe(true);
  });

  it("is written in every tract that it wrote to, with what it came to there", async () => {
    const store = await open();
    const one = await store.tract("one");
    const two = await store.tract("two");
    await one.recordTurn({
      userMessage: "hi",
      response: "hello",
      usage: { prompt_tokens: 10, completion_tokens: 5 },
    });
    await two.user("x");
    await store.close();
    const later = await open();
    const endOf = async (name: string) =>
      (await (await later.tract(name)).queryLedger({ eventType: "SESSION_END", metadata: "full" })).entries;
    expect((await endOf("one"))[0]?.metadata).toMatchObject({
      turn_count: 1,
      total_cost: {
        input_tokens: 10,
        output_tokens: 5,
        total_tokens: 15,
        llm_calls: 1,
        tool_calls: 0,
        elapsed_ms: expect.any(Number),
      },
    });
    expect((await endOf("two"))[0]?.metadata).toMatchObject({ turn_count: 0 });
  });

  it("begins in a tract that a spawn makes, too, and where a message is sent", async () => {
    const store = await open();
    const parent = await store.tract("parent");
    await parent.user("a task");
    const { child } = await parent.spawn({ purpose: "look", as: "tract" });
    await (await store.tract("friend")).user("here");
    await parent.send({ to: "friend", content: "hello" });
    await store.close();
    const later = await open();
    for (const name of ["parent", child.tract, "friend"]) {
      const tract = await later.tract(name);
      const told = await events(tract);
      expect(told.slice(0, 2)).toEqual(["GENESIS CREATED", "SESSION_START STARTED"]);
      expect(told.filter((event) => event.startsWith("SESSION_"))).toEqual([
        "SESSION_START STARTED",
        "SESSION_END ENDED",
      ]);
      expect((await tract.verify()).problems).toEqual([]);
    }
  });

  it("of a living process is never ended by another one", async () => {
    const one = await open();
    const two = await open();
    await (await one.tract("demo")).user("from one");
    const tract = await two.tract("demo");
    await tract.user("from two");
    expect((await tract.sessions()).sessions?.map(({ state }) => state)).toEqual(["active", "active"]);
    expect((await tract.queryLedger({ eventType: "SESSION_END" })).count).toBe(0);
  });

  it("that is named goes on: its turns are counted further, and it ends again", async () => {
    const first = await open();
    const { sessionId } = await (await first.tract("demo")).recordTurn({ userMessage: "1", response: "a" });
    await first.close();
    const second = await open();
    const turn = await (await second.tract("demo")).recordTurn({
      userMessage: "2",
      response: "b",
      session: sessionId,
    });
    expect(turn).toMatchObject({ turnNumber: 2, sessionId });
    expect(turn.commits.map(({ author }) => author.session_id)).toEqual([sessionId, sessionId]);
    await second.close();
    const tract = await (await open()).tract("demo");
    const { sessions } = await tract.sessions();
    expect(sessions).toMatchObject([{ id: sessionId, state: "ended", turns: 2, preview: "1" }]);
    const replay = await tract.sessions({ session: sessionId });
    expect(replay.entries?.map(({ eventType, decision }) => `${eventType} ${decision}`)).toEqual([
      "GENESIS CREATED",
      "SESSION_START STARTED",
      "OPERATION commit",
      "TURN_RECORDED RECORDED",
      "SESSION_END ENDED",
      "SESSION_START RESUMED",
      "OPERATION commit",
      "TURN_RECORDED RECORDED",
      "SESSION_END ENDED",
    ]);
    expect((await tract.verify()).problems).toEqual([]);
  });

  it("that another process has open takes turns without being begun or ended by the guest", async () => {
    const host = await open();
    const hosted = await host.tract("demo");
    const { sessionId } = await hosted.recordTurn({ userMessage: "1", response: "a" });
    const guest = await open();
    const turn = await (await guest.tract("demo")).recordTurn({
      userMessage: "2",
      response: "b",
      session: sessionId,
    });
    await guest.close();
    expect(turn.turnNumber).toBe(2);
    expect((await hosted.recordTurn({ userMessage: "3", response: "c" })).turnNumber).toBe(3);
    expect((await hosted.sessions()).sessions).toMatchObject([{ id: sessionId, state: "active", turns: 3 }]);
    expect((await hosted.queryLedger({ eventType: "SESSION_END" })).count).toBe(0);
  });
});

describe("sessions", () => {
  it("lists them newest first, page by page", async () => {
    for (const text of ["a", "b", "c"]) {
      const store = await open();
      await (await store.tract("demo")).user(text);
      await store.close();
    }
    const tract = await (await open()).tract("demo");
    const first = await tract.sessions({ limit: 2 });
    expect(first.sessions?.map(({ preview }) => preview)).toEqual(["c", "b"]);
    const second = await tract.sessions({ limit: 2, cursor: first.nextCursor ?? "" });
    expect(second).toMatchObject({ sessions: [{ preview: "a", state: "ended" }], nextCursor: null });
  });

  it("cuts the preview to 160 characters on one line", async () => {
    const tract = await (await open()).tract("demo");
    await tract.recordTurn({ userMessage: `first\n line ${"x".repeat(500)}`, response: "ok" });
    const [session] = (await tract.sessions()).sessions ?? [];
    expect(session?.preview).toHaveLength(160);
    expect(session?.preview).toMatch(/^first line x+…$/);
  });

  it("of an unknown id are not found, with what is near", async () => {
    const tract = await (await open()).tract("demo");
    const { sessionId } = await tract.recordTurn({ userMessage: "1", response: "a" });
    const mistyped = `${sessionId.slice(0, -1)}${sessionId.endsWith("0") ? "1" : "0"}`;
    const failure = { code: "not-found", data: { near: [sessionId] } };
    await expect(tract.sessions({ session: mistyped })).rejects.toMatchObject(failure);
    await expect(
      tract.recordTurn({ userMessage: "2", response: "b", session: mistyped }),
    ).rejects.toMatchObject(failure);
    await expect(tract.sessions({ limit: 0 })).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
