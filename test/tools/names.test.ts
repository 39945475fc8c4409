/** The two spellings of names, and what is nobody's to respell. */
import { describe, expect, it } from "vitest";
import { camelKeys, snakeKeys } from "../../src/tools/names.ts";

describe("names", () => {
  it("spells a result in snake_case, all the way down", () => {
    expect(
      snakeKeys({ nextCursor: null, commits: [{ contentType: "dialogue", tokens: 3 }], refMoves: [] }),
    ).toEqual({
      next_cursor: null,
      commits: [{ content_type: "dialogue", tokens: 3 }],
      ref_moves: [],
    });
  });

  it("hands on user data as it is, by reference", () => {
    const metadata = { userId: 1, __proto__x: { camelCase: true } };
    const content = { content_type: "freeform", payload: { someKey: 1 } };
    const result = snakeKeys({
      commit: { metadata, content, generationConfig: { topP: 1 }, params: { newName: "x" } },
    });
    const commit = result.commit as Record<string, unknown>;
    expect(commit.metadata).toBe(metadata);
    expect(commit.content).toBe(content);
    expect(commit.generation_config).toEqual({ topP: 1 });
    expect(commit.params).toEqual({ newName: "x" });
  });

  it("leaves out what is undefined and keeps what is null", () => {
    expect(snakeKeys({ budget: undefined, head: null })).toEqual({ head: null });
  });

  it("spells arguments in camelCase, the top level only", () => {
    const retain = { some_key: 1 };
    expect(camelKeys({ add_labels: ["a"], retain, ref: "x" })).toEqual({
      addLabels: ["a"],
      retain,
      ref: "x",
    });
  });
});
