/** Finding commits by generation config. */
import { expect, it } from "vitest";
import type { ConfigCondition, ConfigOperator } from "../../../src/storage/config-conditions.ts";
import type { Hash, JsonObject } from "../../../src/storage/records.ts";
import type { ConfigQuery } from "../../../src/storage/store.ts";
import { BOT, hashesOf, hashOf, type SampleCommit, SampleTract } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

const LONG = "x".repeat(500);
const CONFIGS: readonly (JsonObject | null)[] = [
  { model: "a", temperature: 0 },
  { model: "a", temperature: 0.7, extra: { tier: "fast", deep: { b: [1, 2], a: 0.1 } } },
  null,
  { model: "b", temperature: 1, stop_sequences: ["x", "y"] },
  { model: LONG, seed: 7, extra: { tier: 3, __proto__x: true } },
  { temperature: 0.30000000000000004, extra: { model: "a" } },
  null,
  { model: "é\u{1F600}", max_tokens: 100, extra: { tier: false } },
];

export function configsContract(under: StoreUnderTest): void {
  /** A branch with one of each, and a side branch from its third commit with two. */
  async function generated() {
    const tract = new SampleTract();
    const main: SampleCommit[] = [];
    for (const config of CONFIGS)
      main.push(
        tract.commit({
          parents: main.slice(-1).map(({ commit }) => commit.hash),
          ...(config && { generationConfig: config }),
          ...(config?.model === "b" && { author: BOT }),
        }),
      );
    const side = tract.commit({
      parents: [main[2]!.commit.hash],
      generationConfig: { model: "a", top_p: 0.5 },
    });
    const last = tract.commit({ parents: [side.commit.hash], generationConfig: { model: "c" } });
    const all = [...main, side, last];
    await under.store.publish(tract.creation(all));
    await under.store.publish(new SampleTract("other").creation());
    const page = async (conditions: readonly ConfigCondition[], query: Partial<ConfigQuery> = {}) =>
      await under.store.readByConfig(tract.name, { conditions, limit: 99, scanMax: 10_000, ...query });
    const find = async (...args: Parameters<typeof page>): Promise<readonly number[]> =>
      hashesOf((await page(...args)).commits).map((hash) =>
        all.findIndex(({ commit }) => commit.hash === hash),
      );
    const at = (index: number): Hash => all[index]!.commit.hash;
    return { tract, page, find, at };
  }
  const is = (field: string, operator: ConfigOperator, value: ConfigCondition["value"]): ConfigCondition => ({
    field,
    operator,
    value,
  });

  it("finds the commits whose config meets a condition, newest first", async () => {
    const { find } = await generated();
    const expected: readonly (readonly [ConfigCondition, readonly number[]])[] = [
      [is("model", "=", "a"), [8, 1, 0]],
      [is("model", "=", LONG), [4]],
      [is("model", "=", "é\u{1F600}"), [7]],
      [is("model", "!=", "a"), [9, 7, 4, 3]],
      [is("temperature", "=", 0), [0]],
      [is("temperature", "=", 1.0), [3]],
      [is("temperature", "=", 0.30000000000000004), [5]],
      [is("temperature", "=", 0.3), []],
      [is("temperature", ">", 0.3), [5, 3, 1]],
      [is("temperature", ">=", 0.7), [3, 1]],
      [is("temperature", "<", 0.7), [5, 0]],
      [is("temperature", "<=", 0.7), [5, 1, 0]],
      [is("temperature", "between", [0.3, 0.7]), [5, 1]],
      [is("temperature", "between", [0.7, 0.3]), []],
      [is("model", ">", "b"), [9, 7, 4]],
      [is("model", "between", ["b", "c"]), [9, 3]],
      [is("model", "in", ["b", LONG, "nobody"]), [4, 3]],
      [is("model", "in", []), []],
      [is("model", "not_in", ["a", "b"]), [9, 7, 4]],
      [is("model", "not_in", []), [9, 8, 7, 4, 3, 1, 0]],
      [is("stop_sequences", "=", ["x", "y"]), [3]],
      [is("stop_sequences", "=", ["y", "x"]), []],
      [is("stop_sequences", "in", [["y"], ["x", "y"]]), [3]],
      [is("seed", "exists", true), [4]],
      [is("model", "exists", false), [5]],
      [is("extra.tier", "=", "fast"), [1]],
      [is("extra.tier", "=", 3), [4]],
      [is("extra.tier", "=", false), [7]],
      [is("extra.tier", "!=", "3"), [7, 4, 1]],
      [is("extra.tier", ">", 2), [4]],
      [is("extra.tier", ">", "a"), [1]],
      [is("extra.deep", "=", { a: 0.1, b: [1, 2] }), [1]],
      [is("extra.deep", "=", { a: 0.1 }), []],
      [is("extra.model", "=", "a"), [5]],
      [is("constructor", "exists", true), []],
      [is("extra.toString", "exists", true), []],
      [is("nothing", "=", 1), []],
    ];
    for (const [condition, found] of expected)
      expect(await find([condition]), JSON.stringify(condition).slice(0, 120)).toEqual(found);
  });

  it("finds only what meets all conditions and passes the filters", async () => {
    const { find } = await generated();
    expect(await find([is("model", "=", "a"), is("temperature", ">", 0)])).toEqual([1]);
    expect(await find([is("model", "=", "a"), is("seed", "exists", true)])).toEqual([]);
    expect(await find([])).toEqual([9, 8, 7, 5, 4, 3, 1, 0]);
    expect(await find([is("temperature", ">=", 0)], { authorKinds: [BOT.kind] })).toEqual([3]);
    expect(await find([is("temperature", ">=", 0)], { operations: ["edit"] })).toEqual([]);
  });

  it("looks at all of the tract, or at what is behind a head", async () => {
    const { find, at } = await generated();
    expect(await find([is("model", "=", "a")], { head: at(7) })).toEqual([1, 0]);
    expect(await find([is("model", "=", "a")], { head: at(9) })).toEqual([8, 1, 0]);
    expect(await find([is("model", "!=", "a")], { head: at(7) })).toEqual([7, 4, 3]);
    expect(await find([is("model", "exists", true)], { head: at(9), exclude: at(7) })).toEqual([9, 8]);
    expect(await find([is("model", "=", "a")], { head: at(7), exclude: at(0) })).toEqual([1]);
    expect(await find([is("model", "=", "a")], { head: hashOf("unknown") })).toEqual([]);
    expect(await under.store.readByConfig("other", { conditions: [], limit: 9, scanMax: 99 })).toEqual({
      commits: [],
      next: null,
    });
  });

  it("follows merged parents unless first parents are asked for", async () => {
    const { tract, find, at } = await generated();
    const merge = tract.commit({ parents: [at(7), at(9)], content: null });
    await under.store.publish(tract.change([merge]));
    const head = merge.commit.hash;
    expect(await find([is("model", "=", "a")], { head })).toEqual([8, 1, 0]);
    expect(await find([is("model", "=", "a")], { head, firstParent: true })).toEqual([1, 0]);
    expect(await find([is("model", "!=", "b")], { head })).toEqual([9, 8, 7, 4, 1, 0]);
    expect(await find([is("model", "!=", "b")], { head, firstParent: true })).toEqual([7, 4, 1, 0]);
  });

  it("goes on below the last commit that it looked at, and ends with null", async () => {
    const { page, at } = await generated();
    const scopes: readonly Partial<ConfigQuery>[] = [{}, { head: at(9) }, { head: at(7), exclude: at(0) }];
    for (const condition of [is("model", "exists", true), is("temperature", ">=", 0), is("model", "=", "a")])
      for (const scope of scopes) {
        const whole = await page([condition], scope);
        expect(whole.next).toBeNull();
        const paged: Hash[] = [];
        for (let after: Hash | null = null, pages = 0; pages < 20; pages++) {
          const part = await page([condition], { ...scope, limit: 2, ...(after && { after }) });
          paged.push(...hashesOf(part.commits));
          after = part.next;
          if (after === null) break;
        }
        expect(paged).toEqual(hashesOf(whole.commits));
      }
    expect(await page([], { limit: 0 })).toEqual({ commits: [], next: null });
    expect(await page([], { after: hashOf("unknown") })).toEqual({ commits: [], next: null });
  });

  it("gives the whole commit", async () => {
    const { page, at } = await generated();
    const { commits } = await page([is("extra.deep", "exists", true)]);
    expect(commits).toEqual(await under.store.readCommits("sample", [at(1)]));
  });
}
