/** What ledger entries prove of operations: the digests that docs/hashing.md describes, computed here without the engine's code. */
import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import {
  isoNow,
  type OperationNote,
  operationChange,
  publishPlan,
} from "../../../src/engine/history/publish.ts";
import { readSite } from "../../../src/engine/history/snapshot.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import type { AnnotationRecord, OperationRecord } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine();
});
afterEach(() => test.close());

/** JSON with its keys in order, enough for what is ASCII here. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, of]) => [key, inOrder(of)]),
  );
}

function digest(line: string, value: unknown): string {
  return createHash("sha256")
    .update(`${line}\n${JSON.stringify(inOrder(value))}`)
    .digest("hex");
}

function recordDigest(operation: OperationRecord): string {
  const {
    sequence: _,
    undone,
    annotationsFrom,
    annotationsTo,
    refMoves,
    createdAt,
    idempotencyKey,
    originalTokens,
    compressedTokens,
    ...same
  } = operation;
  const value = (of: OperationRecord["refMoves"][number]["after"]): unknown =>
    of !== null && "commit" in of ? { note: null, ...of } : of;
  return digest("tract.operation.v1", {
    ...same,
    annotations: annotationsTo - annotationsFrom,
    created_at: createdAt,
    idempotency_key: idempotencyKey,
    ...(originalTokens === null ? {} : { original_tokens: originalTokens }),
    ...(compressedTokens === null ? {} : { compressed_tokens: compressedTokens }),
    ref_moves: refMoves.map((move) => ({ ...move, before: value(move.before), after: value(move.after) })),
  });
}

function annotationsDigest(rows: readonly AnnotationRecord[]): string {
  return digest(
    "tract.annotations.v1",
    rows.map(({ sequence: _, createdAt, ...same }) => ({ ...same, created_at: createdAt })),
  );
}

it("cover the tokens of an operation only where it has them", async () => {
  const { engine } = test;
  const publish = async (tokens: Pick<OperationNote, "originalTokens" | "compressedTokens">) =>
    await publishPlan(engine, async () => {
      const now = isoNow(engine);
      const note = { id: engine.newId(), type: "compress", branch: "main", now, reason: "r", evidence: {} };
      const change = operationChange(engine, await readSite(engine, {}), { ...note, ...tokens });
      return { change, result: () => change.operation?.id ?? "" };
    });
  const both = await publish({ originalTokens: 100, compressedTokens: 0 });
  const none = await publish({});
  for (const [id, tokens] of [
    [both, [100, 0]],
    [none, [null, null]],
  ] as const) {
    const operation = await engine.store.findOperation("test", id);
    const [entry] = await engine.store.readLedger("test", { submissionId: id, order: "asc", limit: 1 });
    expect([operation?.originalTokens, operation?.compressedTokens]).toEqual(tokens);
    expect(entry?.metadata.record).toBe(recordDigest(operation!));
  }
});

it("stand in the entry of every operation, and of annotations where it wrote some", async () => {
  const { engine } = test;
  await commit(engine, { items: [{ content: "one" }], idempotencyKey: "k" });
  await say(engine, "two", { priority: "pinned" });
  await annotate(engine, { refs: ["HEAD", "HEAD~1"], addLabels: ["x"], reason: "needed" });
  await createTag(engine, { name: "v1", ref: "HEAD", note: "first" });
  const operations = await engine.store.readOperations("test", { limit: 10 });
  const entries = await engine.store.readLedger("test", { order: "desc", limit: 10 });
  expect(operations.map(({ type }) => type)).toEqual(["tag", "annotate", "commit", "commit"]);
  for (const [index, operation] of operations.entries()) {
    const { annotationsFrom: after, annotationsTo: upTo } = operation;
    const rows = await engine.store.readAnnotations("test", { after, upTo });
    const { metadata } = entries[index]!;
    expect(metadata.record).toBe(recordDigest(operation));
    expect(metadata.annotations).toEqual(
      rows.length === 0 ? undefined : { count: rows.length, digest: annotationsDigest(rows) },
    );
  }
});
