/** Wherever in whatever JSON a credential stands, no byte of any file of the store has it, and what is stored is sound. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { commit } from "../../src/engine/history/commit.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import type { Json } from "../../src/storage/records.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { type Planted, plantedSecrets } from "../support/planted-secrets.ts";

let made: TestEngine;
beforeEach(async () => {
  made = await openTestEngine({ settings: { redaction: "redact" } });
});
afterEach(async () => await made.close());

// Small: what is long is compressed in the store, and its bytes would show nothing either way.
const leaf = fc.oneof(fc.string({ maxLength: 20 }), fc.integer(), fc.constantFrom(null, true));
const tree = fc.letrec<{ node: Json }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("node"), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie("node"), { maxKeys: 3 }),
  ) as fc.Arbitrary<Json>,
})).node;

/** Somewhere in the text, apart from what is there already. */
function within(text: string, at: number, planted: string): string {
  const place = text.length === 0 ? 0 : at % (text.length + 1);
  return `${text.slice(0, place)} ${planted} ${text.slice(place)}`;
}

/** Puts the text into some string of the JSON, as it is or as JSON of its own. */
function plant(json: Json, planted: string, choices: readonly number[]): Json {
  const [choice = 0, ...rest] = choices;
  if (Array.isArray(json) && json.length > 0)
    return json.map((one, i) => (i === choice % json.length ? plant(one, planted, rest) : one));
  if (typeof json === "object" && json !== null && Object.keys(json).length > 0) {
    const keys = Object.keys(json);
    const chosen = keys[choice % keys.length];
    return Object.fromEntries(
      Object.entries(json).map(([key, one]) => [key, key === chosen ? plant(one, planted, rest) : one]),
    );
  }
  const text = within(typeof json === "string" ? json : "", choice, planted);
  return choice % 3 === 0 ? JSON.stringify({ nested: [text], n: 1 }) : text;
}

it("a planted credential is in no file", { timeout: timeLimit(60_000) }, async () => {
  const secrets: Planted[] = [];
  await fc.assert(
    fc.asyncProperty(
      tree,
      fc.array(fc.nat(50), { minLength: 6, maxLength: 6 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.nat(100),
      async (json, choices, seed, which) => {
        const all = plantedSecrets(seed);
        const planted = all[which % all.length];
        if (planted === undefined) throw new Error("there are planted secrets");
        const payload = { data: plant(json, planted.text, choices) };
        const { warnings } = await commit(made.engine, {
          items: [{ content: { content_type: "freeform", payload }, metadata: payload }],
        });
        expect(warnings.join()).toContain("before storing");
        secrets.push(planted);
      },
    ),
    { numRuns: runs(150) },
  );
  const files = await made.files();
  for (const { secret, rule } of secrets)
    for (const bytes of files)
      expect(bytes.includes(secret) ? rule : null, `a secret of rule ${rule} is stored`).toBeNull();
  expect((await verify(made.engine)).problems).toEqual([]);
});
