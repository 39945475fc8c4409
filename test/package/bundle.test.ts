/** The bundle as a host gets it: packed, unpacked into an empty folder, started as its manifest says, checked by its own doctor. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { getMcpConfigForManifest, unpackExtension, v0_3 } from "@anthropic-ai/mcpb";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { makeBundle } from "../../scripts/bundle.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { VERSION } from "../../src/version.ts";
import {
  connectClient,
  createRawClient,
  type RawClient,
  type ServerProcess,
  wireOf,
} from "../support/mcp-client.ts";

const folder = mkdtempSync(join(tmpdir(), "tract-bundle-"));
const bundle = join(folder, "installed");
const prebuilds = join(bundle, "node_modules", "better-sqlite3", "prebuilds");
/** The user's home, with nothing in it. */
let home = "";
let started: ServerProcess[] = [];

beforeAll(async () => {
  const packed = await makeBundle(folder);
  expect(packed).toBe(join(folder, `tract-mcp-${VERSION}.mcpb`));
  expect(await unpackExtension({ mcpbPath: packed, outputDir: bundle, silent: true })).toBe(true);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  home = mkdtempSync(join(folder, "home-"));
  started = [];
});
afterEach(async () => {
  for (const server of started) server.process.kill("SIGKILL");
  for (const server of started) await server.exited;
});

