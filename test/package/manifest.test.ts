/** The bundle manifest is one that the official bundle tool accepts, and package.json and the sources agree with it. */
import { existsSync, readFileSync } from "node:fs";
import { getMcpConfigForManifest, v0_3 } from "@anthropic-ai/mcpb";
import { expect, test } from "vitest";
import { z } from "zod";
import { freshManifest, readManifest } from "../../scripts/manifest.ts";
import { type Config, type ConfigInputs, resolveConfig } from "../../src/server/config.ts";
import { PROFILES } from "../../src/tools/profiles.ts";
import { VERSION } from "../../src/version.ts";

const manifest = z
  .object({
    manifest_version: z.literal("0.3"),
    name: z.string(),
    version: z.string(),
    server: z.object({ type: z.literal("node"), entry_point: z.string() }),
    tools: z.array(z.object({ name: z.string(), description: z.string() })),
    compatibility: z.object({ runtimes: z.object({ node: z.string() }) }),
  })
  .parse(JSON.parse(readManifest()));
const packageJson = z
  .object({ name: z.string(), version: z.string(), engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));

const official = v0_3.McpbManifestSchema.parse(JSON.parse(readManifest()));

test("the tool list is that of the catalog (else: node scripts/manifest.ts)", () => {
  expect(readManifest()).toBe(freshManifest(readManifest()));
  expect(manifest.tools.map(({ name }) => name)).toEqual([...PROFILES.full]);
});

test("name, version and the Node.js needed are those of the package", () => {
  expect(manifest.name).toBe(packageJson.name);
  expect([manifest.version, VERSION]).toEqual([packageJson.version, packageJson.version]);
  expect(manifest.compatibility.runtimes.node).toBe(packageJson.engines.node);
});

test("the entry point is in the repository", () => {
  expect(existsSync(new URL(`../../${manifest.server.entry_point}`, import.meta.url))).toBe(true);
});

test("a user's settings reach the server, each under its name; the key is kept as a secret", async () => {
  const { settings, sources } = await settingsOf({
    store: "sqlite:/data/a.db",
    profile: "full",
    compile_budget: 500,
    llm_base_url: "http://127.0.0.1:1/v1",
    llm_model: "m",
    llm_api_key: "k",
  });
  expect(settings).toMatchObject({
    store: "sqlite:/data/a.db",
    profile: "full",
    compile_budget: 500,
    "llm.base_url": "http://127.0.0.1:1/v1",
    "llm.model": "m",
    "llm.api_key": "k",
  });
  expect(Object.values(sources).filter(({ kind }) => kind === "environment")).toHaveLength(6);
  const secrets = Object.entries(official.user_config ?? {}).filter(
    ([, option]) => option.sensitive === true,
  );
  expect(secrets.map(([name]) => name)).toEqual(["llm_api_key"]);
});

test("what a user leaves open is as if it were not there, also where a host fills nothing in", async () => {
  const plain = resolveConfig(inputs({})).settings;
  expect((await settingsOf({})).settings).toEqual(plain);
  expect(resolveConfig(inputs(official.server.mcp_config.env ?? {})).settings).toEqual(plain);
});

/** The settings that the server has when a host starts it as the manifest says. */
async function settingsOf(userConfig: Record<string, string | number>): Promise<Config> {
  const started = await getMcpConfigForManifest({
    manifest: official,
    extensionPath: "/bundle",
    systemDirs: {},
    userConfig,
    pathSeparator: "/",
  });
  expect(started).toMatchObject({ command: "node", args: ["/bundle/bin/tract.js", "serve", "--stdio"] });
  return resolveConfig(inputs(started?.env ?? {}));
}

function inputs(env: Readonly<Record<string, string>>): ConfigInputs {
  return {
    flags: {},
    env,
    cwd: "/work",
    homedir: "/home/user",
    platform: "linux",
    readFile: () => null,
    exists: () => false,
  };
}
