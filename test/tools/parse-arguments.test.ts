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
  return parseArguments(schema, args, ["content", "role"]);
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
    expect(refusal({ refs: 7 }).message).toContain("string or array");
    expect(refusal({ kind: "appendd" }).message).toContain("append or edit or array");
    expect(refusal({ limit: 201 }).code).toBe("invalid-argument");
  });

  it("calls what is wrong with a content invalid-content", () => {
    expect(refusal({ role: "robot" }).code).toBe("invalid-content");
    expect(refusal({ message: 1 }).code).toBe("invalid-argument");
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
