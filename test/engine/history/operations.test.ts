import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { decodeCursor, encodeCursor } from "../../../src/engine/cursor.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import {
  type OperationEntry,
  type OperationsRequest,
  operations,
} from "../../../src/engine/history/operations.ts";
import { isoNow, operationChange, publishPlan } from "../../../src/engine/history/publish.ts";
import { readSite } from "../../../src/engine/history/snapshot.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { inWorktree, refusal, say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(async () => {
  await test.close();
});

it("has an empty log before the first write", async () => {
  expect(await operations(test.engine)).toEqual({ operations: [], nextCursor: null });
});

it("lists what was done, newest first, with its moves", async () => {
  const { engine } = test;
  const one = await say(engine, "one");
  const tag = await createTag(engine, { name: "v1" });
  const { operations: log } = await operations(engine);
  expect(log.map(({ type }) => type)).toEqual(["tag", "commit"]);
  expect(log[0]).toEqual({
    id: tag.operationId,
    type: "tag",
    worktree: "default",
    author: { kind: "user", name: "Ada", session_id: null },
    branch: "main",
    createdAt: tag.tag.createdAt,
    refMoves: [{ kind: "tag", name: "v1", before: null, after: { commit: one } }],
    annotations: 0,
    sources: [one],
    results: [],
    params: { action: "create", name: "v1" },
    undoes: null,
    undone: false,
  });
  expect(log[1]).toMatchObject({ results: [one], undone: false });
});

it("pages with a cursor until the end, without gaps while others write", async () => {
  const { engine } = test;
  for (let i = 0; i < 7; i++) await say(engine, `message ${i}`);
  const whole = (await operations(engine)).operations.map(({ id }) => id);
  const seen: string[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; cursor !== null && pages < 10; pages++) {
    const page = await operations(engine, { limit: 3, cursor });
    seen.push(...page.operations.map(({ id }: OperationEntry) => id));
    cursor = page.nextCursor;
    await say(engine, `while paging ${pages}`);
  }
  expect(seen).toEqual(whole);
});

it("filters by type and by commit", async () => {
  const { engine } = test;
  const one = await say(engine, "one");
  const two = await say(engine, "two");
  await annotate(engine, { refs: [one], priority: "pinned" });
  await checkout(engine, { ref: one });
  const types = async (request: object): Promise<readonly string[]> =>
    (await operations(engine, request)).operations.map(({ type }) => type);
  expect(await types({ type: "commit" })).toEqual(["commit", "commit"]);
  expect(await types({ commit: one })).toEqual(["annotate", "commit"]);
  expect(await types({ commit: two.slice(0, 12) })).toEqual(["commit"]);
  expect(await types({ commit: one, type: "commit" })).toEqual(["commit"]);
  expect(await types({ type: "nothing\ud800" })).toEqual([]);
});

/** Operations that replaced so many tokens by so many others. */
async function replaced(...sizes: readonly (readonly [original: number, compressed: number])[]) {
  const { engine } = test;
  for (const [originalTokens, compressedTokens] of sizes)
    await publishPlan(engine, async () => {
      const note = { id: engine.newId(), type: "compress", branch: "main", now: isoNow(engine) };
      const tokens = { originalTokens, compressedTokens };
      const change = operationChange(engine, await readSite(engine, {}), {
        ...note,
        ...tokens,
        reason: "Compressed",
        evidence: {},
      });
      return { change, result: () => null };
    });
}

it("says how many tokens an operation replaced, where it replaced some", async () => {
  await say(test.engine, "one");
  await replaced([300, 0]);
  const [compressed, plain] = (await operations(test.engine)).operations;
  expect(compressed).toMatchObject({ originalTokens: 300, compressedTokens: 0 });
  expect(plain).not.toHaveProperty("originalTokens");
  expect(plain).not.toHaveProperty("compressedTokens");
});

it("sorts by tokens and by their ratio, and takes only those of a size", async () => {
  await say(test.engine, "one");
  await replaced([100, 50], [300, 200], [200, 20]);
  const sizes = async (request: OperationsRequest): Promise<readonly unknown[]> =>
    (await operations(test.engine, request)).operations.map((found) => found.originalTokens ?? found.type);
  expect(await sizes({ sort: "original_tokens" })).toEqual([300, 200, 100]);
  expect(await sizes({ sort: "compressed_tokens" })).toEqual([300, 100, 200]);
  expect(await sizes({ sort: "ratio" })).toEqual([200, 100, 300]);
  expect(await sizes({ sort: "ratio", originalTokensMin: 101 })).toEqual([200, 300]);
  expect(await sizes({ originalTokensMin: 101 })).toEqual([200, 300]);
  expect(await sizes({ originalTokensMin: 0 })).toEqual([200, 300, 100]);
  expect(await sizes({ sort: "ratio", type: "commit" })).toEqual([]);
  expect(await sizes({})).toEqual([200, 300, 100, "commit"]);
});

