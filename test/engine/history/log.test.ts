/** Listing history: order, pages, filters, ranges, and what a bad request is told. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { type LogRequest, log } from "../../../src/engine/history/log.ts";
import { openTestEngine, type TestEngineOptions } from "../../support/engine.ts";
import { refusal, say, wholeState } from "../../support/history.ts";

let engine: Engine;
let close: () => Promise<void>;

async function open(options: TestEngineOptions = {}): Promise<void> {
  ({ engine, close } = await openTestEngine(options));
}
beforeEach(() => open());
afterEach(() => close());

async function messages(request: LogRequest = {}): Promise<readonly string[]> {
  return (await log(engine, request)).entries.map((entry) => entry.message.replace("dialogue: ", ""));
}

/** Every entry of every page, and how many entries each page had. */
async function allPages(request: LogRequest): Promise<{ found: string[]; sizes: number[] }> {
  const found: string[] = [];
  const sizes: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await log(engine, { ...request, cursor });
    found.push(...page.entries.map((entry) => entry.message.replace("dialogue: ", "")));
    sizes.push(page.entries.length);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && sizes.length < 50);
  return { found, sizes };
}

describe("log", () => {
  it("is empty on a fresh store, and writes nothing", async () => {
    const before = await wholeState(engine);
    expect(await log(engine)).toEqual({ entries: [], nextCursor: null });
    expect(await log(engine, { ref: "HEAD..main" })).toEqual({ entries: [], nextCursor: null });
    expect(await wholeState(engine)).toEqual(before);
  });

  it("lists newest first, with the priority and labels in force", async () => {
    const one = await say(engine, "one", { labels: ["a"] });
    await say(engine, "two", { role: "system" });
    await annotate(engine, { refs: [one], priority: "important", addLabels: ["b"] });
    await say(engine, "uno", { editTarget: one });
    const { entries } = await log(engine);
    expect(entries.map(({ message, priority, labels }) => [message, priority, labels])).toEqual([
      ["dialogue: uno", "important", []],
      ["instruction: two", "pinned", []],
      ["dialogue: one", "important", ["a", "b"]],
    ]);
    expect(entries[0]).toMatchObject({ operation: "edit", editTarget: one, branch: "main", role: "user" });
  });

  it("pages through everything once, whatever the size of the page", async () => {
    const words = Array.from({ length: 23 }, (_, i) => `m${i}`);
    await commit(engine, { items: words.map((content) => ({ content })) });
    for (const limit of [1, 5, 22, 23, 24]) {
      const { found, sizes } = await allPages({ limit });
      expect(found).toEqual(words.toReversed());
      expect(sizes).toHaveLength(Math.ceil(23 / limit));
    }
  });

  it("pages on through the history of its first page while the branch moves", async () => {
    await commit(engine, { items: ["a", "b", "c"].map((content) => ({ content })) });
    const first = await log(engine, { limit: 2 });
    await say(engine, "d");
    const second = await log(engine, { limit: 2, cursor: first.nextCursor ?? "" });
    expect(second.entries.map((entry) => entry.message)).toEqual(["dialogue: a"]);
    expect(second.nextCursor).toBeNull();
  });

  it("starts at any ref, and leaves out what the other end of a range has", async () => {
    await commit(engine, { items: ["a", "b", "c"].map((content) => ({ content })) });
    await createBranch(engine, { name: "side", from: "HEAD~1" });
    await say(engine, "x", { branch: "side" });
    expect(await messages({ ref: "HEAD~1" })).toEqual(["b", "a"]);
    expect(await messages({ branch: "side" })).toEqual(["x", "b", "a"]);
    expect(await messages({ ref: "main..side" })).toEqual(["x"]);
    expect(await messages({ ref: "side.." })).toEqual(["c"]);
    expect(await messages({ ref: "..side" })).toEqual(["x"]);
    expect(await messages({ ref: "HEAD~2..HEAD~1" })).toEqual(["b"]);
    expect(await messages({ ref: "main..main" })).toEqual([]);
  });

  it("filters by what stores know and what only the engine knows", async () => {
    const one = await say(engine, "Alpha one", { labels: ["red"] });
    await say(engine, "beta two", { role: "assistant", message: "second" });
    await say(engine, "gamma three", { role: "system" });
    await commit(engine, { items: [{ content: { content_type: "metadata", kind: "k", data: {} } }] });
    await say(engine, "delta", { editTarget: one });
    await annotate(engine, { refs: ["HEAD~3"], addLabels: ["blue"], priority: "skip" });
    const found = async (request: LogRequest): Promise<readonly string[]> =>
      (await log(engine, request)).entries.map((entry) => entry.message.split(": ").at(-1) ?? "");
    expect(await found({ operation: "edit" })).toEqual(["delta"]);
    expect(await found({ contentType: "instruction" })).toEqual(["gamma three"]);
    expect(await found({ contentType: ["instruction", "metadata"] })).toHaveLength(2);
    expect(await found({ role: "assistant" })).toEqual(["second"]);
    expect(await found({ author: "user" })).toHaveLength(5);
    expect(await found({ author: "agent" })).toEqual([]);
    expect(await found({ label: "red" })).toEqual(["Alpha one"]);
    expect(await found({ label: ["blue", "none"] })).toEqual(["second"]);
    expect(await found({ priority: "skip" })).toEqual(["second"]);
    expect(await found({ priority: ["skip", "pinned"] })).toEqual(["gamma three", "second"]);
    expect(await found({ text: "ALPHA" })).toEqual(["Alpha one"]);
    expect(await found({ text: "beta" })).toEqual(["second"]);
    expect(await found({ text: "a", role: "user", label: "red" })).toEqual(["Alpha one"]);
  });

  it("bounds by time, a date alone meaning the whole day", async () => {
    await say(engine, "now");
    const [entry] = (await log(engine)).entries;
    const at = entry?.createdAt ?? "";
    expect(await messages({ since: at, until: at })).toEqual(["now"]);
    expect(await messages({ until: at.slice(0, 10) })).toEqual(["now"]);
    expect(await messages({ since: at.slice(0, 10) })).toEqual(["now"]);
    expect(await messages({ since: "2026-01-01 02:00+02:00" })).toEqual(["now"]);
    expect(await messages({ since: "2026-01-02" })).toEqual([]);
    expect(await messages({ until: "2025-12-31" })).toEqual([]);
  });

  it("refuses what is no time, no content type it knows, no page and no range", async () => {
    await say(engine, "a");
    const codes = async (request: LogRequest): Promise<unknown> => {
      const { code, data } = await refusal(engine, () => log(engine, request));
      return [code, data.path];
    };
    for (const since of ["yesterday", "2026-02-30", "2026-13-01", "", "12", "2026-01-01T25:00:00Z"])
      expect(await codes({ since })).toEqual(["invalid-argument", "since"]);
    expect(await codes({ since: "2026-02-01", until: "2026-01-01" })).toEqual(["invalid-argument", "since"]);
    expect(await codes({ contentType: "dialog" })).toEqual(["invalid-argument", "content_type"]);
    for (const limit of [0, -1, 1.5, 201, Number.NaN])
      expect(await codes({ limit })).toEqual(["invalid-argument", "limit"]);
    for (const ref of ["a..b..c", "main...side"])
      expect(await codes({ ref })).toEqual(["invalid-argument", "ref"]);
    expect((await refusal(engine, () => log(engine, { ref: "mian" }))).code).toBe("not-found");
    expect((await refusal(engine, () => log(engine, { ref: "main..mian" }))).data.near).toEqual(["main"]);
  });

  it("takes a cursor only for the query that gave it", async () => {
    await commit(engine, { items: ["a", "b", "c"].map((content) => ({ content })) });
    const { nextCursor } = await log(engine, { limit: 1, role: "user" });
    const cursor = nextCursor ?? "";
    expect((await log(engine, { limit: 2, role: "user", cursor })).entries).toHaveLength(2);
    for (const request of [{ role: "assistant" }, { role: "user", ref: "HEAD~1" }, {}] as const) {
      const error = await refusal(engine, () => log(engine, { ...request, cursor }));
      expect([error.code, error.data.path]).toEqual(["invalid-argument", "cursor"]);
    }
    expect((await refusal(engine, () => log(engine, { cursor: "x" }))).code).toBe("invalid-argument");
  });

  it("finds nothing by text that is no Unicode, and lives", async () => {
    await commit(engine, { items: ["a", "b", "c"].map((content) => ({ content })) });
    expect(await messages({ text: "\ud800" })).toEqual([]);
    expect(await messages({ label: "\ud800" })).toEqual([]);
  });
});

describe("log with a filter that has to look at each commit", () => {
  beforeEach(async () => {
    await close();
    await open({ limits: { logScanMax: 4 } });
  });

  it("stops after so many commits and loses nothing over its pages", async () => {
    const items = Array.from({ length: 11 }, (_, i) => ({
      content: `m${i}`,
      labels: i % 5 === 0 ? ["five"] : [],
    }));
    await commit(engine, { items });
    const { found, sizes } = await allPages({ label: "five" });
    expect(found).toEqual(["m10", "m5", "m0"]);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2);
    expect((await allPages({ text: "m1", limit: 1 })).found).toEqual(["m10", "m1"]);
    expect((await allPages({ label: "none" })).found).toEqual([]);
  });
});
