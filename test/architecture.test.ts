/** Holds the house to its plan: each rule passes on the sources and fails on a planted violation. */
import { globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as rules from "./support/architecture/rules.ts";
import { type Scan, type SourceText, scan } from "./support/architecture/scan.ts";

const ROOT = new URL("..", import.meta.url).pathname;

function readSources(): readonly Scan[] {
  return globSync("{src,test,scripts,bench}/**/*.ts", { cwd: ROOT })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !path.startsWith("test/fixtures/"))
    .sort()
    .map((path) => scan({ path, text: readFileSync(`${ROOT}${path}`, "utf8") }));
}

const sources = readSources();

test("the scan sees the sources and their imports", () => {
  expect(sources.length).toBeGreaterThan(20);
  const found = sources.find(({ path }) => path === "src/engine/content/parse-content.ts");
  expect(found?.imports).toContainEqual({
    specifier: "../errors.ts",
    target: "src/engine/errors.ts",
    isTypeOnly: false,
  });
  expect(found?.imports).toContainEqual({ specifier: "zod", target: null, isTypeOnly: true });
});

const comment = "/** Says what it is for. */\n";

/** For every rule, files that break it; each must be found. */
const planted: { readonly [rule in keyof typeof rules]: readonly (readonly SourceText[])[] } = {
  layersPointDown: [
    [{ path: "src/storage/store.ts", text: 'import type { Engine } from "../engine/engine.ts";' }],
    [{ path: "src/engine/a.ts", text: 'import { tool } from "../tools/tool.ts";' }],
    [{ path: "src/engine/a.ts", text: 'export { openStore } from "../storage/open-store.ts";' }],
    [{ path: "src/tools/a.ts", text: 'const a = await import("../server/config.ts");' }],
    [{ path: "src/tools/a.ts", text: 'import { openStore } from "../storage/open-store.ts";' }],
    [{ path: "src/index.ts", text: 'export { serve } from "./server/mcp/stdio.ts";' }],
  ],
  packagesStayInTheirFolders: [
    [{ path: "src/server/compose.ts", text: 'import { McpServer } from "@modelcontextprotocol/server";' }],
    [{ path: "src/storage/open-store.ts", text: 'import Database from "better-sqlite3";' }],
    [{ path: "src/engine/a.ts", text: 'import { DatabaseSync } from "node:sqlite";' }],
    [{ path: "src/server/cli/a.ts", text: 'import { spawn } from "node:child_process";' }],
    [{ path: "src/llm/a.ts", text: 'const openai = await import("openai");' }],
  ],
  engineTouchesNothingOutside: [
    [{ path: "src/engine/a.ts", text: 'import { readFileSync } from "node:fs";' }],
    [{ path: "src/engine/a.ts", text: "const now = Date.now();" }],
    [{ path: "src/engine/a.ts", text: "const now = new Date();" }],
    [{ path: "src/engine/a.ts", text: "const now = new Date;" }],
    [{ path: "src/engine/a.ts", text: "const chance = Math.random();" }],
    [{ path: "src/engine/a.ts", text: "const home = process.env.HOME;" }],
    [{ path: "src/tools/a.ts", text: 'console.log("hello");' }],
  ],
  engineFoldersAreInOrder: [
    [{ path: "src/engine/tokens/a.ts", text: 'import { commit } from "../history/commit.ts";' }],
    [{ path: "src/engine/compile/a.ts", text: 'import { merge } from "../merge/merge.ts";' }],
  ],
  importsHaveNoCycles: [
    [
      { path: "src/engine/a.ts", text: 'import { b } from "./b.ts";' },
      { path: "src/engine/b.ts", text: 'import { c } from "./c.ts";' },
      { path: "src/engine/c.ts", text: 'export { a } from "./a.ts";' },
    ],
  ],
  filesAndFunctionsAreShort: [
    [{ path: "src/tools/a.ts", text: comment.repeat(401) }],
    [{ path: "src/tools/a.ts", text: `export function long(): void {\n${"  f();\n".repeat(69)}}` }],
    [{ path: "src/tools/a.ts", text: `export const long = (): void => {\n${"  f();\n".repeat(69)}};` }],
    [{ path: "src/tools/a.ts", text: `class A {\nlong(): void {\n${"  f();\n".repeat(69)}}}` }],
  ],
  filesSayWhatTheyAreFor: [[{ path: "src/tools/a.ts", text: "export const a = 1;" }]],
  onlyWaysOutWriteToStdout: [
    [{ path: "src/server/compose.ts", text: 'process.stdout.write("hello");' }],
    [{ path: "src/server/mcp/resources.ts", text: 'console.log("hello");' }],
  ],
  bannedCallsAreAbsent: [
    [{ path: "src/server/compose.ts", text: "const { TRACT_STORE } = process.env;" }],
    [{ path: "src/server/main.ts", text: "process.exit(1);" }],
    [{ path: "src/tools/a.ts", text: 'eval("1");' }],
    [{ path: "src/storage/records.ts", text: "export const now = Date.now();" }],
  ],
  exportsAreExplicit: [
    [{ path: "src/tools/a.ts", text: "export default 1;" }],
    [{ path: "src/tools/index.ts", text: 'export { tool } from "./tool.ts";' }],
  ],
  nothingIsLeftForLater: [[{ path: "src/tools/a.ts", text: `// ${"TO" + "DO"}: later` }]],
};

describe.each(Object.entries(rules))("%s", (name, rule) => {
  test("holds for the sources", () => {
    expect(rule(sources)).toEqual([]);
  });

  for (const files of planted[name as keyof typeof rules]) {
    test(`finds ${files[0]?.text.slice(0, 80)} in ${files[0]?.path}`, () => {
      expect(rule(files.map(scan))).toHaveLength(1);
    });
  }
});

test("what only looks like a violation is left alone", () => {
  const innocent = [
    {
      path: "src/engine/a.ts",
      text: `${comment}// Date.now() is given by the caller.\nexport const a = "process.env";`,
    },
    {
      path: "src/engine/b.ts",
      text: `${comment}import type { A } from "../tools/../engine/a.ts";\nexport const at = (ms: number): Date => new Date(ms);`,
    },
    {
      path: "src/engine/tokens/c.ts",
      text: `${comment}import type { Plan } from "../history/plan-commit.ts";`,
    },
    {
      path: "src/engine/history/publish.ts",
      text: `${comment}import { StoreConflict } from "../../storage/errors.ts";`,
    },
  ].map(scan);
  for (const rule of Object.values(rules)) expect(rule(innocent)).toEqual([]);
});
