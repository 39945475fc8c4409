/** query_by_config finds what a naive filter over all commits finds, whatever the configs, conditions, scopes and page sizes. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { LLMConfig } from "../../src/engine/content/llm-config.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { commit } from "../../src/engine/history/commit.ts";
import type { ConditionRequest } from "../../src/engine/history/config-conditions.ts";
import { queryByConfig } from "../../src/engine/history/query-by-config.ts";
import { openTestEngine } from "../support/engine.ts";
import { runs, timeLimit } from "../support/long-mode.ts";

type Value = unknown;
const NUMBERS = ["temperature", "top_p", "max_tokens", "seed"] as const;

const number = fc.oneof(
  fc.constantFrom(0, -0, 1, 0.1, 0.7, 0.30000000000000004, 100, -1e-7, 1e15, 5e-324),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
);
const word = fc.constantFrom("m", "m2", "", "é", "\u{1F600}", "\uFFFD", "M", "m".repeat(201), "a\0b", "0.7");
const free: fc.Arbitrary<Value> = fc.oneof(
  number,
  word,
  fc.boolean(),
  fc.array(fc.oneof(number, word), { maxLength: 2 }),
  fc.dictionary(fc.constantFrom("a", "b", "__proto__"), number, { maxKeys: 2 }),
);
const key = fc.constantFrom("k", "l", "a.b", "__proto__", "constructor", 'quote"', "é");

const config = fc.record(
  {
    model: word,
    temperature: number,
    top_p: number,
    max_tokens: number,
    seed: number,
    stop_sequences: fc.array(word, { maxLength: 2 }),
    extra: fc.dictionary(key, free, { maxKeys: 3 }),
  },
  { requiredKeys: [] },
);

function conditionOn(field: fc.Arbitrary<string>, value: fc.Arbitrary<Value>, isOrdered: boolean) {
  const of = (op: fc.Arbitrary<string>, operand: fc.Arbitrary<Value>): fc.Arbitrary<ConditionRequest> =>
    fc.record({ field, op, value: operand });
  const plain = [
    of(fc.constantFrom("=", "!="), value),
    of(fc.constantFrom("in", "not_in"), fc.array(value, { maxLength: 3 })),
    of(fc.constant("exists"), fc.boolean()),
  ];
  return isOrdered
    ? fc.oneof(
        ...plain,
        of(fc.constantFrom(">", "<", ">=", "<="), value),
        of(fc.constant("between"), fc.tuple(value, value)),
      )
    : fc.oneof(...plain);
}

const extraField = key.map((name) => `extra.${name}`);
const condition = fc.oneof(
  conditionOn(fc.constantFrom(...NUMBERS), number, true),
  conditionOn(fc.constant("model"), word, true),
  conditionOn(fc.constant("stop_sequences"), fc.array(word, { maxLength: 2 }), false),
  conditionOn(extraField, number, true),
  conditionOn(extraField, word, true),
  conditionOn(extraField, free, false),
);

/** Written anew from the words of the spec, so that it shares no mistake with what it is held against. */
function holds(stored: Record<string, Value>, { field, op, value }: ConditionRequest): boolean {
  const dot = field.indexOf(".");
  const holder = dot < 0 ? stored : ((stored.extra ?? {}) as Record<string, Value>);
  const name = dot < 0 ? field : field.slice(dot + 1);
  const has = Object.keys(holder).includes(name);
  if (op === "exists") return has === value;
  if (!has) return false;
  const actual = new Map(Object.entries(holder)).get(name);
  const text = (of: Value): string => JSON.stringify(sorted(of));
  const compare = (other: Value): number | undefined => {
    if (typeof actual !== typeof other || !["number", "string"].includes(typeof actual)) return undefined;
    const [left, right] = [actual as number, other as number];
    return left === right ? 0 : left < right ? -1 : 1;
  };
  const list = value as readonly Value[];
  if (op === "=") return text(actual) === text(value);
  if (op === "!=") return text(actual) !== text(value);
  if (op === "in") return list.some((item) => text(actual) === text(item));
  if (op === "not_in") return list.every((item) => text(actual) !== text(item));
  const [low, high] = op === "between" ? [compare(list[0]), compare(list[1])] : [compare(value), undefined];
  if (low === undefined) return false;
  if (op === "between") return low >= 0 && high !== undefined && high <= 0;
  return op === ">" ? low > 0 : op === "<" ? low < 0 : op === ">=" ? low >= 0 : low <= 0;
}

