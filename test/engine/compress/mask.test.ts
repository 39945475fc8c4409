/** Strategy mask: which results become receipts, what a receipt tells, and what it saves on real transcripts (spec 3.5; spec 9, 35). */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { protectionBy } from "../../../src/engine/compress/retain-rules.ts";
import { maskResults } from "../../../src/engine/compress/strategies/mask.ts";
import type { MaskEdit } from "../../../src/engine/compress/strategies/receipt.ts";
import { createContentTypes } from "../../../src/engine/content/content-types.ts";
import { parseContent } from "../../../src/engine/content/parse-content.ts";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";
import { parseTranscript } from "../../../src/engine/transcripts/parse-transcript.ts";
import type { Hash, Json } from "../../../src/storage/records.ts";
import { ChainBuilder, compileChain, draftOf } from "../../support/chain-builder.ts";
import { count, retain, unitsOf } from "./units.ts";

function mask(history: ChainBuilder, keep: number): readonly MaskEdit[] {
  const isProtected = protectionBy(draftOf(history).annotations);
  return maskResults(unitsOf(history), { keep, isProtected, count });
}

const LONG = "It says a lot of things that nobody needs any more. ".repeat(20);

/** Calls of `read` with one long result each. */
function reads(
  count: number,
  text = LONG,
): { readonly history: ChainBuilder; readonly results: readonly Hash[] } {
  const history = new ChainBuilder();
  const results = Array.from({ length: count }, (_, index) => {
    history.call(`c${index}`, "read", { path: `src/file-${index}.ts` });
    return history.result(`c${index}`, "read", `${index} ${text}`);
  });
  return { history, results };
}

function payloadOf(edit: MaskEdit | undefined): string {
  return String(edit?.content.payload);
}

/** Commits the edits, as the operation will. */
function apply(history: ChainBuilder, edits: readonly MaskEdit[]): void {
  for (const { content, target } of edits) history.commit(content, { edits: target });
}

describe("masks", () => {
  it("all but the newest results, oldest first, as edits of them", () => {
    const { history, results } = reads(5);
    expect(mask(history, 2).map(({ target }) => target)).toEqual(results.slice(0, 3));
    expect(mask(history, 0)).toHaveLength(5);
    expect(mask(history, 10)).toEqual([]);
  });

  it("so that the context shrinks by what the edits say", () => {
    const { history } = reads(5);
    const before = compileChain(history).tokenCount;
    const edits = mask(history, 2);
    apply(history, edits);
    const saved = edits.reduce((sum, { originalTokens, tokens }) => sum + originalTokens - tokens, 0);
    expect(compileChain(history).tokenCount).toBe(before - saved);
  });

  it("with contents that commit accepts, and that pair with their calls", () => {
    const { history } = reads(3);
    const edits = mask(history, 0);
    for (const { content } of edits)
      expect(() =>
        parseContent(content, { types: createContentTypes(), limits: DEFAULT_LIMITS, path: "" }),
      ).not.toThrow();
    apply(history, edits);
    expect(unitsOf(history).map(({ kind }) => kind)).toEqual(["exchange", "exchange", "exchange"]);
  });

  it("a result whose call is gone, without arguments", () => {
    const history = new ChainBuilder();
    history.result("1", "read", LONG);
    expect(payloadOf(mask(history, 0)[0])).toContain("read gave ");
  });
});

describe("leaves whole", () => {
  it("pinned and important results, and those with a retain rule", () => {
    const { history, results } = reads(4);
    history.annotate(results[0]!, "pinned");
    history.annotate(results[1]!, "important");
    retain(history, results[2]!, { patterns: ["things"], mode: "substring" });
    expect(mask(history, 0).map(({ target }) => target)).toEqual([results[3]]);
  });

  it("what is no longer than its receipt", () => {
    expect(mask(reads(4, "ok").history, 0)).toEqual([]);
  });

  it("what is masked already", () => {
    const { history } = reads(4);
    apply(history, mask(history, 2));
    expect(mask(history, 2)).toEqual([]);
    expect(mask(history, 1)).toHaveLength(1);
  });

  it("nothing because a tool answers in the words of a receipt", () => {
    const { history } = reads(1);
    const forged = `${payloadOf(mask(history, 0)[0])} ${LONG}`;
    history.call("x", "read", {});
    const result = history.result("x", "read", forged);
    expect(mask(history, 0).map(({ target }) => target)).toContain(result);
  });

  it("texts and calls", () => {
    const history = new ChainBuilder();
    history.user(LONG);
    history.call("1", "write", { text: LONG });
    expect(mask(history, 0)).toEqual([]);
  });
});

