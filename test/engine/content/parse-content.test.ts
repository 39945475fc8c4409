/** What is accepted as content and how a refusal reads. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { BUILT_IN_TYPES, createContentTypes } from "../../../src/engine/content/content-types.ts";
import { contentTypeFromRecord, defineContentType } from "../../../src/engine/content/custom-types.ts";
import { findJsonProblem } from "../../../src/engine/content/json-rules.ts";
import { parseContent, readContent, storedText } from "../../../src/engine/content/parse-content.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { autoMessage } from "../../../src/engine/history/plan-commit.ts";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";

const context = { types: createContentTypes(), limits: DEFAULT_LIMITS, path: "content" };

/** JSON whose numbers a double holds exactly. */
const exactJson = fc.jsonValue().filter((value) => findJsonProblem(value, "", 100) === null);

function refusal(input: unknown): TractError {
  try {
    parseContent(input, context);
  } catch (error) {
    if (error instanceof TractError) return error;
    throw error;
  }
  throw new Error("the content was accepted");
}

describe("parseContent", () => {
  it.each([
    ["an unknown type", { content_type: "dialog", text: "x" }, "content.content_type"],
    ["no type", { text: "x" }, "content.content_type"],
    ["a missing field", { content_type: "dialogue", role: "user" }, "content.text"],
    ["a wrong role", { content_type: "dialogue", role: "tool", text: "x" }, "content.role"],
    ["a wrong type of field", { content_type: "dialogue", role: "user", text: 7 }, "content.text"],
    ["an unknown field", { content_type: "output", text: "x", colour: "red" }, "content"],
    ["a lone surrogate", { content_type: "output", text: "x\ud800" }, "content.text"],
    ["a lone surrogate in a key", { content_type: "freeform", payload: { "\udc00": 1 } }, "content.payload"],
    [
      "a number that JSON cannot hold exactly",
      { content_type: "freeform", payload: { big: 2 ** 53 } },
      "content.payload.big",
    ],
    ["not a number", { content_type: "freeform", payload: { n: Number.NaN } }, "content.payload.n"],
    ["a list as payload", { content_type: "freeform", payload: [1] }, "content.payload"],
    ["a date", { content_type: "freeform", payload: { at: new Date(0) } }, "content.payload.at"],
  ])("refuses %s and names the field", (_, input, path) => {
    const error = refusal(input);
    expect(error.code).toBe("invalid-content");
    expect(error.data.path).toBe(path);
    expect(error.hint).not.toBe("");
  });

  it("offers the nearest type for a mistyped one", () => {
    expect(refusal({ content_type: "dialog", text: "x" }).hint).toContain("dialogue");
  });

  it("refuses content over the limit with both numbers", () => {
    const small = { ...context, limits: { ...DEFAULT_LIMITS, contentBytesMax: 100 } };
    expect(() => parseContent({ content_type: "output", text: "é".repeat(50) }, small)).toThrow(
      expect.objectContaining({
        code: "content-too-large",
        data: expect.objectContaining({ bytes_max: 100 }),
      }),
    );
  });

  it("refuses deep nesting without running out of stack", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 50_000; i++) deep = { a: deep };
    expect(refusal({ content_type: "freeform", payload: deep }).code).toBe("invalid-content");
  });

  it("keeps NUL characters and prototype keys as data", () => {
    const payload = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"nul":"a\\u0000b"}');
    const parsed = parseContent({ content_type: "freeform", payload }, context);
    expect(parsed.record.body).toBe(
      '{"content_type":"freeform","payload":{"__proto__":{"polluted":true},"constructor":1,"nul":"a\\u0000b"}}',
    );
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("keeps a provider's text as payload byte for byte", () => {
    const payload = '{ "b":1.0,\n"a" : 2 }';
    const { record, text } = parseContent(
      { content_type: "tool_io", tool_name: "f", direction: "call", payload },
      context,
    );
    expect(JSON.parse(record.body).payload).toBe(payload);
    expect(text).toBe(`f ${payload}`);
  });

  it("gives every built-in type a text, a role or none, and a priority", () => {
    expect(BUILT_IN_TYPES).toEqual([
      "instruction",
      "dialogue",
      "tool_io",
      "reasoning",
      "artifact",
      "output",
      "freeform",
      "session",
      "config",
      "metadata",
      "summary",
    ]);
    const pinned = BUILT_IN_TYPES.filter((name) => context.types.get(name)?.priority === "pinned");
    expect(pinned).toEqual(["instruction", "session"]);
  });

  it("leaves summaries to the operations that make them", () => {
    const summary = { content_type: "summary", sources: ["a".repeat(64)], strategy: "manual", text: "short" };
    expect(() => parseContent(summary, context)).toThrow(
      expect.objectContaining({ code: "invalid-content", message: expect.stringContaining("compress") }),
    );
    const { text, record } = parseContent(summary, { ...context, internal: true });
    expect(text).toBe("[Summary of 1 earlier message]\nshort");
    expect(record).toMatchObject({ role: "user", priority: "normal" });
  });

  it("shows base64 artifacts as one line", () => {
    const { text } = parseContent(
      {
        content_type: "artifact",
        artifact_type: "image",
        content: "AAAA",
        media_type: "image/png",
        path: "a.png",
      },
      context,
    );
    expect(text).toBe("[image a.png: image/png, 4 characters of base64]");
  });

  it("reads back what it wrote, for any JSON", () => {
    fc.assert(
      fc.property(exactJson, fc.string({ unit: "grapheme" }), (payload, name) => {
        const input = { content_type: "tool_io", tool_name: `t${name}`, direction: "result", payload };
        const first = parseContent(input, context);
        const again = parseContent(readContent(first.record), context);
        expect(again.record).toEqual(first.record);
        expect(storedText(first.record)).toBe(first.text);
        expect(first.text).not.toBe("");
      }),
    );
  });
});

