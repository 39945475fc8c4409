/** The law of importing: compiled in the format it came from, a transcript is what it was (spec 2.5). */
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { importTranscript } from "../../../src/engine/transcripts/import-transcript.ts";
import { openTestEngine } from "../../support/engine.ts";

const FIXTURES = new URL("../../fixtures/transcripts/", import.meta.url);
const EXAMPLE = new URL("../../../examples/fix-flaky-test.json", import.meta.url);

let engine: Engine;
let close: () => Promise<void>;

beforeEach(async () => {
  ({ engine, close } = await openTestEngine());
});
afterEach(() => close());

async function compiled(ref: string): Promise<readonly unknown[]> {
  return (await compile(engine, { ref, format: "openai" })).messages;
}

describe("compiling what was imported gives the source again", () => {
  it.each([
    ["a chat with parallel calls, empty results and names", new URL("chat.json", FIXTURES)],
    ["the example of the demo", EXAMPLE],
  ])("for %s", async (_, file) => {
    const text = readFileSync(file, "utf8");
    await importTranscript(engine, { text, sourceName: "chat.json" });
    expect(await compiled("chat")).toEqual(JSON.parse(text));
  });

  it("for the trials of tau-bench results", async () => {
    const text = readFileSync(new URL("tau-bench.json", FIXTURES), "utf8");
    await importTranscript(engine, { text });
    const runs: readonly TauRun[] = JSON.parse(text);
    expect(await compiled("tau-0-0")).toEqual(runs[0]?.traj);
    expect(await compiled("tau-0-1")).toEqual(runs[1]?.traj);
  });

  it("for the history of a SWE-agent run, as an API would have got it", async () => {
    const text = readFileSync(new URL("run.traj", FIXTURES), "utf8");
    await importTranscript(engine, { text, sourceName: "run.traj" });
    expect(await compiled("run")).toEqual(asSent(JSON.parse(text).history));
  });

  it("for any conversation that an API accepts", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(conversation, async (messages) => {
        run += 1;
        await importTranscript(engine, { text: JSON.stringify(messages), branch: `run-${run}` });
        expect(await compiled(`run-${run}`)).toEqual(messages);
      }),
      { numRuns: 60 },
    );
  });
});

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const args = fc.oneof(fc.json({ maxDepth: 2 }), fc.constant('{ "spaced" : [1,  2] }'), fc.constant(""));
const parts = fc.array(
  text.map((part) => ({ type: "text", text: part })),
  { minLength: 1, maxLength: 3 },
);

const spoken = fc.record(
  { role: fc.constantFrom("system", "user", "developer"), content: fc.oneof(text, parts), name },
  { requiredKeys: ["role", "content"] },
);
const reply = fc.record({ role: fc.constant("assistant"), content: text });

/** An assistant message with calls, then a result for each of them in order. */
const exchange = fc
  .record({
    content: fc.oneof(fc.constant(null), text),
    calls: fc.uniqueArray(
      fc.record({ id: name, tool: name, args, result: fc.oneof(text, parts), isNamed: fc.boolean() }),
      {
        selector: ({ id }) => id,
        minLength: 1,
        maxLength: 3,
      },
    ),
  })
  .map(({ content, calls }) => [
    {
      role: "assistant",
      content,
      tool_calls: calls.map(({ id, tool, args: given }) => ({
        id,
        type: "function",
        function: { name: tool, arguments: given },
      })),
    },
    ...calls.map(({ id, tool, result, isNamed }) => ({
      role: "tool",
      tool_call_id: id,
      ...(isNamed ? { name: tool } : {}),
      content: result,
    })),
  ]);

const turn: fc.Arbitrary<readonly object[]> = fc.oneof(
  spoken.map((message) => [message]),
  reply.map((message) => [message]),
  exchange,
);
const conversation = fc.array(turn, { minLength: 1, maxLength: 8 }).map((turns) => turns.flat());

interface TauRun {
  readonly task_id: number;
  readonly trial: number;
  readonly traj: readonly object[];
}

interface SweMessage {
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly object[];
  readonly tool_call_ids?: readonly string[];
}

/** The request that a history message stood for. */
function asSent(history: readonly SweMessage[]): readonly object[] {
  return history.map(({ role, content, tool_calls, tool_call_ids }) => ({
    role,
    content,
    ...(tool_calls === undefined ? {} : { tool_calls }),
    ...(tool_call_ids === undefined ? {} : { tool_call_id: tool_call_ids[0] }),
  }));
}

const DATA = new URL("../../../../shared/data/", import.meta.url);

/** Third-party transcripts are no part of the repository; where they lie beside it, they are tried too. */
describe.skipIf(!existsSync(DATA))("real transcripts (skipped when ../shared/data is absent)", () => {
  it("of 100 tau-bench runs come back as they were, on a branch each", async () => {
    const source = readFileSync(new URL("tau-bench-airline-dev.json", DATA), "utf8");
    const result = await importTranscript(engine, { text: source });
    const runs: readonly TauRun[] = JSON.parse(source);
    expect(result.branches).toHaveLength(100);
    expect([result.repaired, result.skipped, result.warnings]).toEqual([[], [], []]);
    for (const { task_id, trial, traj } of runs)
      expect(await compiled(`tau-${task_id}-${trial}`)).toEqual(traj);
    expect(await importTranscript(engine, { text: source })).toMatchObject({
      imported: 0,
      operationId: null,
    });
  });

  it.each(["function-calling", "long"])("of a SWE-agent run (%s) come back as they were", async (run) => {
    const source = readFileSync(new URL(`swe-agent-marshmallow-${run}.traj`, DATA), "utf8");
    const result = await importTranscript(engine, { text: source, branch: "run" });
    expect(result.repaired).toEqual([]);
    expect(result.skipped).toHaveLength(2);
    expect(await compiled("run")).toEqual(asSent(JSON.parse(source).history));
  });
});
