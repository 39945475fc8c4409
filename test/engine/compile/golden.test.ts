/** One history in all formats, strategies and budgets, against contexts that were looked at by eye: what the compiler version promises (spec 9, 12). */
import { describe, expect, it } from "vitest";
import type { CompileOptions, Format, Strategy } from "../../../src/engine/compile/options.ts";
import { COMPILER_VERSION } from "../../../src/engine/versions.ts";
import { ChainBuilder, compileChain } from "../../support/chain-builder.ts";

/** Every stage has something to do. */
function workingDay(): ChainBuilder {
  const history = new ChainBuilder();
  history.rule("style", "Answer at length.");
  history.system("You mend code. Never touch the lock file.");
  history.say("user", "The parser drops the last line. Can you find out why?", null, {}, "Ada L.");
  history.say("assistant", "I will look at the parser.", "m1", {
    generationConfig: { model: "small", temperature: 0 },
  });
  history.call("call_1", "read_file", '{"path": "src/parse.ts"}', "m1");
  history.call("call_2", "run.tests", { grep: "parser" }, "m1");
  history.result("call_2", "run.tests", "1 failed: keeps the last line", { status: "error" });
  history.result("call_1", "read_file", "```ts\nlines.slice(0, -1)\n```", {
    metadata: { openai: { tool_name_key: true } },
  });
  history.commit({ content_type: "reasoning", text: "slice(0, -1) drops a line that has no newline." });
  const noise = history.user("(typing)");
  history.annotate(noise, "skip");
  history.call("call_1", "apply_patch", "--- a\n+++ b\n", null);
  history.user("How is it going?");
  history.result("call_1", "apply_patch", "");
  history.rule("style", "Be brief.");
  const typo = history.assistant("Teh last line had no newline.");
  history.assistant("The last line had no newline; it is kept now.", {
    edits: typo,
    generationConfig: { model: "large" },
  });
  history.commit({
    content_type: "artifact",
    artifact_type: "patch",
    content: "-slice(0, -1)\n+slice(0)\n",
    language: "diff",
    path: "src/parse.ts",
  });
  history.commit({ content_type: "config", settings: { recent: 5 } });
  const decision = history.user("Keep the old behaviour behind a flag.");
  history.annotate(decision, "important");
  history.commit({
    content_type: "session",
    session_type: "checkpoint",
    summary: "Parser mended.",
    decisions: ["flag keeps old behaviour"],
    next_steps: ["release"],
  });
  const base = history.user("Now the changelog.");
  const side = history.user("From the side branch: mention the flag.", { parents: [base] });
  history.merge(history.assistant("Changelog written.", { parents: [base] }), side);
  history.result("call_9", "deploy", "started by somebody else");
  history.call("call_10", "deploy", "{}");
  return history;
}

function golden(given: Partial<CompileOptions>): string {
  const {
    toDicts: _,
    toOpenAI: __,
    toAnthropic: ___,
    toMarkdown: ____,
    ...context
  } = { ...compileChain(workingDay(), given) };
  return `${JSON.stringify({ compiler_version: COMPILER_VERSION, ...context }, null, 1)}\n`;
}

const FORMATS: readonly Format[] = ["messages", "openai", "anthropic", "markdown"];
const CASES: readonly {
  readonly name: string;
  readonly strategy: Strategy;
  readonly budgetTokens: number | null;
}[] = [
  { name: "full", strategy: "full", budgetTokens: null },
  { name: "full-170", strategy: "full", budgetTokens: 170 },
  { name: "outline", strategy: "outline", budgetTokens: null },
  { name: "adaptive", strategy: "adaptive", budgetTokens: null },
];

describe.each(FORMATS)("the golden context in format %s", (format) => {
  it.each(CASES)("with $name", async ({ name, strategy, budgetTokens }) => {
    const text = golden({ format, strategy, recent: 5, budgetTokens });
    await expect(text).toMatchFileSnapshot(`../../golden/compile-${format}-${name}.json`);
  });
});
