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
      readonly message: string | null;
    }
  | { readonly do: "rule"; readonly name: string | null; readonly text: string }
  | {
      readonly do: "call";
      readonly id: string | null;
      readonly payload: string;
      readonly messageId: string | null;
    }
  | { readonly do: "result"; readonly id: string | null; readonly payload: string; readonly isError: boolean }
  | { readonly do: "exchange"; readonly ids: readonly string[]; readonly isReversed: boolean }
  | { readonly do: "other"; readonly type: keyof typeof OTHERS }
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

const say: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("say" as const),
  role: fc.constantFrom("user", "assistant", "assistant", "system"),
  text,
  messageId,
  name: fc.constantFrom(null, null, null, "Alice", "Bob B.", ""),
  message: fc.constantFrom(null, null, null, null, "", "a note"),
});
const rule: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("rule" as const),
  name: fc.constantFrom(null, "style", "tone"),
  text,
});
const call: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("call" as const),
  id: callId,
  payload,
  messageId,
});
const result: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("result" as const),
  id: callId,
  payload,
  isError: fc.boolean(),
});
const exchange: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("exchange" as const),
  ids: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 }),
  isReversed: fc.boolean(),
});
const other: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("other" as const),
  type: fc.constantFrom("config", "metadata", "reasoning", "artifact", "session", "freeform", "output"),
});
const edit = (pick: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constant("edit" as const), pick, text, asConfig: fc.boolean() });
const annotate = (pick: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant("annotate" as const),
    pick,
    priority: fc.constantFrom(null, "skip", "normal", "important", "pinned"),
    labels: fc.constantFrom([], ["keep"]),
  });

const anywhere = fc.double({ min: 0, max: 1, noNaN: true });
const nearHead = fc.double({ min: 0.97, max: 1, noNaN: true });

/** Histories in which everything goes wrong as often as not. */
export function anyHistory(maxLength: number): fc.Arbitrary<readonly Step[]> {
  const step = fc.oneof(
    { weight: 6, arbitrary: say },
    { weight: 5, arbitrary: call },
    { weight: 5, arbitrary: result },
    { weight: 2, arbitrary: exchange },
    { weight: 1, arbitrary: rule },
    { weight: 1, arbitrary: other },
    { weight: 1, arbitrary: edit(anywhere) },
    { weight: 1, arbitrary: annotate(anywhere) },
  );
  return fc.array(step, { maxLength, size: "max" });
}

/** Long histories that mostly go well, so that much of them is settled; what is changed is near the head. */
export function calmHistory(length: { minLength: number; maxLength: number }): fc.Arbitrary<readonly Step[]> {
  const step = fc.oneof(
    { weight: 60, arbitrary: say },
    { weight: 40, arbitrary: exchange },
    { weight: 4, arbitrary: call },
    { weight: 3, arbitrary: result },
    { weight: 2, arbitrary: rule },
    { weight: 4, arbitrary: other },
    { weight: 1, arbitrary: edit(nearHead) },
    { weight: 2, arbitrary: annotate(nearHead) },
  );
  return fc.array(step, { ...length, size: "max" });
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
      history.say(
        step.role,
        step.text,
        step.messageId,
        step.message === null ? {} : { message: step.message },
        step.name,
      );
      return;
    case "rule":
      history.commit({ content_type: "instruction", name: step.name, text: step.text });
      return;
    case "call":
      history.call(
        step.id,
        step.payload.startsWith("{") ? "search" : "my.tool/v2 ü",
        step.payload,
        step.messageId,
      );
      return;
    case "result":
      history.result(step.id, "search", step.payload, step.isError ? { status: "error" } : {});
      return;
    case "exchange": {
      const ids = step.isReversed ? step.ids.toReversed() : step.ids;
      for (const id of step.ids) history.call(id, "search", { q: id });
      for (const id of ids) history.result(id, "search", `found ${id}`);
      return;
    }
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
