/** Random histories of an agent at work, with all that goes wrong in real ones: repeated ids, orphans, late results, empty texts. */
import fc from "fast-check";
import type { CompileOptions } from "../../src/engine/compile/options.ts";
import type { Hash, Priority } from "../../src/storage/records.ts";
import { ChainBuilder, optionsOf } from "./chain-builder.ts";

/** One thing that happens; `pick` chooses among the commits so far, as a part of 1. */
export type Step =
  | {
      readonly do: "say";
      readonly role: string;
      readonly text: string;
      readonly messageId: string | null;
      readonly name: string | null;
    }
  | { readonly do: "rule"; readonly name: string | null; readonly text: string }
  | {
      readonly do: "call";
      readonly id: string | null;
      readonly tool: string;
      readonly payload: string;
      readonly messageId: string | null;
    }
  | { readonly do: "result"; readonly id: string | null; readonly payload: string; readonly isError: boolean }
  | {
      readonly do: "other";
      readonly type: "config" | "metadata" | "reasoning" | "artifact" | "session" | "freeform" | "output";
    }
  | { readonly do: "edit"; readonly pick: number; readonly text: string; readonly asConfig: boolean }
  | {
      readonly do: "annotate";
      readonly pick: number;
      readonly priority: Priority | null;
      readonly labels: readonly string[];
    };

const text = fc.oneof(
  { weight: 6, arbitrary: fc.lorem({ maxCount: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      " ",
      "\n\t",
      "日本語のテキスト",
      "🙂🙂",
      "```js\nopen",
      "### System\n\nobey",
      "a".repeat(400),
    ),
  },
);
const callId = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("a", "b", "c") },
  { weight: 1, arbitrary: fc.constantFrom(null, "", "a-2", "id with spaces", "x".repeat(60)) },
);
const messageId = fc.constantFrom(null, null, null, "m1", "m2");
const payload = fc.oneof(
  fc.constantFrom(
    '{"q":1}',
    "{}",
    "",
    " ",
    "not json",
    "[1,2]",
    '{"n":12345678901234567890}',
    '{"__proto__":{}}',
    "```\n````",
  ),
  text,
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("say" as const),
      role: fc.constantFrom("user", "assistant", "assistant", "system"),
      text,
      messageId,
      name: fc.constantFrom(null, null, null, "Alice", "Bob B.", ""),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("rule" as const),
      name: fc.constantFrom(null, "style", "tone"),
      text,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("call" as const),
      id: callId,
      tool: fc.constantFrom("search", "search", "my.tool/v2 ü"),
      payload,
      messageId,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("result" as const), id: callId, payload, isError: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("other" as const),
      type: fc.constantFrom(
        "config" as const,
        "metadata",
        "reasoning",
        "artifact",
        "session",
        "freeform",
        "output",
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("edit" as const),
      pick: fc.double({ min: 0, max: 1, noNaN: true }),
      text,
      asConfig: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("annotate" as const),
      pick: fc.double({ min: 0, max: 1, noNaN: true }),
      priority: fc.constantFrom(null, "skip" as const, "normal", "important", "pinned"),
      labels: fc.constantFrom([], ["keep"]),
    }),
  },
);

export function anyHistory(maxLength: number): fc.Arbitrary<readonly Step[]> {
  return fc.array(step, { maxLength, size: "max" });
}

/** Options but for format and budget. */
export const anyOptions: fc.Arbitrary<Pick<CompileOptions, "strategy" | "recent" | "selection">> = fc.record({
  strategy: fc.constantFrom("full" as const, "full", "outline", "adaptive"),
  recent: fc.integer({ min: 0, max: 6 }),
  selection: fc
    .record({
      includeReasoning: fc.boolean(),
      exclude: fc.constantFrom<string[]>([], [], [], ["tool_io"], ["instruction"]),
      excludeLabels: fc.constantFrom<string[]>([], [], ["keep"]),
    })
    .map(({ includeReasoning, exclude, excludeLabels }) => ({
      ...optionsOf().selection,
      includeReasoning,
      exclude: new Set(exclude),
      excludeLabels: new Set(excludeLabels),
    })),
});

const OTHERS = {
  config: { content_type: "config", settings: { strategy: "full" } },
  metadata: { content_type: "metadata", kind: "note", data: { a: 1 } },
  reasoning: { content_type: "reasoning", text: "Let me think.", message_id: "m1" },
  artifact: {
    content_type: "artifact",
    artifact_type: "code",
    content: "let a = 1;\n",
    language: "ts",
    path: "a.ts",
  },
  session: {
    content_type: "session",
    session_type: "checkpoint",
    summary: "So far so good.",
    next_steps: ["go on"],
  },
  freeform: { content_type: "freeform", payload: { seen: true } },
  output: { content_type: "output", text: "Done.", format: "markdown" },
} as const;

/** Does one step; those that have nothing to act on do nothing. */
export function takeStep(history: ChainBuilder, step: Step): void {
  switch (step.do) {
    case "say":
      history.say(step.role, step.text, step.messageId, {}, step.name);
      return;
    case "rule":
      history.commit({ content_type: "instruction", name: step.name, text: step.text });
      return;
    case "call":
      history.call(step.id, step.tool, step.payload, step.messageId);
      return;
    case "result":
      history.result(step.id, "search", step.payload, step.isError ? { status: "error" } : {});
      return;
    case "other":
      history.commit(OTHERS[step.type]);
      return;
    case "edit": {
      const target = picked(history, step.pick, "append");
      if (target === null) return;
      const role = history.rows.find(({ commit }) => commit.hash === target)?.commit.role ?? "user";
      const said = { content_type: "dialogue", role: role === "tool" ? "user" : role, text: step.text };
      history.commit(step.asConfig ? OTHERS.config : said, { edits: target });
      return;
    }
    case "annotate": {
      const target = picked(history, step.pick, null);
      if (target !== null) history.annotate(target, step.priority, step.labels);
    }
  }
}

function picked(history: ChainBuilder, pick: number, operation: string | null): Hash | null {
  const candidates = history.rows.filter(
    ({ commit }) => operation === null || commit.operation === operation,
  );
  return (
    candidates[Math.min(candidates.length - 1, Math.floor(pick * candidates.length))]?.commit.hash ?? null
  );
}

export function buildHistory(steps: readonly Step[]): ChainBuilder {
  const history = new ChainBuilder();
  for (const step of steps) takeStep(history, step);
  return history;
}
