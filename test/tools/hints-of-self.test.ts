/** An agent of the profile self is pointed only to tools that it has. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { withScope } from "../../src/engine/engine.ts";
import { executeTool } from "../../src/tools/execute.ts";
import { failureText } from "../../src/tools/failure.ts";
import { PROFILES, TOOL_NAMES } from "../../src/tools/profiles.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => await test.close());

async function textOf(name: string, args: unknown): Promise<string> {
  const { signal } = new AbortController();
  const call = { name, args, signal, progress: () => undefined };
  const outcome = await executeTool(call, {
    tools: TOOLS,
    profile: "self",
    engineFor: async () => withScope(test.engine, {}),
    readTextFile: async () => "",
    reportBug: (error) => {
      throw error;
    },
  });
  return outcome.ok ? outcome.result.text : failureText(outcome.failure);
}

const OTHERS = TOOL_NAMES.filter((name) => !PROFILES.self.includes(name));
/** As a thing to use, not as a word of a sentence, such as "the newest operations". */
const NAMED = new RegExp(
  `\\b(?:see|from|at|use|with|;|next:) (?:${OTHERS.join("|")})\\b|\\b(?:${OTHERS.join("|")}) (?:shows|lists|says)\\b`,
  "i",
);

it.each([
  ["undo", {}],
  ["undo", { operation: "nothing" }],
  ["compile", { as_of: "yesterday" }],
  ["compile", { as_of: "@{99}" }],
  ["compile", { as_of: "01J9Z3K7Q8" }],
  ["show", { refs: ["@{99}"] }],
  ["show", { refs: ["abc"] }],
  ["record_turn", { user_message: "hi", response: "ho" }],
  ["status", {}],
  ["commit", { content: "x" }],
  ["merge", { source: "nothing" }],
])("%s %j names no tool of another profile", async (name, args) => {
  if (name !== "undo") await say(test.engine, "One.");
  expect(await textOf(name, args)).not.toMatch(NAMED);
});

it("says how long the start of a hash must be, also where a name is near", async () => {
  await say(test.engine, "One.");
  await textOf("branch", { action: "create", name: "abd" });
  const told = await textOf("show", { refs: ["abc"] });
  expect(told).toContain("Did you mean abd?");
  expect(told).toContain("at least 4");
});
