/** The bundle manifest, package.json and the sources agree. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { freshManifest, readManifest } from "../../scripts/manifest.ts";
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
