/** The orchestrator on the command line: its steps as a person reads them. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Cli, createCli } from "../support/cli.ts";

let cli: Cli;
beforeEach(() => {
  cli = createCli();
});
afterEach(() => cli.remove());

const LONG = "We looked at several ways to do this and talked about each of them at some length. ".repeat(12);

async function overfill(more: object = {}): Promise<void> {
  const settings = { budget: { max_tokens: 300, action: "warn" }, ...more };
  await cli.run(["commit", JSON.stringify({ content_type: "config", settings })]);
  for (const text of [`a ${LONG}`, `b ${LONG}`, "Go."]) await cli.run(["commit", text]);
}

test("shows what was done between before and after, and --json has all of it", async () => {
  await overfill();
  const dry = await cli.run(["orchestrate", "--dry-run"]);
  expect(dry).toMatchObject({ exitCode: 0, out: expect.stringContaining("explained") });
  const { exitCode, out } = await cli.run(["orchestrate", "--autonomy", "autonomous"]);
  expect(exitCode).toBe(0);
  expect(out).toMatch(/^main {2}[\d,]+ of 300 tokens → \d+ of 300 tokens {2}mind rules\n/);
  expect(out).toMatch(/1 +compress +done +\S+ +.*extract/);
  expect(out).toMatch(/healthy: nothing is left to do\n$/);
  expect(await cli.json(["orchestrate"])).toMatchObject({
    state: "healthy",
    steps: [],
    before: { pinned: 0 },
  });
});

test("words are a goal, which rules cannot follow", async () => {
  await overfill();
  const { exitCode, err } = await cli.run(["orchestrate", "make", "room"]);
  expect(exitCode).toBe(1);
  expect(err).toContain("llm-not-configured");
});

test("a command waits for the run that it set off", async () => {
  await overfill({ orchestrate: { triggers: { every_commits: 3 }, autonomy: "autonomous" } });
  const { entries } = Object(await cli.json(["query-ledger", "--event-type", "ORCHESTRATION"]));
  expect(entries[0]).toMatchObject({ decision: "FINISHED" });
});
