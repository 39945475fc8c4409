/** Which warnings of Node.js a person sees. */
import { afterEach, expect, it } from "vitest";
import { silenceSqliteNotice } from "../../src/server/quiet-warnings.ts";

const own = process.emitWarning;
afterEach(() => {
  process.emitWarning = own;
});

it("keeps the note on SQLite back, and shows every other warning whole", () => {
  const shown: unknown[] = [];
  process.emitWarning = (...given: readonly unknown[]) => void shown.push(given);
  silenceSqliteNotice();
  process.emitWarning(
    "SQLite is an experimental feature and might change at any time",
    "ExperimentalWarning",
  );
  process.emitWarning("localstorage is an experimental feature", "ExperimentalWarning");
  process.emitWarning("old", { type: "DeprecationWarning", code: "DEP0000" });
  expect(shown).toEqual([
    ["localstorage is an experimental feature", "ExperimentalWarning"],
    ["old", { type: "DeprecationWarning", code: "DEP0000" }],
  ]);
});
