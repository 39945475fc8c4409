/** Arguments from outside: what is refused, with which code, path and near names. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { TractError } from "../../src/engine/errors.ts";
import { jsonObject, oneOf, oneOrMore, pageLimit, refs, stringList, text } from "../../src/tools/params.ts";
import { parseArguments } from "../../src/tools/parse-arguments.ts";

const schema = z.strictObject({
  content: z.unknown().optional(),
  role: z.enum(["user", "assistant"]).optional(),
  message: text,
  labels: stringList,
  limit: pageLimit(20),
  refs: refs.optional(),
  kind: oneOf(["append", "edit"]),
  event_type: oneOrMore,
  metadata: jsonObject,
  items: z.array(z.strictObject({ content: z.string(), labels: stringList })).optional(),
});

function parse(args: Record<string, unknown>) {
  return parseArguments(schema, args, ["content"]);
}

function refusal(args: Record<string, unknown>): TractError {
  try {
    parse(args);
  } catch (error) {
    if (error instanceof TractError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

describe("parseArguments", () => {
  it("fills in defaults and gives one value or several as a list", () => {
    expect(parse({ refs: "abcd", event_type: ["A", "B"], kind: "edit" })).toEqual({
      limit: 20,
      refs: ["abcd"],
      event_type: ["A", "B"],
      kind: ["edit"],
    });
  });

  it("takes null for an argument that was not given", () => {
    expect(parse({ message: null, limit: null })).toEqual({ limit: 20 });
  });

  it("names an unknown argument, those it may mean, and all there are", () => {
    const error = refusal({ mesage: "x", limit: 5 });
    expect(error.code).toBe("invalid-argument");
    expect(error.data).toMatchObject({ path: "mesage", unknown: ["mesage"], near: ["message"] });
    expect(error.hint).toContain("worktree");
  });

  it("names an unknown field inside of an item with its path", () => {
    const error = refusal({ items: [{ content: "a" }, { content: "b", label: ["x"] }] });
    expect(error.data).toMatchObject({ path: "items[1].label", near: ["labels"] });
  });

  it("says the path and what was expected of a wrong type", () => {
    expect(refusal({ limit: "20" }).data).toMatchObject({ path: "limit" });
    expect(refusal({ items: [{ content: 3 }] }).data).toMatchObject({ path: "items[0].content" });
    expect(refusal({ refs: 7 }).message).toBe("refs: expected a text or a list, got a number");
    expect(refusal({ kind: "appendd" }).message).toContain("expected one of append, edit or a list");
    expect(refusal({ kind: ["append", "merge"] })).toMatchObject({
      message: "kind[1]: expected one of append, edit",
      data: { path: "kind[1]" },
    });
    expect(refusal({ items: [{}] }).message).toBe("items[0].content: expected a text, got nothing");
    expect(refusal({ limit: 1.5 }).message).toBe("limit: expected a whole number, got a number");
    expect(refusal({ limit: 0 }).message).toBe("limit: expected a number of at least 1");
    expect(refusal({ limit: 201 }).code).toBe("invalid-argument");
  });

  it("calls what is wrong with a content invalid-content, of an item too, and all else invalid-argument", () => {
    for (const item of [{ content: 3 }, {}, { content: null }])
      expect(refusal({ items: [item] })).toMatchObject({
        code: "invalid-content",
        data: { path: "items[0].content" },
      });
    expect(refusal({ role: "robot" }).code).toBe("invalid-argument");
    expect(refusal({ message: 1 }).code).toBe("invalid-argument");
    expect(refusal({ items: [{ content: "a", labels: 3 }] }).code).toBe("invalid-argument");
  });

  it("takes null in an item for what was not given", () => {
    expect(parse({ items: [{ content: "a", labels: null }] }).items).toEqual([{ content: "a" }]);
  });

  it("tells a few of very many unknown arguments, cut to a length", () => {
    const args = Object.fromEntries(
      Array.from({ length: 300_000 }, (_, i) => [`${"unknown".repeat(i < 5 ? 1_000 : 5)}${i}`, 1]),
    );
    const error = refusal(args);
    expect(error.data.unknown).toHaveLength(5);
    expect(error.message).toContain("and 299995 more");
    expect(JSON.stringify(error).length).toBeLessThan(3_000);
    expect(JSON.stringify(refusal({ metadata: { ["k".repeat(1e6)]: "\ud800" } })).length).toBeLessThan(2_000);
  });

  it("refuses lone surrogates, inexact numbers and deep nesting outside of contents", () => {
    expect(refusal({ message: "a\ud800" }).data).toMatchObject({ path: "message" });
    expect(refusal({ metadata: { big: 2 ** 60 } }).data).toMatchObject({ path: "metadata.big" });
    const deep = JSON.parse(`${'{"a":'.repeat(500)}1${"}".repeat(500)}`);
    expect(refusal({ metadata: deep }).code).toBe("invalid-argument");
  });

  it("refuses __proto__ as an argument and keeps it inside of user data", () => {
    expect(refusal(JSON.parse('{"__proto__": {"a": 1}}')).data).toMatchObject({ unknown: ["__proto__"] });
    const metadata = JSON.parse('{"__proto__": {"a": 1}}');
    expect(Object.keys(parse({ metadata }).metadata ?? {})).toEqual(["__proto__"]);
  });

  it("never quotes a value in its message", () => {
    for (const args of [{ role: "SECRET" }, { limit: "SECRET" }, { refs: { a: "SECRET" } }]) {
      const error = refusal(args);
      expect(JSON.stringify(error)).not.toContain("SECRET");
    }
  });
});
