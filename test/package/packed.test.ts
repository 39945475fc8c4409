/** The package as a user gets it: built, packed, installed from the tarball, started and imported. */
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "tract-package-"));
const project = mkdtempSync(join(tmpdir(), "tract-user-"));
const bin = join(project, "node_modules", ".bin", process.platform === "win32" ? "tract.cmd" : "tract");

let tarball = "";
let files: readonly string[] = [];
/** Why nothing can be installed here; null when it was. */
let obstacle: string | null = null;

beforeAll(async () => {
  await run(process.execPath, ["scripts/build.ts"], { cwd: root });
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: root,
  });
  const packed = z
    .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
    .parse(JSON.parse(stdout));
  tarball = join(folder, packed[0]?.filename ?? "");
  files = packed[0]?.files.map(({ path }) => path) ?? [];
  writeFileSync(
    join(project, "package.json"),
    JSON.stringify({ name: "user", private: true, type: "module" }),
  );
  const install = ["install", tarball, "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=0"];
  await run("npm", install, { cwd: project }).catch((error: unknown) => {
    const reason = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    if (!/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH/.test(reason)) throw error;
    obstacle = "the package registry cannot be reached";
  });
}, 240_000);

afterAll(() => {
  for (const each of [folder, project]) rmSync(each, { recursive: true, force: true });
});

test("holds what it needs and nothing of the workshop", () => {
  expect(files).toEqual(
    expect.arrayContaining([
      "bin/tract.js",
      "dist/server.js",
      "dist/index.js",
      "dist/index.d.ts",
      "manifest.json",
      "package.json",
      "LICENSE",
    ]),
  );
  expect(
    files.filter(
      (path) => !/^(bin|dist)\/|^(manifest\.json|package\.json|LICENSE|README\.md|CHANGELOG\.md)$/.test(path),
    ),
  ).toEqual([]);
});

test("publint finds nothing to complain about", async () => {
  const { messages, pkg } = await publint({ pkgDir: root, pack: false, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
});

test("the installed bin says its version", async (context) => {
  if (obstacle !== null) context.skip(obstacle);
  expect((await run(bin, ["--version"])).stdout).toBe("tract 0.2.0\n");
});

test("the installed bin serves MCP over stdio and ends when stdin closes", async (context) => {
  if (obstacle !== null) context.skip(obstacle);
  const server = spawn(bin, [], {
    cwd: project,
    env: { ...process.env, TRACT_STORE: join(project, "store", "t.db") },
  });
  const call = (id: number, method: string, params: unknown): void => {
    server.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  };
  call(1, "initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "test", version: "1" },
  });
  call(2, "tools/call", { name: "commit", arguments: { content: "packed and installed" } });
  call(3, "tools/call", { name: "compile", arguments: {} });
  server.stdin.end();
  const [lines, exitCode] = await Promise.all([
    server.stdout.toArray().then((parts) => parts.map(String).join("").trim().split("\n")),
    new Promise((resolve) => server.once("exit", resolve)),
  ]);
  expect(exitCode).toBe(0);
  const answers = lines.map((line): unknown => JSON.parse(line));
  expect(answers).toContainEqual(
    expect.objectContaining({
      id: 1,
      result: expect.objectContaining({ serverInfo: expect.objectContaining({ version: "0.2.0" }) }),
    }),
  );
  expect(JSON.stringify(answers)).toContain("packed and installed");
});

test("the installed library imports without side effects, and works", async (context) => {
  if (obstacle !== null) context.skip(obstacle);
  writeFileSync(
    join(project, "use.js"),
    `import { openStore, TractError } from "tract-mcp";
     const store = await openStore("sqlite:./library.db");
     const tract = await store.tract("research");
     await tract.system("You are a careful researcher.");
     await tract.user("What changed?");
     const context = await tract.compile();
     const error = await tract.checkout("nowhere").catch((failure) => failure);
     await store.close();
     console.log(JSON.stringify({ openai: context.toOpenAI(), code: error instanceof TractError ? error.code : String(error) }));`,
  );
  const { stdout } = await run(process.execPath, ["use.js"], { cwd: project });
  expect(JSON.parse(stdout)).toEqual({
    openai: [
      { role: "system", content: "You are a careful researcher." },
      { role: "user", content: "What changed?" },
    ],
    code: "not-found",
  });
});

test("the installed types hold under the strictest checks, in Node's resolution and a bundler's, with no types of others", async (context) => {
  if (obstacle !== null) context.skip(obstacle);
  writeFileSync(
    join(project, "use.ts"),
    `import { openStore, TractError } from "tract-mcp";
     const store = await openStore("sqlite:./typed.db", { llm: { apiKey: "k", model: "m" } });
     const tract = await store.tract("typed");
     await tract.user("What changed?");
     const compiled: { readonly system: string | null } = (await tract.compile({ budgetTokens: 8000 })).toAnthropic();
     // @ts-expect-error: there is no such argument, and a type that says any would let it pass.
     await tract.compile({ budget: compiled.system });
     export const code = (error: unknown): string | null => (error instanceof TractError ? error.code : null);`,
  );
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const strictest = ["--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false", "--types", ""];
  const findings = async (module: string, moduleResolution: string): Promise<string> => {
    const resolution = ["--module", module, "--moduleResolution", moduleResolution];
    const options = [...strictest, ...resolution, "--target", "es2023", "--noEmit", "use.ts"];
    return await run(process.execPath, [tsc, ...options], { cwd: project }).then(
      ({ stdout }) => stdout,
      (error: unknown) => z.object({ stdout: z.string() }).parse(error).stdout,
    );
  };
  expect(await Promise.all([findings("nodenext", "nodenext"), findings("esnext", "bundler")])).toEqual([
    "",
    "",
  ]);
});

test("the library does not load the MCP SDK, the CLI or a driver before a store is opened", async (context) => {
  if (obstacle !== null) context.skip(obstacle);
  writeFileSync(
    join(project, "loaded.js"),
    `import { registerHooks } from "node:module";
     const seen = [];
     registerHooks({ resolve: (specifier, at, next) => { seen.push(specifier); return next(specifier, at); } });
     const { openStore, toolDefinitions } = await import("tract-mcp");
     const onImport = [...seen];
     await toolDefinitions({ format: "openai" });
     const tract = await (await openStore("sqlite:./loaded.db")).tract("loaded");
     const outcome = await tract.executeTool("commit", '{"content":"One."}');
     await tract.close();
     console.log(JSON.stringify({ onImport, all: seen, text: outcome.text }));`,
  );
  const { stdout } = await run(process.execPath, ["loaded.js"], { cwd: project });
  const specifiers = z.array(z.string());
  const seen = z
    .object({ onImport: specifiers, all: specifiers, text: z.string() })
    .parse(JSON.parse(stdout));
  expect(seen.onImport).toContain("tract-mcp");
  expect(
    seen.onImport.filter((each) =>
      /tools\/|modelcontextprotocol|commander|better-sqlite3|node:sqlite|bpeRanks/.test(each),
    ),
  ).toEqual([]);
  expect(seen.text).toContain("Committed");
  expect(seen.all.filter((each) => /modelcontextprotocol|commander/.test(each))).toEqual([]);
});
