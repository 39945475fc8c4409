/** What the library's handle takes and gives can be named by the programs that use it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

function sourceOf(path: string): string {
  return readFileSync(new URL(`../src/${path}`, import.meta.url), "utf8");
}

const TRACT = sourceOf("engine/tract.ts");
/** The interfaces that the handle is made of, as it says itself. */
const PARTS = (/export interface Tract\s+extends ([^{]+)\{/.exec(TRACT)?.[1] ?? "").match(/\w+/g) ?? [];
const HANDLE = [
  ["engine/tract.ts", "Tract"] as const,
  ...PARTS.map((part) => {
    const file = new RegExp(`\\b${part}\\b[^;]* from "\\./([\\w-]+\\.ts)"`).exec(TRACT)?.[1];
    return [`engine/${file}`, part] as const;
  }),
];

/** Of the language and of zod, and an error that every method may throw. */
const NOT_OURS = new Set(["Promise", "Omit", "AbortSignal", "ZodObject", "TractError", ...PARTS]);

test("the handle has parts", () => {
  expect(PARTS.length).toBeGreaterThan(3);
});

test.each(HANDLE)("every type in %s is one that the package exports", (path, name) => {
  const source = sourceOf(path);
  const from = source.search(new RegExp(`export interface ${name}\\s`));
  expect(from).toBeGreaterThan(0);
  const body = source.slice(from, source.indexOf("\n}\n", from)).replace(/\/\*[\s\S]*?\*\//g, "");
  const named = new Set(
    (body.match(/\b[A-Z]\w+/g) ?? []).filter((type) => !NOT_OURS.has(type) && type !== name),
  );
  const exported = new Set(sourceOf("index.ts").match(/\b[A-Z]\w+/g));
  expect(named.size).toBeGreaterThan(0);
  expect([...named].filter((type) => !exported.has(type))).toEqual([]);
});
