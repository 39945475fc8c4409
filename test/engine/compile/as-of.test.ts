/** as_of shows what was, never what came later; and says which moments it takes (spec 2.1; spec 9, 16). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CompileRequest, compile } from "../../../src/engine/compile/compile.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { createBranch, renameBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";

describe.each(["sqlite", "memory"] as const)("as_of on %s", (store) => {
  let test: TestEngine;
  let engine: Engine;
  beforeEach(async () => {
    test = await openTestEngine({ store });
    engine = test.engine;
  });
  afterEach(async () => {
    await test.close();
  });

  async function texts(request: CompileRequest): Promise<readonly string[]> {
    return (await compile(engine, request)).toDicts().map(({ content }) => content);
  }

  async function errorOf(request: CompileRequest): Promise<TractError> {
    const error = await compile(engine, request).catch((thrown: unknown) => thrown);
    if (error instanceof TractError) return error;
    throw new Error("no TractError was thrown");
  }

  function now(): string {
    return new Date(engine.clock()).toISOString();
  }

  it("never shows what came later, whatever the ref", async () => {
    const a = await say(engine, "a");
    const asOf = now();
    test.advance(1000);
    const edit = await say(engine, "A2", { editTarget: a });
    const b = await say(engine, "b");
    await createTag(engine, { name: "tg" });
    for (const ref of [undefined, "HEAD", "main", a, "@{0}"])
      expect([ref, await texts({ asOf, ref })]).toEqual([ref, ["a"]]);
    for (const ref of [b, edit, "tg", "HEAD~1", "main~1"]) {
      const { code, hint } = await errorOf({ asOf, ref });
      expect([ref, code]).toEqual([ref, "not-found"]);
      expect(hint).not.toBe("");
    }
    expect(await texts({ ref: b })).toEqual(["A2", "b"]);
  });

  it("follows HEAD to the branch that the worktree was on", async () => {
    await say(engine, "a");
    const asOf = now();
    test.advance(1000);
    await createBranch(engine, { name: "x", switch: true });
    await say(engine, "on x");
    await renameBranch(engine, { name: "main", newName: "trunk" });
    expect(await compile(engine, { asOf })).toMatchObject({ branch: "main", commitCount: 1 });
    expect((await errorOf({ asOf, ref: "x" })).code).toBe("not-found");
    expect((await errorOf({ asOf, ref: "trunk" })).code).toBe("not-found");
    expect((await errorOf({ asOf, branch: "x" })).code).toBe("not-found");
    expect(await texts({ asOf: "2020-01-01" })).toEqual([]);
  });

  it("takes ids of operations in either case, whole or shortened", async () => {
    await say(engine, "a");
    test.advance(100_000);
    const { operationId } = await commit(engine, { items: [{ content: "b" }] });
    test.advance(100_000);
    await say(engine, "c");
    const id = operationId ?? "";
    for (const asOf of [id, id.toLowerCase(), id.slice(0, 10), id.slice(0, 10).toLowerCase()])
      expect([asOf, await texts({ asOf })]).toEqual([asOf, ["a", "b"]]);
  });

  it("names the operations that a short id may mean", async () => {
    const ids: string[] = [];
    for (const text of ["a", "b", "c"])
      ids.push((await commit(engine, { items: [{ content: text }] })).operationId ?? "");
    const prefix = ids[0]?.slice(0, 8) ?? "";
    expect(ids.every((id) => id.startsWith(prefix))).toBe(true);
    const error = await errorOf({ asOf: prefix.toLowerCase() });
    expect(error.code).toBe("ambiguous-ref");
    expect(error.data).toEqual({ path: "as_of", operation: prefix, candidates: ids.toReversed() });
    test.advance(1_000_000);
    for (let i = 0; i < 5; i++) await say(engine, `later ${i}`);
    const small = { ...engine, limits: { ...engine.limits, pageMax: 2 } };
    engine = small;
    expect((await errorOf({ asOf: prefix })).data.candidates).toEqual(ids.toReversed());
    expect((await errorOf({ asOf: "00000000" })).code).toBe("not-found");
    expect((await errorOf({ asOf: "7ZZZZZZZZZ" })).code).toBe("not-found");
  });

  it.each(["yesterday", "now", "", "main", "@{-1}", "@{x}", "2026", "ILOU0000", "0".repeat(27)])(
    "refuses %j, which is no moment, by naming the forms there are",
    async (asOf) => {
      await say(engine, "a");
      const error = await errorOf({ asOf });
      expect([error.code, error.data]).toEqual([
        "invalid-argument",
        { path: "as_of", expected: ["ISO-8601 time", "operation id", "@{n}"] },
      ]);
    },
  );
});
