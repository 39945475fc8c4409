/** server.json against the rules of the MCP registry (schema of 2025-12-11, and what the registry checks beyond it), and against the package. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { environmentNameOf, SETTING_NAMES, SETTINGS } from "../../src/server/settings.ts";
import { PROFILES } from "../../src/tools/profiles.ts";
import { VERSION } from "../../src/version.ts";

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), "utf8"));
}

const exactVersion = z
  .string()
  .max(255)
  .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/);
const variable = z.strictObject({
  name: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
  description: z.string(),
  format: z.enum(["string", "number", "boolean", "filepath"]).optional(),
  default: z.string().optional(),
  placeholder: z.string().optional(),
  choices: z.array(z.string()).optional(),
  isRequired: z.boolean().optional(),
  isSecret: z.boolean().optional(),
});
const registered = z.strictObject({
  $schema: z.literal("https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"),
  name: z
    .string()
    .min(3)
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  title: z.string().min(1).max(100),
  description: z.string().min(1).max(100),
  version: exactVersion,
  packages: z.tuple([
    z.strictObject({
      registryType: z.literal("npm"),
      identifier: z.string(),
      version: exactVersion,
      runtimeHint: z.literal("npx"),
      transport: z.strictObject({ type: z.literal("stdio") }),
      environmentVariables: z.array(variable),
    }),
  ]),
});

const server = registered.parse(readJson("server.json"));
const [published] = server.packages;
const packageJson = z
  .object({ name: z.string(), version: z.string(), mcpName: z.string() })
  .parse(readJson("package.json"));

test("names the package, which in turn has the server's name: the registry checks that they belong together", () => {
  expect(published.identifier).toBe(packageJson.name);
  expect(packageJson.mcpName).toBe(server.name);
});

test("carries the version of the package twice", () => {
  expect([server.version, published.version, VERSION]).toEqual(Array(3).fill(packageJson.version));
});

test("its variables are settings of this version, with the values that these take", () => {
  for (const { name, isSecret, choices, default: given } of published.environmentVariables) {
    const setting = SETTING_NAMES.find((each) => environmentNameOf(each) === name);
    if (setting === undefined) throw new Error(`${name} is no setting`);
    expect(isSecret ?? false, name).toBe(SETTINGS[setting].isSecret);
    for (const value of [...(choices ?? []), ...(given === undefined ? [] : [given])])
      expect(SETTINGS[setting].schema.safeParse(value).success, `${name} ${value}`).toBe(true);
    if (setting === "profile") expect(choices).toEqual(Object.keys(PROFILES));
  }
});
