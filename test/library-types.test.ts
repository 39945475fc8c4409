/** What the library's handle takes and gives can be named by the programs that use it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Each with the interface whose methods are those of the handle. */
const HANDLE = [
  ["engine/tract.ts", "Tract"],
  ["engine/conversing.ts", "Conversing"],
  ["engine/automating.ts", "Automating"],
  ["engine/tool-calling.ts", "ToolCalling"],
] as const;

/** Of the language, of zod, and the parts that the handle is made of. */
const NOT_OURS = /^(Promise|Omit|AbortSignal|ZodObject|TractError|Conversing|Automating|ToolCalling)$/;

function sourceOf(path: string): string {
  return readFileSync(new URL(`../src/${path}`, import.meta.url), "utf8");
}

test.each(HANDLE)("every type in %s is one that the package exports", (path, name) => {
  const source = sourceOf(path);
  const from = source.indexOf(`export interface ${name} `);
  const body = source.slice(from, source.indexOf("\n}\n", from)).replace(/\/\*[\s\S]*?\*\//g, "");
  const named = new Set((body.match(/\b[A-Z]\w+/g) ?? []).filter((type) => !NOT_OURS.test(type)));
  const exported = new Set(sourceOf("index.ts").match(/\b[A-Z]\w+/g));
  expect(named.size).toBeGreaterThan(0);
  expect([...named].filter((type) => !exported.has(type))).toEqual([]);
});
