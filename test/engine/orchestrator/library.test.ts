/** The orchestrator as a program uses it: a method of the handle, and runs that begin by themselves and are over when the store is closed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type LlmRequest, openStore, type Step } from "../../../src/index.ts";
import { FILLER } from "../../support/compress.ts";
import { failed } from "../../support/conversing.ts";

let folder: string;
let location: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-orchestrate-"));
  location = `sqlite:${join(folder, "agent.db")}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const budget = { max_tokens: 300, action: "warn" };

/** Decisions of runs, oldest first, as another opening of the store finds them. */
async function decisions(): Promise<readonly string[]> {
  const store = await openStore(location);
  const tract = await store.tract("work");
  const { entries } = await tract.queryLedger({ eventType: "ORCHESTRATION", order: "asc", limit: 100 });
  await store.close();
  return entries.map(({ decision }) => decision);
}

describe("orchestrate", () => {
  test("acts for a program, tells each step, and needs no LLM", async () => {
    const store = await openStore(location);
    const tract = await store.tract("work");
    await tract.commit({ content_type: "config", settings: { budget } });
    for (let turn = 0; turn < 6; turn++) await tract.user(`Turn ${turn}. ${FILLER.repeat(4)}`);
    const seen: Step[] = [];
    const run = await tract.orchestrate({
      autonomy: "autonomous",
      onStep: async (step: Step) => {
        seen.push(step);
      },
    });
    expect(run).toMatchObject({ mind: "rules", state: "healthy", steps: seen });
    expect(run.after.tokens).toBeLessThanOrEqual(300);
    await store.close();
  });

  test("asks a client of the caller's own with the tools of the profile", async () => {
    const requests: LlmRequest[] = [];
    const client = {
      chat: async (request: LlmRequest) => {
        requests.push(request);
        return requests.length === 1
          ? { text: "", toolCalls: [{ id: "a", name: "status", arguments: "" }] }
          : { text: "Nothing to do." };
      },
    };
    const store = await openStore(location, { llm: { client } });
    const tract = await store.tract("work");
    await tract.user("hello");
    const run = await tract.orchestrate({ goal: "Look around." });
    expect(run).toMatchObject({ mind: "llm", answer: "Nothing to do.", steps: [{ outcome: "read" }] });
    expect(requests[0]?.tools?.map(({ name }) => name)).toContain("compress");
    expect(run.usage?.inputTokens).toBeGreaterThan(0);
    await store.close();
  });

  test.each([
    { goals: "x" },
    { mind: "mine" },
    { autonomy: "free" },
    { maxSteps: "ten" },
    { onStep: "stop" },
    { signal: {} },
  ])("refuses %j", async (request) => {
    const store = await openStore(location);
    const tract = await store.tract("work");
    // A program without types.
    expect((await failed(tract.orchestrate(request as object))).code).toBe("invalid-argument");
    await store.close();
  });

  test("says which tools are missing from a read-only store: none, but it cannot write it down", async () => {
    const writer = await openStore(location);
    await (await writer.tract("work")).user("hello");
    await writer.close();
    const store = await openStore(location, { readonly: true });
    const tract = await store.tract("work");
    expect((await failed(tract.orchestrate())).code).toBe("store-readonly");
    expect(await tract.orchestrate({ dryRun: true })).toMatchObject({ state: "healthy", runId: null });
    await store.close();
  });
});

describe("closing", () => {
  test("waits for runs that commits set off", async () => {
    const store = await openStore(location);
    const tract = await store.tract("work");
    const orchestrate = { triggers: { budget_fraction: 1 }, autonomy: "autonomous" };
    await tract.commit({ content_type: "config", settings: { budget, orchestrate } });
    for (let turn = 0; turn < 6; turn++) await tract.user(`Turn ${turn}. ${FILLER.repeat(4)}`);
    await tract.close();
    const found = await decisions();
    expect(found[0]).toBe("STARTED");
    expect(found.at(-1)).toBe("FINISHED");
    expect(found).toContain("STEP");
  });

  test("lets the end of the session set off one, which may ask an LLM", async () => {
    let closed = 0;
    const client = { chat: async () => ({ text: "Nothing to do." }), close: () => void closed++ };
    const store = await openStore(location, { llm: { client } });
    const tract = await store.tract("work");
    const orchestrate = { triggers: { session_end: true }, mind: "llm" };
    await tract.commit({ content_type: "config", settings: { orchestrate } });
    await store.close();
    expect(await decisions()).toEqual(["STARTED", "FINISHED"]);
    expect(closed).toBe(0);
  });
});