function sorted(value: Value): Value {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return { object: members.map(([name, member]) => [name, sorted(member)]) };
}

async function pages(engine: Engine, request: object, limit: number): Promise<readonly string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await queryByConfig(engine, {
      ...request,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.entries.map(({ message }) => message));
    if (page.nextCursor === null) return found;
    cursor = page.nextCursor;
  }
}

for (const store of ["sqlite", "memory"] as const)
  it(
    `finds what a naive filter finds (${store})`,
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(config, { freq: 6 }), { minLength: 1, maxLength: 12 }),
          fc.array(config, { maxLength: 4 }),
          fc.array(fc.array(condition, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 8 }),
          fc.integer({ min: 1, max: 5 }),
          async (main, side, queries, limit) => {
            const { engine, close } = await openTestEngine({ store });
            const item = (name: string) => (given: object | null, index: number) => ({
              content: `${name} ${index}`,
              message: `${name} ${index}`,
              ...(given === null ? {} : { generationConfig: given }),
            });
            await commit(engine, { items: main.slice(0, 1).map(item("root")) });
            await createBranch(engine, { name: "side" });
            const kept = main.slice(1);
            if (kept.length > 0) await commit(engine, { items: kept.map(item("main")) });
            if (side.length > 0) await commit(engine, { items: side.map(item("side")), branch: "side" });
            const all = [
              ...main.slice(0, 1).map((given, i) => ({ name: `root ${i}`, given })),
              ...kept.map((given, i) => ({ name: `main ${i}`, given })),
              ...side.map((given, i) => ({ name: `side ${i}`, given })),
            ].flatMap(({ name, given }) => {
              const stored = LLMConfig.from(given);
              return Object.keys(stored).length === 0
                ? []
                : [{ name, stored: { ...stored } as Record<string, Value> }];
            });
            for (const conditions of queries) {
              const expected = all
                .filter(({ stored }) => conditions.every((one) => holds(stored, one)))
                .map(({ name }) => name)
                .reverse();
              expect(await pages(engine, { conditions }, limit)).toEqual(expected);
              const inScope = (...names: readonly string[]) =>
                expected.filter((name) => names.includes(name.split(" ")[0] ?? ""));
              expect(await pages(engine, { conditions, branch: "main" }, limit)).toEqual(
                inScope("root", "main"),
              );
              expect(await pages(engine, { conditions, ref: "main..side" }, limit)).toEqual(inScope("side"));
            }
            expect(await engine.store.checkDerived()).toEqual([]);
            await close();
          },
        ),
        { numRuns: runs(store === "sqlite" ? 25 : 10) },
      );
    },
    timeLimit(60_000),
  );

it("finds every config by itself, and by what it reads itself as again", async () => {
  await fc.assert(
    fc.asyncProperty(config, async (given) => {
      const { engine, close } = await openTestEngine({ store: "memory" });
      await commit(engine, { items: [{ content: "x", message: "x", generationConfig: given }] });
      const stored = LLMConfig.from(given);
      const written = JSON.parse(JSON.stringify(stored)) as object;
      expect(LLMConfig.from(written)).toEqual(written);
      const conditionsCount =
        Object.keys(stored).length - ("extra" in stored ? 1 : 0) + Object.keys(stored.extra ?? {}).length;
      if (conditionsCount > 0) {
        expect(await pages(engine, { config: given }, 5)).toEqual(["x"]);
        expect(await pages(engine, { config: stored }, 5)).toEqual(["x"]);
      }
      await close();
    }),
    { numRuns: runs(50) },
  );
});
