/** What a watch remembers spares it the store, and gives way as soon as somebody else has changed something. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compress } from "../../../src/engine/compress/compress.ts";
import { uncompress } from "../../../src/engine/compress/uncompress.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { recordUsage } from "../../../src/engine/history/record-usage.ts";
import { createTag } from "../../../src/engine/history/tag.ts";
import type { Hash } from "../../../src/storage/records.ts";
import type { Store } from "../../../src/storage/store.ts";
import { FILLER } from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";
import { givePolicy, type WatchedEngine, watched } from "../../support/policies.ts";

let test: TestEngine;
let engine: WatchedEngine;
let other: Engine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  engine = watched(test.engine);
  other = { ...test.engine, watch: null };
});
afterEach(async () => await test.close());

describe("a context that was far from its budget", () => {
  /** More than the 500 tokens from which on it is told. */
  const LONG = FILLER.repeat(40);

  beforeEach(async () => {
    await givePolicy(engine, {
      kind: "auto-compress",
      autonomy: "manual",
      params: { budget: 1_000, threshold: 0.5, target: 0.2 },
    });
  });

  it("is measured again once somebody has brought something back", async () => {
    const long = await say(engine, LONG, { priority: "skip" });
    for (const text of ["one", "two"]) await say(engine, text);
    await annotate(other, { refs: [long], priority: "normal" });
    expect(engine.notices).toEqual([]);
    await say(engine, "three");
    expect(engine.notices).toMatchObject([{ policy: "auto-compress" }]);
  });

  it("is measured again when a summary has ended", async () => {
    const long = await say(other, LONG);
    await compress(other, { strategy: "manual", from: long, to: long, summary: "long" });
    for (const text of ["one", "two"]) await say(engine, text);
    expect(engine.notices).toEqual([]);
    const [summary] = (
      await engine.store.readLog(engine.scope.tract, {
        head: await headOf(engine),
        limit: 10,
        firstParent: true,
      })
    ).filter(({ operation }) => operation === "summary");
    await uncompress(engine, { summary: summary?.hash ?? "" });
    expect(engine.notices).toMatchObject([{ policy: "auto-compress" }]);
  });

  it("is as large as is reported from then on", async () => {
    for (const text of ["one", "two"]) await say(engine, text);
    await recordUsage(other, { usage: { input_tokens: 700, output_tokens: 5 } });
    await say(engine, "three");
    expect(engine.notices).toMatchObject([{ policy: "auto-compress" }]);
  });
});

it("counts from a tag that another process has just made", async () => {
  await givePolicy(engine, { kind: "checkpoint", autonomy: "manual", params: { every_commits: 4 } });
  for (const text of ["two", "three"]) await say(engine, text);
  await createTag(other, { name: "checkpoint/here" });
  for (const text of ["four", "five", "six"]) await say(engine, text);
  expect(engine.notices).toEqual([]);
  await say(engine, "seven");
  expect(engine.notices).toMatchObject([{ policy: "checkpoint" }]);
});

it("reads nothing for plain commits but what they need themselves", async () => {
  const calls: string[] = [];
  const counting = watched({ ...test.engine, store: noting(test.engine.store, calls) });
  const readsOf = async (text: string): Promise<readonly string[]> => {
    calls.length = 0;
    await say(counting, text);
    return [...calls];
  };
  await readsOf("hello");
  const without = await readsOf("without");
  for (const kind of ["auto-compress", "auto-pin", "auto-branch", "checkpoint", "secret-scan", "retention"])
    await givePolicy(counting, { kind });
  await readsOf("The first look reads what there is.");
  expect(await readsOf("The parser reads nested tables and keeps their headers apart")).toEqual(without);
  expect(await readsOf("Rain falls over mountains while rivers flood quiet valleys")).toEqual(without);
});

async function headOf({ store, scope }: Engine): Promise<Hash> {
  const { head } = await store.readSnapshot(scope.tract, {
    worktree: scope.worktree,
    branch: null,
    defaultBranch: "main",
  });
  return head?.hash ?? ("" as Hash); // "" is no commit's hash.
}

/** The store, with the names of the methods that are called. */
function noting(store: Store, calls: string[]): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...given: unknown[]): unknown => {
        calls.push(String(name));
        return Reflect.apply(member, target, given);
      };
    },
  });
}