/** Starts the server as a host does that has read the manifest and has no answers from its user. */
async function start(nodeOptions: readonly string[] = []): Promise<ServerProcess> {
  const config = await getMcpConfigForManifest({
    manifest: v0_3.McpbManifestSchema.parse(readManifest()),
    extensionPath: bundle,
    systemDirs: {},
    userConfig: {},
    pathSeparator: "/",
  });
  const child = spawn(process.execPath, [...nodeOptions, ...(config?.args ?? [])], {
    cwd: home,
    env: { ...plainEnvironment(), ...config?.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  const server = { process: child, log: () => log, exited };
  started.push(server);
  return server;
}

function plainEnvironment(): Record<string, string> {
  return { PATH: process.env.PATH ?? "", HOME: home, USERPROFILE: home, LOCALAPPDATA: home, APPDATA: home };
}

function readManifest(): unknown {
  return JSON.parse(readFileSync(join(bundle, "manifest.json"), "utf8"));
}

const report = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

/** What `tract doctor` of the bundle says: all in all, of its files, of its driver. */
function doctor(): { readonly ok: boolean; readonly files: string; readonly driver: string } {
  const { status, stdout } = spawnSync(process.execPath, [join(bundle, "bin/tract.js"), "doctor", "--json"], {
    cwd: home,
    env: plainEnvironment(),
    encoding: "utf8",
  });
  const { ok, checks } = report.parse(JSON.parse(stdout));
  expect(status).toBe(ok ? 0 : 1);
  const detail = (name: string): string => checks.find((check) => check.name === name)?.detail ?? "";
  return { ok, files: detail("files"), driver: detail("database driver") };
}

test("its manifest names every other file with its hash", () => {
  const { files } = z
    .object({
      _meta: z.object({ "io.github.tract-mcp": z.object({ files: z.record(z.string(), z.string()) }) }),
    })
    .parse(readManifest())._meta["io.github.tract-mcp"];
  const there = readdirSync(bundle, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(bundle.length + 1))
    .filter((path) => path !== "manifest.json");
  const hashes = there.map((path) => [
    path.replaceAll("\\", "/"),
    `sha256:${createHash("sha256")
      .update(readFileSync(join(bundle, path)))
      .digest("hex")}`,
  ]);
  expect(files).toEqual(Object.fromEntries(hashes));
  expect(Object.keys(files)).toEqual(expect.arrayContaining(["bin/tract.js", "dist/server.js", "LICENSE"]));
});

test("its server answers a client, and its doctor is content", async () => {
  const server = await start();
  const client = await connectClient("v2-2026", wireOf(server));
  const offered = (await client.listTools()).tools.map(({ name }) => name);
  expect(TOOLS.map(({ name }) => String(name))).toEqual(expect.arrayContaining(offered));
  await client.callTool({ name: "commit", arguments: { content: "from the bundle" } });
  const compiled = await client.callTool({ name: "compile", arguments: {} });
  expect(JSON.stringify(compiled.content)).toContain("from the bundle");
  await client.close();
  expect(await server.exited).toBe(0);
  expect(doctor()).toEqual({
    ok: true,
    files: expect.stringMatching(/^all \d+ are as they were shipped$/),
    driver: expect.stringContaining("better-sqlite3"),
  });
});

test("its doctor names a file that was changed, one that is missing and one that was added", () => {
  const [license, launcher, added] = ["LICENSE", "dist/THIRD-PARTY-LICENSES.txt", "bin/added.js"].map(
    (path) => join(bundle, path),
  ) as [string, string, string];
  const text = readFileSync(license);
  const aside = join(folder, "aside");
  appendFileSync(license, " ");
  renameSync(launcher, aside);
  writeFileSync(added, "");
  expect(doctor()).toMatchObject({
    ok: false,
    files: "changed: LICENSE; missing: dist/THIRD-PARTY-LICENSES.txt; not listed: bin/added.js",
  });
  writeFileSync(license, text);
  renameSync(aside, launcher);
  rmSync(added);
  expect(doctor().ok).toBe(true);
});

test("a start loads nothing that only some calls need", async () => {
  const hook = join(home, "..", "loaded.mjs");
  writeFileSync(
    hook,
    `import { registerHooks } from "node:module";
     const seen = [];
     registerHooks({ resolve: (specifier, context, next) => { seen.push(specifier); return next(specifier, context); } });
     process.on("exit", () => process.stderr.write(seen.join("\\n")));`,
  );
  const heavy = [
    "better-sqlite3",
    "node:sqlite",
    "node:http",
    "compose-",
    "create-server-",
    "doctor-",
    "o200k_base",
    "open-store-",
    "openai-",
    "run-process-",
  ];
  const loadedBy = async (use: (client: RawClient) => Promise<unknown>): Promise<readonly string[]> => {
    const server = await start(["--import", hook]);
    await use(createRawClient(wireOf(server)));
    server.process.stdin.end();
    expect(await server.exited).toBe(0);
    return heavy.filter((name) => server.log().includes(name));
  };
  const clientInfo = { name: "probe", version: "1" };
  const handshake = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
  expect(await loadedBy((client) => client.request("initialize", handshake))).toEqual([]);
  const listing = await loadedBy(async (client) => {
    await client.initialize();
    await client.request("tools/list", {});
  });
  expect(listing).toEqual(["compose-", "create-server-"]);
  const committing = await loadedBy(async (client) => {
    await client.initialize();
    await client.request("tools/call", { name: "commit", arguments: { content: "x" } });
  });
  expect(committing).toEqual(["better-sqlite3", "compose-", "create-server-", "o200k_base", "open-store-"]);
});

test("the errors of the openai package keep the names by which they are told apart", async () => {
  const chunk = readdirSync(join(bundle, "dist", "chunks")).find((name) => name.startsWith("openai-")) ?? "";
  const { default: OpenAI } = await import(pathToFileURL(join(bundle, "dist", "chunks", chunk)).href);
  for (const name of ["APIConnectionTimeoutError", "APIUserAbortError"]) expect(OpenAI[name].name).toBe(name);
});

test("two servers that start at once, one of them killed, leave nothing behind, and the other ends with its client", async () => {
  const [killed, left] = await Promise.all([start(), start()]);
  await Promise.all([killed, left].map((server) => createRawClient(wireOf(server)).initialize()));
  killed.process.kill("SIGKILL");
  expect(await killed.exited).toBe("SIGKILL");
  const from = performance.now();
  left.process.stdout.destroy();
  left.process.stdin.destroy();
  expect(await left.exited).toBe(0);
  // The promise is one second; a busy machine may take its time to say that a process has gone.
  expect(performance.now() - from).toBeLessThan(2_500);
  expect(readdirSync(home)).toEqual([]);
});

test("without its native file it works on with Node's own SQLite, on the same store, and the doctor says so", async () => {
  const commit = async (content: string): Promise<unknown> => {
    const server = await start();
    const client = createRawClient(wireOf(server));
    await client.initialize();
    const reply = await client.request("tools/call", { name: "commit", arguments: { content } });
    const log = await client.request("tools/call", { name: "log", arguments: {} });
    server.process.stdin.end();
    expect(await server.exited).toBe(0);
    expect(reply.result.isError ?? false).toBe(false);
    return log.result.structuredContent.entries.length;
  };
  expect(await commit("by the add-on")).toBe(1);
  const aside = join(folder, "prebuilds");
  renameSync(prebuilds, aside);
  mkdirSync(prebuilds);
  expect(await commit("by node:sqlite")).toBe(2);
  const found = doctor();
  expect(found.driver).toContain("node:sqlite");
  expect(found.files).toContain(
    `missing: node_modules/better-sqlite3/prebuilds/${readdirSync(aside).sort()[0]}`,
  );
  rmSync(prebuilds, { recursive: true });
  renameSync(aside, prebuilds);
  expect(await commit("by the add-on again")).toBe(3);
});