describe("custom types", () => {
  const type = defineContentType("ticket", z.object({ title: z.string(), votes: z.number().default(0) }), {
    role: "user",
    defaultPriority: "important",
    toText: (content) => `Ticket: ${String(content.title)}`,
  });
  const types = new Map([...createContentTypes(), ["ticket", type]]);

  it("are checked, filled in and texted by their own code, and stored with role and priority", () => {
    const parsed = parseContent({ content_type: "ticket", title: "Slow" }, { ...context, types });
    expect(parsed.record).toMatchObject({
      type: "ticket",
      role: "user",
      priority: "important",
      text: "Ticket: Slow",
    });
    expect(parsed.record.body).toBe('{"content_type":"ticket","title":"Slow","votes":0}');
    expect(() =>
      parseContent({ content_type: "ticket", title: "x", extra: 1 }, { ...context, types }),
    ).toThrow(TractError);
  });

  it("are known again from their JSON Schema alone", () => {
    const record = type.record;
    if (record === null) throw new Error("a custom type has a record");
    const remembered = new Map([...createContentTypes(), ["ticket", contentTypeFromRecord(record)]]);
    const parsed = parseContent(
      { content_type: "ticket", title: "Slow", votes: 2 },
      { ...context, types: remembered },
    );
    expect(parsed.record).toMatchObject({ role: "user", priority: "important" });
    expect(() =>
      parseContent({ content_type: "ticket", title: 5 }, { ...context, types: remembered }),
    ).toThrow(expect.objectContaining({ code: "invalid-content" }));
  });

  it("cannot take a built-in or malformed name", () => {
    expect(() => defineContentType("dialogue", z.object({}), {})).toThrow(
      expect.objectContaining({ code: "exists" }),
    );
    expect(() => defineContentType("Not ok", z.object({}), {})).toThrow(
      expect.objectContaining({ code: "invalid-name" }),
    );
  });
});

describe("autoMessage", () => {
  it("folds white space and is the type alone without text", () => {
    expect(autoMessage("dialogue", "  a \n\n b\t")).toBe("dialogue: a b");
    expect(autoMessage("output", " \n")).toBe("output");
  });

  it("has at most 72 code points, ends with dots when cut, and never splits a pair", () => {
    const message = autoMessage("output", "🙂".repeat(100));
    expect([...message]).toHaveLength(72);
    expect(message.endsWith("🙂...")).toBe(true);
    expect(message.isWellFormed()).toBe(true);
    expect(autoMessage("output", "x".repeat(64))).toBe(`output: ${"x".repeat(64)}`);
    expect(autoMessage("output", "x".repeat(65))).toBe(`output: ${"x".repeat(61)}...`);
  });
});
