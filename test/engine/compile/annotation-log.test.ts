/** What is kept of annotations: each once, however many histories are compiled and measured, and right for every moment (spec 2.8). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AnnotationLog } from "../../../src/engine/compile/annotation-log.ts";
import { createCompileCache } from "../../../src/engine/compile/cache.ts";
import { compile } from "../../../src/engine/compile/compile.ts";
import { compress } from "../../../src/engine/compress/compress.ts";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";
import type { AnnotationRecord, Priority } from "../../../src/storage/records.ts";
import type { Store } from "../../../src/storage/store.ts";
import { ChainBuilder } from "../../support/chain-builder.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";

/** Rows that say these priorities of two commits in turn. */
function rowsOf(priorities: readonly Priority[]): readonly AnnotationRecord[] {
  const history = new ChainBuilder();
  const commits = [history.user("one"), history.user("two")] as const;
  for (const [i, priority] of priorities.entries())
    history.annotate(i % 2 === 0 ? commits[0] : commits[1], priority);
  return history.annotations;
}

describe("the log of annotations", () => {
  const rows = rowsOf(["pinned", "skip", "important", "normal"]);
  const [first, second] = rows.map((row) => row.commit);
  if (first === undefined || second === undefined) throw new Error("there are four rows");

  it("gives the newest annotation of a commit at each moment, also when more came later", () => {
    const log = new AnnotationLog();
    log.add(rows.slice(0, 2), 2);
    const early = log.at(2);
    log.add(rows.slice(2), 4);
    const at = (sequence: number) => [first, second].map((hash) => log.at(sequence).get(hash)?.priority);
    expect([0, 1, 2, 3, 4].map(at)).toEqual([
      [undefined, undefined],
      ["pinned", undefined],
      ["pinned", "skip"],
      ["important", "skip"],
      ["important", "normal"],
    ]);
    expect(early.get(first)?.priority).toBe("pinned");
  });

  it("passes over rows that came in while they were read", () => {
    const log = new AnnotationLog();
    log.add(rows, 4);
    log.add(rows.slice(0, 3), 3);
    expect([log.size, log.sequence]).toEqual([4, 4]);
    expect(log.between(1, 3)).toEqual(rows.slice(1, 3));
    expect(log.between(4, 4)).toEqual([]);
    expect(log.between(0, 4)).toEqual(rows);
  });
});

describe("what a process keeps of annotations", () => {
  let test: TestEngine;
  beforeEach(async () => {
    test = await openTestEngine();
  });
  afterEach(() => test.close());

  it("is each one once, however many branches are compressed, measured and compiled", async () => {
    const read = { rows: 0 };
    const engine = { ...test.engine, store: countingRows(test.engine.store, read) };
    await commit(engine, { items: [{ content: "the first" }] });
    let annotated = 0;
    for (let i = 0; i < 12; i++) {
      const name = `branch-${i}`;
      await createBranch(engine, { name, from: "main" });
      for (let k = 0; k < 4; k++)
        await commit(engine, { branch: name, items: [{ content: `${name} ${k}` }], contextTokens: true });
      await compress(engine, {
        branch: name,
        from: `${name}~2`,
        to: `${name}~1`,
        summary: `${name} in short`,
      });
      await annotate(engine, { branch: name, refs: [name], priority: "important" });
      await compile(engine, { ref: name });
      annotated = (await engine.store.findTract("test"))?.annotationSequence ?? 0;
    }
    expect(annotated).toBeGreaterThanOrEqual(12);
    expect(read.rows).toBe(annotated);
  });

  it("is bounded by the number of tracts", async () => {
    const engine: Engine = {
      ...test.engine,
      compileCache: createCompileCache({ ...DEFAULT_LIMITS, compileCacheEntriesMax: 1 }),
    };
    for (let i = 0; i < 20; i++) {
      const inTract = withScope(engine, { tract: `tract-${i}` });
      await commit(inTract, { items: [{ content: "the first" }] });
      await annotate(inTract, { refs: ["HEAD"], priority: "important" });
      await compile(inTract, {});
    }
    expect(engine.compileCache.annotationLogs.size).toBe(16);
  });
});

/** The store, counting the annotations that are read of it. */
function countingRows(store: Store, read: { rows: number }): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "readAnnotations") return member.bind(target);
      return async (...given: Parameters<Store["readAnnotations"]>) => {
        const rows = await target.readAnnotations(...given);
        read.rows += rows.length;
        return rows;
      };
    },
  });
}
