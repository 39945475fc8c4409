/** query_by_config: which commits were generated how (spec 4.5). */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { type QueryByConfigRequest, queryByConfig } from "../../../src/engine/history/query-by-config.ts";
import { recordUsage } from "../../../src/engine/history/record-usage.ts";
import { reset } from "../../../src/engine/history/reset.ts";
import { show } from "../../../src/engine/history/show.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { refusal, say } from "../../support/history.ts";

let test: TestEngine;
let engine: Engine;
beforeEach(async () => {
  test = await openTestEngine();
  engine = test.engine;
});
afterEach(async () => await test.close());

const reply = (text: string, generationConfig: object, branch?: string): Promise<Hash> =>
  say(engine, text, { role: "assistant", generationConfig, ...(branch === undefined ? {} : { branch }) });
const find = async (request: QueryByConfigRequest): Promise<readonly string[]> =>
  (await queryByConfig(engine, request)).entries.map(({ message }) => message.replace(/^.*: /, ""));

describe("query_by_config", () => {
  it("gives entries with their config, the usage of the call and the ledger entry", async () => {
    await say(engine, "question");
    const config = { model: "m", temperature: 0, extra: { tier: "fast" } };
    const made = await reply("answer", config);
    await recordUsage(engine, { usage: { prompt_tokens: 12, completion_tokens: 3 } });
    const later = await reply("another", { model: "m" });
    const { entries, nextCursor } = await queryByConfig(engine, {
      conditions: [{ field: "model", op: "=", value: "m" }],
    });
    expect(nextCursor).toBeNull();
    expect(entries.map(({ hash }) => hash)).toEqual([later, made]);
    const shown = (await show(engine, { refs: [made] })).commits[0];
    expect(entries[1]).toMatchObject({
      generationConfig: config,
      usage: { promptTokens: 12, completionTokens: 3 },
      ledgerId: shown?.ledgerId,
      branch: "main",
    });
    expect(entries[1]?.ledgerId).toMatch(/^LED-/);
    expect(entries[0]?.usage).toBeNull();
  });

  it("takes one condition, several, a whole config, or conditions and a config", async () => {
    await reply("a", { model: "m", temperature: 0, stop: "END", extra: { tier: "fast" } });
    await reply("b", { model: "m", temperature: 0.7, region: "eu" });
    await reply("c", { model: "n", temperature: 1 });
    const warm = { field: "temperature", op: ">", value: 0.5 };
    expect(await find({ conditions: [warm] })).toEqual(["c", "b"]);
    expect(await find({ conditions: [warm, { field: "model", op: "=", value: "m" }] })).toEqual(["b"]);
    expect(await find({ config: { model: "m", stop: "END", tier: "fast" } })).toEqual(["a"]);
    expect(await find({ config: { extra: { region: "eu" } } })).toEqual(["b"]);
    expect(await find({ config: { model: "m" }, conditions: [warm] })).toEqual(["b"]);
    expect(await find({ conditions: [{ field: "temperature", op: "in", value: [] }] })).toEqual([]);
    expect(await find({ conditions: [{ field: "extra.region", op: "exists" }] })).toEqual(["b"]);
  });

  it("counts an edit's config as the edit's own", async () => {
    const target = await reply("first", { model: "m" });
    await say(engine, "second", { operation: "edit", editTarget: target, generationConfig: { model: "n" } });
    const by = (model: string) => find({ conditions: [{ field: "model", op: "=", value: model }] });
    expect(await by("m")).toEqual(["first"]);
    expect(await by("n")).toEqual(["second"]);
  });

  it("looks at the whole tract, a branch, a range, and takes the filters of log", async () => {
    const root = await reply("root", { seed: 1 });
    await createBranch(engine, { name: "side" });
    await reply("left", { seed: 2 });
    await reply("right", { seed: 3 }, "side");
    const conditions = [{ field: "seed", op: "exists", value: true }];
    expect(await find({ conditions })).toEqual(["right", "left", "root"]);
    expect(await find({ conditions, branch: "main" })).toEqual(["left", "root"]);
    expect(await find({ conditions, branch: "side" })).toEqual(["right", "root"]);
    expect(await find({ conditions, ref: "main..side" })).toEqual(["right"]);
    expect(await find({ conditions, ref: root })).toEqual(["root"]);
    expect(await find({ conditions, role: "user" })).toEqual([]);
    expect(await find({ conditions, role: "assistant", until: "2000-01-01T00:00:00Z" })).toEqual([]);
    const entries = await queryByConfig(engine, { conditions, branch: "side", contentType: "dialogue" });
    expect(entries.entries).toHaveLength(2);
  });

  it("goes on through the same history while branches move", async () => {
    for (const scope of [{ branch: "main" }, { ref: "HEAD~6..HEAD" }]) {
      for (let i = 0; i < 7; i++) await reply(`reply ${i}`, { seed: i });
      const request = { conditions: [{ field: "seed", op: ">=", value: 0 }], limit: 2, ...scope };
      const whole = await find({ ...request, limit: 50 });
      const seen: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await queryByConfig(engine, { ...request, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.entries.map(({ message }) => message.replace(/^.*: /, "")));
        if (page.nextCursor === null) break;
        cursor = page.nextCursor;
        await reply("later", { seed: 99 });
        await reset(engine, { ref: "HEAD~2" });
      }
      expect(seen).toEqual(whole);
      expect(await find({ ...request, limit: 50, ...scope, ref: "HEAD" })).not.toEqual(whole);
    }
  });

  it("ends a page where it has looked at enough, and goes on from there", async () => {
    const small = await openTestEngine({ limits: { configScanMax: 200 } });
    const items = Array.from({ length: 450 }, (_, i) => ({
      content: `reply ${i}`,
      generationConfig: i === 3 ? { model: "m", extra: { list: [1] } } : { model: "m" },
    }));
    await commit(small.engine, { items });
    const request = { conditions: [{ field: "extra.list", op: "=", value: [1] }] };
    const found: number[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await queryByConfig(small.engine, {
        ...request,
        ...(cursor === undefined ? {} : { cursor }),
      });
      found.push(page.entries.length);
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(found).toEqual([0, 0, 1]);
    await small.close();
  });

  it("finds nothing on an unborn branch and in a tract without commits", async () => {
    const conditions = [{ field: "seed", op: "=", value: 1 }];
    expect(await queryByConfig(engine, { conditions })).toEqual({ entries: [], nextCursor: null });
    expect(await find({ conditions, branch: "main" })).toEqual([]);
  });

  it("refuses what is no condition, with the nearest name", async () => {
    await reply("a", { temperature: 1 });
    const bad: readonly [QueryByConfigRequest, string, (readonly string[])?][] = [
      [{}, "conditions"],
      [{ conditions: [] }, "conditions"],
      [{ config: {} }, "conditions"],
      [{ config: { messages: [] } }, "conditions"],
      [{ conditions: [{ field: "temprature", op: "=", value: 1 }] }, "conditions[0].field", ["temperature"]],
      [{ conditions: [{ field: "extra", op: "=", value: 1 }] }, "conditions[0].field", ["extra.<key>"]],
      [{ conditions: [{ field: "extra.", op: "=", value: 1 }] }, "conditions[0].field"],
      [{ conditions: [{ field: "__proto__", op: "exists" }] }, "conditions[0].field"],
      [{ conditions: [{ field: "seed", op: "notin", value: [1] }] }, "conditions[0].op", ["in", "not_in"]],
      [{ conditions: [{ field: "seed", op: "constructor", value: 1 }] }, "conditions[0].op"],
      [{ conditions: [{ field: "temperature", op: "=", value: "0.7" }] }, "conditions[0].value"],
      [{ conditions: [{ field: "temperature", op: "=" }] }, "conditions[0].value"],
      [{ conditions: [{ field: "temperature", op: "=", value: null }] }, "conditions[0].value"],
      [{ conditions: [{ field: "temperature", op: "in", value: 0.7 }] }, "conditions[0].value"],
      [{ conditions: [{ field: "temperature", op: "in", value: [0.7, "1"] }] }, "conditions[0].value"],
      [{ conditions: [{ field: "temperature", op: "between", value: [1] }] }, "conditions[0].value"],
      [{ conditions: [{ field: "extra.x", op: "between", value: [1, "b"] }] }, "conditions[0].value"],
      [{ conditions: [{ field: "extra.x", op: "=", value: null }] }, "conditions[0].value"],
      [{ conditions: [{ field: "extra.x", op: ">", value: true }] }, "conditions[0].value"],
      [{ conditions: [{ field: "model", op: ">", value: 3 }] }, "conditions[0].value"],
      [{ conditions: [{ field: "stop_sequences", op: ">", value: ["a"] }] }, "conditions[0].value"],
      [{ conditions: [{ field: "stop_sequences", op: "=", value: "a" }] }, "conditions[0].value"],
      [{ conditions: [{ field: "seed", op: "exists", value: "yes" }] }, "conditions[0].value"],
      [{ conditions: [{ field: "extra.x", op: "=", value: Number.NaN }] }, "conditions[0].value"],
      [{ config: { temperature: "hot" } }, "generation_config.temperature"],
      [{ conditions: [{ field: "seed", op: "=", value: 1 }], limit: 0 }, "limit"],
      [{ conditions: [{ field: "seed", op: "=", value: 1 }], cursor: "AAAA" }, "cursor"],
    ];
    for (const [request, path, near] of bad) {
      const error = await refusal(engine, () => queryByConfig(engine, request));
      expect(error, JSON.stringify(request)).toMatchObject({ code: "invalid-argument", data: { path } });
      if (near !== undefined) expect(error.data.near).toEqual(near);
    }
    const other = await queryByConfig(engine, {
      conditions: [{ field: "temperature", op: "=", value: 1 }],
      limit: 1,
    });
    expect(other.entries).toHaveLength(1);
    const conditions = [{ field: "seed", op: "=", value: 1 }];
    expect(
      await refusal(engine, () => queryByConfig(engine, { conditions, branch: "nowhere" })),
    ).toMatchObject({
      code: "not-found",
    });
  });
});
