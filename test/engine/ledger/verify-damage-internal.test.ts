/** Damage to what compress and merge write: summaries, reveals, merges, tokens of operations, plans (spec 4.6, 7.3). */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DamagedStores, makeDamagedStores } from "../../support/damaged-store.ts";

let stores: DamagedStores;
beforeAll(async () => {
  stores = await makeDamagedStores();
});
afterAll(() => stores.remove());

/** What was done, and all that verify must say of it. */
const NAMED: readonly (readonly [what: string, script: string, problems: readonly string[]])[] = [
  [
    "other tokens of what an operation replaced",
    "UPDATE operations SET original_tokens = 101 WHERE original_tokens IS NOT NULL",
    ["operation changed original_tokens"],
  ],
  [
    "tokens of what stands there now taken away",
    "UPDATE operations SET compressed_tokens = NULL",
    ["operation changed compressed_tokens"],
  ],
  [
    "tokens of an operation that replaced nothing",
    "UPDATE operations SET original_tokens = 5 WHERE key % 4294967296 = 3",
    ["operation changed original_tokens"],
  ],
  [
    "another number of tokens of a summary",
    "UPDATE commits SET tokens = tokens + 1 WHERE operation = 3",
    ["commit changed tokens"],
  ],
  [
    "another branch of a summary",
    "UPDATE commits SET branch_id = (SELECT id FROM names WHERE kind = 'branch' AND identity = 'main') WHERE operation = 3",
    ["commit changed branch"],
  ],
  [
    "a summary made an append",
    "UPDATE commits SET operation = 0 WHERE operation = 3",
    ["commit changed edit_target", "commit changed operation"],
  ],
  [
    "a reveal without its target",
    "UPDATE commits SET edit_target = NULL WHERE operation = 4",
    ["commit changed hash"],
  ],
  [
    "the second parent of a merge in another place",
    "UPDATE commit_parents SET position = 2",
    ["database changed -"],
  ],
  ["a plan that is no JSON", "UPDATE plans SET body = substr(body, 2)", ["database changed -"]],
  ["other usage", "UPDATE usages SET prompt_tokens = prompt_tokens + 1", ["database changed -"]],
  ["usage of another commit", "UPDATE usages SET generation = generation - 1", ["database changed -"]],
  ["usage of no commit", "UPDATE usages SET lineage_id = 99", ["database changed -"]],
  ["usage recorded at another time", "UPDATE usages SET created_at = 5", ["database changed -"]],
  ["a plan of no state", "UPDATE plans SET state = 7", ["database changed -"]],
];

it.each(NAMED)("verify names %s", async (_, script, expected) => {
  const { ok, problems } = await stores.verifyAfter((raw) => void raw.exec(script));
  const named = new Set(problems.map(({ kind, what, field }) => `${kind} ${what} ${field ?? "-"}`));
  expect([ok, [...named].sort()]).toEqual([false, [...expected].sort()]);
});
