/** SWE-agent runs, tau-bench results, and how a file's format is recognised. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TractError } from "../../../src/engine/errors.ts";
import { brokenNameRule } from "../../../src/engine/history/ref-name.ts";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";
import { toBranchName } from "../../../src/engine/transcripts/branch-name.ts";
import { parseTranscript } from "../../../src/engine/transcripts/parse-transcript.ts";
import type { ParsedSource, TranscriptFormat } from "../../../src/engine/transcripts/parsed-transcript.ts";

const FIXTURES = new URL("../../fixtures/transcripts/", import.meta.url);

function parse(text: string, format: TranscriptFormat | null = null, limits = DEFAULT_LIMITS): ParsedSource {
  return parseTranscript({ text, sourceName: "some/folder/file.v2.json", format }, limits);
}

function parseFixture(name: string): ParsedSource {
  return parse(readFileSync(new URL(name, FIXTURES), "utf8"));
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return (error as TractError).code;
  }
  throw new Error("expected a refusal");
}

describe("a SWE-agent run", () => {
  it("gives its history as the model saw it, after a metadata commit with the outcome", () => {
    const { format, transcripts } = parseFixture("run.traj");
    const [run] = transcripts;
    expect([format, transcripts.length, run?.name]).toEqual(["swe-agent", 1, "file.v2"]);
    expect(run?.items.map(({ content }) => content.content_type)).toEqual([
      "metadata",
      "dialogue",
      "dialogue",
      "dialogue",
      "tool_io",
      "tool_io",
    ]);
    expect(run?.items[0]?.content.data).toEqual({
      environment: "main",
      info: { exit_status: "submitted", model_stats: { api_calls: 1 } },
    });
    expect(run?.items.at(-1)?.content).toEqual({
      content_type: "tool_io",
      tool_name: "bash",
      direction: "result",
      payload: "a.py\r\n(Current directory: /repo)",
      call_id: "call_1",
    });
    expect(run?.items.every(({ metadata }) => metadata === null)).toBe(true);
    expect(run?.skipped.map(({ why }) => why.split(/[ :]/)[0])).toEqual(["replay_config", "trajectory"]);
  });

  it("without history gives its steps as calls of a shell with their observations", () => {
    const [run] = parseFixture("steps-only.traj").transcripts;
    expect(run?.items.slice(1).map(({ content }) => content.text ?? content.payload)).toEqual([
      "You fix bugs.",
      "Fix b.py",
      "I read it.",
      '{"command":"cat b.py"}',
      "print(1)",
      "Done.",
      '{"command":"submit"}',
      "",
    ]);
    expect(run?.repaired).toEqual([]);
  });

  it("is refused when the text is none", () => {
    expect(codeOf(() => parse('{"info":{}}', "swe-agent"))).toBe("invalid-argument");
  });
});

describe("tau-bench results", () => {
  it("give a transcript for each trial, with the outcome as metadata, and name what is no run", () => {
    const { format, transcripts, skipped } = parseFixture("tau-bench.json");
    expect(format).toBe("tau-bench");
    expect(transcripts.map(({ name }) => name)).toEqual(["tau-0-0", "tau-0-1", "tau-refund-late-0"]);
    expect(skipped).toEqual([{ entry: 3, why: "no run with traj" }]);
    expect(transcripts[0]?.items[0]?.content).toEqual({
      content_type: "metadata",
      kind: "tau-bench",
      data: {
        task_id: 0,
        reward: 1,
        info: { task: { user_id: "noor_9", instruction: "Cancel your order." }, source: "user" },
        trial: 0,
      },
    });
    expect(transcripts[0]?.items).toHaveLength(6);
  });

  it("are read from JSON Lines too, broken lines named", () => {
    const { transcripts, skipped } = parse(
      '{"task_id":3,"trial":1,"traj":[{"role":"user","content":"a"}]}\n{"task_id":4,',
    );
    expect(transcripts.map(({ name }) => name)).toEqual(["tau-3-1"]);
    expect(skipped).toEqual([{ line: 2, why: "not JSON" }]);
  });
});

describe("the format of a text", () => {
  it.each(["", "  \n ", "hello", '{"a":', "﻿"])("is refused for %j, which holds no JSON", (text) => {
    expect(codeOf(() => parse(text))).toBe("invalid-argument");
  });

  it.each(["7", "[]", "[1,2]", '{"type":"user"}', '{"type":"user"}\n{"type":"assistant"}'])(
    "is refused for %j, which is JSON of no known shape",
    (text) => {
      expect(codeOf(() => parse(text))).toBe("invalid-argument");
    },
  );

  it("may be named by the caller", () => {
    expect(parse('[{"role":"user","content":"a"}]', "openai").format).toBe("openai");
    expect(parse('[{"role":"user","content":"a"}]', "tau-bench").transcripts).toEqual([]);
  });

  it("does not matter for a text over the limit", () => {
    const limits = { ...DEFAULT_LIMITS, transcriptBytesMax: 10 };
    expect(codeOf(() => parse("ääääää", null, limits))).toBe("content-too-large");
  });
});

describe("a branch name made from any text", () => {
  it.each([
    ["fix-flaky-test", "fix-flaky-test"],
    ["My chat (final) v2", "My-chat-(final)-v2"],
    ["a..b~c^d:e?f*g[h\\i/j", "a.b-c-d-e-f-g-h-i-j"],
    ["-.lead", "lead"],
    ["end.lock", "end"],
    ["tab\there\u0000", "tab-here"],
    ["überblick 日本", "überblick-日本"],
    ["x@{1}", "x-1}"],
  ])("of %j is %j", (text, name) => {
    expect(toBranchName(text, "chat")).toBe(name);
  });

  it.each(["", "...", "HEAD", "@", "\ud800", "a".repeat(64), `${"x".repeat(99)}😀😀`])(
    "of %j is one that may be used",
    (text) => {
      expect(brokenNameRule(toBranchName(text, "chat"), DEFAULT_LIMITS.refNameCharsMax)).toBeNull();
    },
  );
});