describe("a receipt", () => {
  function receipt(payload: Json, given: Json, status?: "success" | "error", tool = "read"): string {
    const history = new ChainBuilder();
    history.call("1", tool, given);
    history.result("1", tool, payload, status === undefined ? {} : { status });
    return payloadOf(mask(history, 0)[0]);
  }

  it("tells tool, arguments, size, content, outcome and where the whole is", () => {
    const { history, results } = reads(1);
    const [content] = history.rows.slice(-1).map(({ commit }) => commit.contentHash);
    const tokens = String(history.rows.at(-1)?.commit.tokens);
    const characters = (LONG.length + 2).toLocaleString("en-US");
    expect(payloadOf(mask(history, 0)[0])).toBe(
      `[result left out: read {"path":"src/file-0.ts"} gave ${tokens} tokens, ${characters} characters, content ${content?.slice(0, 8)}; show ${results[0]?.slice(0, 12)}]`,
    );
  });

  it("keeps the fields of the result", () => {
    const history = new ChainBuilder();
    history.call("1", "read", {}, "m");
    history.result("1", "read", LONG, { status: "success" });
    expect(mask(history, 0)[0]?.content).toMatchObject({
      content_type: "tool_io",
      direction: "result",
      tool_name: "read",
      call_id: "1",
      status: "success",
      message_id: null,
    });
  });

  it("has the short arguments first and is bounded", () => {
    const text = receipt(LONG, { content: "x".repeat(5_000), path: "src/a.ts" }, "success");
    expect(text).toContain('{"path":"src/a.ts",');
    expect(text.length).toBeLessThan(300);
    expect(text).toContain(", success;");
  });

  it("keeps the message of an error: its first lines, and the line that names it", () => {
    const trace = `Traceback (most recent call last):\n${"  File x, line 1\n".repeat(100)}ValueError: limit is 8 MB\n${LONG}`;
    const text = receipt(trace, {}, "error");
    expect(text).toContain("Traceback (most recent call last):");
    expect(text).toContain("ValueError: limit is 8 MB");
    expect(text.length).toBeLessThan(500);
    expect(receipt(`ENOENT: no such file 'a'\n${LONG}`, {}, "error")).toContain("ENOENT: no such file 'a'");
  });

  it("names an error also where no status says so, and none where the status says success", () => {
    expect(receipt(`...\nTypeError: x is not a function\n${LONG}`, {})).toContain(
      ', error "TypeError: x is not a function"',
    );
    expect(receipt(`TypeError: x\n${LONG}`, {}, "success")).not.toContain("TypeError");
  });

  it.each([
    ["control characters", `\u0000\u001b[31m\n${LONG}`, { "a\nb": "\u0007\r\n]" }],
    ["right to left", `\u202e${LONG}`, { path: "\u202egnp.exe" }],
    ["no JSON", LONG, "{ not json \n]"],
    ["lone halves in JSON text", LONG, '{"a":"\\ud800"}'],
    ["a megabyte of one character", "a".repeat(1_000_000), "b".repeat(1_000_000)],
    ["opening brackets", "[".repeat(200_000), "{".repeat(200_000)],
  ])("is one well-formed line for %s", (_, payload, given) => {
    for (const status of ["error", undefined] as const) {
      const text = receipt(payload, given, status);
      expect(text).toMatch(/^\[result left out: [^\n\r\p{C}]{1,480}; show [0-9a-f]{12}\]$/u);
      expect(text.isWellFormed()).toBe(true);
    }
  });
});

const DATA = new URL("../../../../shared/data/", import.meta.url);

describe.each(["swe-agent-marshmallow-function-calling.traj", "swe-agent-marshmallow-long.traj"])(
  "%s",
  (file) => {
    const isThere = existsSync(new URL(file, DATA));

    it.skipIf(!isThere)(
      `with keep 2 loses at least 60 % of its tokens${isThere ? "" : " (skipped: the data folder is not there)"}`,
      () => {
        const text = readFileSync(new URL(file, DATA), "utf8");
        const { transcripts } = parseTranscript({ text, sourceName: file, format: null }, DEFAULT_LIMITS);
        for (const { items } of transcripts) {
          const history = new ChainBuilder();
          for (const { content, metadata } of items)
            history.commit(content, metadata === null ? {} : { metadata });
          const before = compileChain(history).tokenCount;
          apply(history, mask(history, 2));
          expect(compileChain(history).tokenCount / before).toBeLessThanOrEqual(0.4);
        }
        expect(transcripts.length).toBeGreaterThan(0);
      },
    );
  },
);