it("pages sorted operations without gaps or repeats while others write", async () => {
  const { engine } = test;
  await replaced([100, 1], [700, 2], [300, 3], [500, 4], [500, 5]);
  for (const sort of ["original_tokens", "compressed_tokens", "ratio"] as const) {
    const whole = (await operations(engine, { sort })).operations.map(({ id }) => id);
    const seen: string[] = [];
    let cursor: string | null | undefined;
    for (let pages = 0; cursor !== null && pages < 10; pages++) {
      const page = await operations(engine, { sort, limit: 2, cursor });
      seen.push(...page.operations.map(({ id }: OperationEntry) => id));
      cursor = page.nextCursor;
      await replaced([900 + pages, 1]);
    }
    expect(seen).toEqual(whole);
  }
});

it("refuses sizes that are none, and a cursor of another order", async () => {
  const { engine } = test;
  await replaced([100, 1], [700, 2]);
  for (const originalTokensMin of [-1, 0.5, Number.NaN])
    expect((await refusal(engine, () => operations(engine, { originalTokensMin }))).code).toBe(
      "invalid-argument",
    );
  const { nextCursor } = await operations(engine, { limit: 1, sort: "ratio" });
  for (const request of [{}, { sort: "original_tokens" }, { sort: "ratio", originalTokensMin: 1 }] as const) {
    const asked = { ...request, cursor: nextCursor ?? "" };
    expect((await refusal(engine, () => operations(engine, asked))).code).toBe("invalid-argument");
  }
});

it("marks what is undone and names what an undo undid", async () => {
  const { engine } = test;
  await say(engine, "one");
  const { operationId, undone } = await undo(engine);
  const { operations: log } = await operations(engine);
  expect(log).toMatchObject([
    { id: operationId, type: "undo", undoes: undone.id, undone: false },
    { id: undone.id, type: "commit", undoes: null, undone: true },
  ]);
});

it("shows the operations of every worktree", async () => {
  const { engine } = test;
  await say(engine, "one");
  await say(inWorktree(engine, "other"), "two");
  expect((await operations(engine)).operations.map(({ worktree }) => worktree)).toEqual(["other", "default"]);
});

it("refuses a cursor of another query, of another list, and what is no cursor", async () => {
  const { engine } = test;
  for (let i = 0; i < 3; i++) await say(engine, `message ${i}`);
  const { nextCursor } = await operations(engine, { limit: 1 });
  expect(nextCursor).not.toBeNull();
  const cursors = [
    { cursor: nextCursor ?? "", type: "commit" },
    { cursor: "garbage" },
    { cursor: "" },
    { cursor: "x".repeat(5_000) },
    { cursor: Buffer.from("[1,2]").toString("base64url") },
    { cursor: encodeCursor({ kind: "log", query: { tract: "test" } }, 1) },
    { cursor: encodeCursor({ kind: "operations", query: { tract: "else" } }, 1) },
  ];
  for (const request of cursors)
    expect((await refusal(engine, () => operations(engine, request))).code).toBe("invalid-argument");
});

it("refuses limits out of bounds and unknown commits", async () => {
  const { engine } = test;
  await say(engine, "one");
  for (const limit of [0, 201, 2.5])
    expect((await refusal(engine, () => operations(engine, { limit }))).code).toBe("invalid-argument");
  expect((await refusal(engine, () => operations(engine, { commit: "abcd1234" }))).code).toBe("not-found");
});

it("gives a position back only for the query that it was made for", () => {
  const paged = { kind: "log", query: { ref: "main", role: undefined } };
  const cursor = encodeCursor(paged, ["abc", 3]);
  const position = z.tuple([z.string(), z.int()]);
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(decodeCursor(cursor, { kind: "log", query: { ref: "main" } }, position)).toEqual(["abc", 3]);
  expect(() => decodeCursor(cursor, { kind: "log", query: { ref: "topic" } }, position)).toThrow(
    expect.objectContaining({ code: "invalid-argument" }),
  );
  expect(() => decodeCursor(cursor, paged, z.int())).toThrow(
    expect.objectContaining({ code: "invalid-argument" }),
  );
});

it.each([
  [[null, "a".repeat(64), "b".repeat(64), "a".repeat(64)]],
  [7],
  [Number.MAX_SAFE_INTEGER],
  ["main"],
  [{ name: "a", at: -1, on: true, near: [1.5, "é"] }],
])("packs the position %j and finds it again, and nothing in a part of it", (position) => {
  const paged = { kind: "log", query: {} };
  const cursor = encodeCursor(paged, position);
  expect(decodeCursor(cursor, paged, z.json())).toEqual(position);
  for (const broken of [cursor.slice(0, -2), `${cursor}AA`, `${cursor}=`, `x${cursor}`])
    expect(() => decodeCursor(broken, paged, z.json())).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
});
