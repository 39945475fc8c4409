/** The operation log. */
import { expect, it } from "vitest";
import type { ChangeSet } from "../../../src/storage/change-set.ts";
import type { OperationQuery } from "../../../src/storage/store.ts";
import { BOT, branchMove, hashOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

type Operation = NonNullable<ChangeSet["operation"]>;

export function operationsContract(under: StoreUnderTest): void {
  /** Publishes an operation that is like a plain one but for some fields. */
  async function publish(
    tract: SampleTract,
    over: Partial<Operation>,
    change: Partial<ChangeSet> = {},
  ): Promise<Operation> {
    const plain = tract.change([], change);
    const operation = { ...plain.operation!, ...over };
    await under.store.publish({ ...plain, operation });
    return operation;
  }

  it("gives back every field of an operation", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 2);
    const [first, second] = [commits[0]!.commit.hash, tipOf(commits)];
    const creation = tract.creation(commits, { annotations: [tract.annotation(first)] });
    await store.publish(creation);
    const operation = await publish(
      tract,
      {
        type: "compress",
        worktree: "other",
        author: BOT,
        branch: null,
        sources: [first, hashOf("of another tract"), second],
        results: [second, first],
        params: { strategy: "mask", nested: { a: [1] } },
        originalTokens: 1200,
        compressedTokens: 0,
        undoes: 1,
        idempotencyKey: "key",
      },
      {
        annotations: [tract.annotation(first), tract.annotation(second)],
        refMoves: [branchMove("main", null, second)],
      },
    );
    const expected = {
      ...operation,
      sequence: 2,
      undone: false,
      annotationsFrom: 1,
      annotationsTo: 3,
      refMoves: [branchMove("main", null, second)],
    };
    expect(await store.readOperations(tract.name, { limit: 1 })).toEqual([expected]);
    expect(await store.findOperation(tract.name, operation.id)).toEqual(expected);
    expect(await store.findOperationByKey(tract.name, "key")).toEqual(expected);
    expect((await store.scanOperations(tract.name, 1, 9)).rows).toEqual([expected]);
    const [, older] = await store.readOperations(tract.name, { limit: 9 });
    expect(older).toEqual({
      ...creation.operation,
      sequence: 1,
      undone: false,
      annotationsFrom: 0,
      annotationsTo: 1,
      refMoves: [],
    });
  });

  it("filters and pages operations, newest first", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 2);
    const [first, second] = [commits[0]!.commit.hash, tipOf(commits)];
    await store.publish(tract.creation(commits, { refMoves: [branchMove("main", null, first)] }));
    await publish(tract, { type: "merge", worktree: "w2", sources: [first] });
    await publish(
      tract,
      { type: "commit", worktree: "w2" },
      { refMoves: [branchMove("main", first, second)] },
    );
    await publish(tract, { type: "undo", undoes: 3 }, { undoneMarks: [{ sequence: 3, undone: true }] });
    await publish(tract, { type: "merge", results: [second], sources: [second] });
    const read = async (query: Partial<OperationQuery>) =>
      (await store.readOperations(tract.name, { limit: 9, ...query })).map(({ sequence }) => sequence);
    expect(await read({})).toEqual([5, 4, 3, 2, 1]);
    expect(await read({ limit: 2 })).toEqual([5, 4]);
    expect(await read({ limit: 0 })).toEqual([]);
    expect(await read({ beforeSequence: 4, limit: 2 })).toEqual([3, 2]);
    expect(await read({ afterSequence: 3 })).toEqual([5, 4]);
    expect(await read({ afterSequence: 1, beforeSequence: 4 })).toEqual([3, 2]);
    expect(await read({ type: "merge" })).toEqual([5, 2]);
    expect(await read({ type: "commit" })).toEqual([3, 1]);
    expect(await read({ type: "commit", limit: 1 })).toEqual([3]);
    expect(await read({ type: "none" })).toEqual([]);
    expect(await read({ worktree: "w2" })).toEqual([3, 2]);
    expect(await read({ worktree: "default" })).toEqual([5, 4, 1]);
    expect(await read({ worktree: "w2", type: "merge" })).toEqual([2]);
    expect(await read({ standing: true })).toEqual([5, 2, 1]);
    expect(await read({ standing: true, worktree: "w2" })).toEqual([2]);
    expect(await read({ standing: false })).toEqual([5, 4, 3, 2, 1]);
    expect(await read({ commit: first })).toEqual([2, 1]);
    expect(await read({ commit: second })).toEqual([5, 1]);
    expect(await read({ commit: second, type: "merge" })).toEqual([5]);
    expect(await read({ commit: hashOf("unknown") })).toEqual([]);
    expect(await read({ ref: { kind: "branch", name: "main" } })).toEqual([3, 1]);
    expect(await read({ ref: { kind: "branch", name: "main" }, beforeSequence: 3 })).toEqual([1]);
    expect(await read({ ref: { kind: "tag", name: "main" } })).toEqual([]);
  });

  it("sorts operations by their tokens, largest first, the newer of equal ones first", async () => {
    const { store } = under;
    const tract = new SampleTract();
    await store.publish(tract.creation());
    const give = (originalTokens: number | null, compressedTokens: number | null, over = {}) =>
      publish(tract, { type: "compress", originalTokens, compressedTokens, ...over });
    await give(100, 50);
    await give(300, 200, { type: "mask", worktree: "w2" });
    await give(100, 10);
    await give(null, null);
    await give(300, 0);
    await give(500, null);
    await give(null, 400);
    await give(0, 0);
    await publish(tract, { type: "undo", undoes: 4 }, { undoneMarks: [{ sequence: 4, undone: true }] });
    const other = new SampleTract("other");
    await store.publish(other.creation());
    await publish(other, { originalTokens: 9999, compressedTokens: 1 });
    const read = async (query: Partial<OperationQuery>) =>
      (await store.readOperations(tract.name, { limit: 9, ...query })).map(({ sequence }) => sequence);
    expect(await read({ sort: "original_tokens" })).toEqual([6, 3, 4, 2, 9]);
    expect(await read({ sort: "compressed_tokens" })).toEqual([3, 2, 4, 9, 6]);
    // What was compressed to nothing counts as one token.
    expect(await read({ sort: "ratio" })).toEqual([6, 4, 2, 3, 9]);
    expect(await read({ sort: "ratio", limit: 2 })).toEqual([6, 4]);
    expect(await read({ sort: "ratio", limit: 2, offset: 2 })).toEqual([2, 3]);
    expect(await read({ sort: "ratio", limit: 2, offset: 5 })).toEqual([]);
    expect(await read({ sort: "ratio", limit: 0 })).toEqual([]);
    expect(await read({ sort: "original_tokens", originalTokensMin: 100 })).toEqual([6, 3, 4, 2]);
    expect(await read({ sort: "ratio", originalTokensMin: 101, limit: 1, offset: 1 })).toEqual([3]);
    expect(await read({ sort: "original_tokens", type: "compress" })).toEqual([6, 4, 2, 9]);
    expect(await read({ sort: "original_tokens", worktree: "w2" })).toEqual([3]);
    expect(await read({ sort: "original_tokens", standing: true })).toEqual([6, 3, 2, 9]);
    expect(await read({ sort: "original_tokens", afterSequence: 3, beforeSequence: 9 })).toEqual([6, 4]);
    expect(await read({ originalTokensMin: 100 })).toEqual([7, 6, 4, 3, 2]);
    expect(await read({ originalTokensMin: 300, limit: 2 })).toEqual([7, 6]);
    expect(await read({ originalTokensMin: 100, type: "compress", beforeSequence: 7 })).toEqual([6, 4, 2]);
    expect(await read({ originalTokensMin: 0 })).toEqual([9, 7, 6, 4, 3, 2]);
  });

  it("sorts the operations that moved a ref, or used a commit, by their tokens", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const [first, second] = tract.chain(null, 2).map((sample) => sample);
    const [a, b] = [first!.commit.hash, second!.commit.hash];
    await store.publish(tract.creation([first!, second!], { refMoves: [branchMove("main", null, a)] }));
    const sizes = { originalTokens: 10, compressedTokens: 5 };
    await publish(tract, sizes, { refMoves: [branchMove("main", a, b)] });
    await publish(tract, { ...sizes, originalTokens: 30, sources: [a] });
    await publish(tract, { ...sizes, originalTokens: 20 }, { refMoves: [branchMove("main", b, a)] });
    const read = async (query: Partial<OperationQuery>) =>
      (await store.readOperations(tract.name, { limit: 9, sort: "ratio", ...query })).map(
        ({ sequence }) => sequence,
      );
    expect(await read({ ref: { kind: "branch", name: "main" } })).toEqual([4, 2]);
    expect(await read({ commit: a })).toEqual([3]);
    expect(await read({ ref: { kind: "branch", name: "main" }, originalTokensMin: 15 })).toEqual([4]);
  });

  it("sets and takes back the mark of an undone operation", async () => {
    const { store } = under;
    const tract = new SampleTract();
    await store.publish(tract.creation());
    const undone = async () =>
      (await store.readOperations(tract.name, { limit: 9, afterSequence: 0 })).at(-1)?.undone;
    await publish(tract, { type: "undo", undoes: 1 }, { undoneMarks: [{ sequence: 1, undone: true }] });
    expect(await undone()).toBe(true);
    await publish(
      tract,
      { type: "undo", undoes: 2 },
      {
        undoneMarks: [
          { sequence: 1, undone: false },
          { sequence: 2, undone: true },
        ],
      },
    );
    expect(await undone()).toBe(false);
  });

  it("finds an operation by a unique prefix of at least 8 characters", async () => {
    const { store } = under;
    const tract = new SampleTract();
    await store.publish(tract.creation());
    const other = await publish(tract, { id: "01KZZZZZZZ0000000000000000" });
    const find = async (id: string) => (await store.findOperation(tract.name, id))?.id ?? null;
    const [, created] = await store.readOperations(tract.name, { limit: 2 });
    expect(await find("01KZZZZZ")).toBe(other.id);
    expect(await find("01KZZZZ")).toBeNull();
    expect(await find(created!.id.slice(0, 25))).toBe(created!.id);
    await publish(tract, {});
    expect(await find(created!.id.slice(0, 12))).toBeNull();
    expect(await find("not a ulid")).toBeNull();
    expect(await find("")).toBeNull();
  });

  it("finds the newest operation made at or before a time", async () => {
    const { store } = under;
    const tract = new SampleTract();
    await store.publish(tract.creation());
    const times = [10, 20, 20, 15, 40, 5, 60].map((minute) =>
      new Date(Date.UTC(2027, 0, 1, 0, minute)).toISOString(),
    );
    for (const createdAt of times) await publish(tract, { createdAt });
    const at = async (minute: number) =>
      (await store.findOperationAt(tract.name, new Date(Date.UTC(2027, 0, 1, 0, minute)).toISOString()))
        ?.sequence ?? null;
    expect(await Promise.all([0, 5, 9, 10, 15, 20, 30, 40, 59, 60, 99].map(at))).toEqual([
      1, 7, 7, 7, 7, 7, 7, 7, 7, 8, 8,
    ]);
    expect(await store.findOperationAt(tract.name, "2025-12-31T00:00:00.000Z")).toBeNull();
  });
}
