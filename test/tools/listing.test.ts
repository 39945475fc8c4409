/** What clients are told of the tools: the committed listing, its cost in tokens, and what holds for every tool. */
import { getEncoding } from "js-tiktoken";
import { describe, expect, it } from "vitest";
import { INSTRUCTIONS } from "../../src/server/mcp/instructions.ts";
import { listTools } from "../../src/server/mcp/register-tools.ts";
import { argumentSchemas, inputSchema } from "../../src/tools/json-schema.ts";
import { PROFILES, TOOL_NAMES } from "../../src/tools/profiles.ts";
import { TOOLS } from "../../src/tools/registry.ts";

const encoding = getEncoding("o200k_base");
const tokensOf = (value: unknown): number => encoding.encode(JSON.stringify(value)).length;

/** Names, descriptions and input schemas: what every session pays for. */
function costs(profile: keyof typeof PROFILES): ReadonlyMap<string, number> {
  const listed = listTools(TOOLS, profile);
  return new Map(
    listed.map(({ name, description, inputSchema: schema }) => [
      name,
      tokensOf({ name, description, inputSchema: schema }),
    ]),
  );
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

describe("the listing", () => {
  it.each(TOOLS.map((tool) => [tool.name, tool] as const))(
    "of %s is the committed one",
    async (name, tool) => {
      const [full] = listTools([tool], "full");
      const self = PROFILES.self.some((offered) => offered === name)
        ? Object.keys(inputSchema(tool, "self").properties)
        : null;
      await expect(`${JSON.stringify({ ...full, argumentsInSelf: self }, null, 2)}\n`).toMatchFileSnapshot(
        `../golden/tool-${name}.json`,
      );
    },
  );

  it("costs what the profiles may cost", () => {
    // The limits of spec 9, 29.
    expect(sum(costs("self").values())).toBeLessThanOrEqual(2_000);
    expect(sum(costs("full").values())).toBeLessThanOrEqual(5_000);
    for (const [name, tokens] of [...costs("self"), ...costs("full")])
      expect(tokens, name).toBeLessThanOrEqual(240);
  });

  it("comes with instructions of at most 250 tokens", () => {
    expect(encoding.encode(INSTRUCTIONS).length).toBeLessThanOrEqual(250);
  });
});

/** Every schema inside a schema, with its path. */
function schemasIn(node: unknown, path: string): readonly (readonly [string, object])[] {
  if (typeof node !== "object" || node === null) return [];
  const inner = Object.entries(node).flatMap(([keyword, value]) => {
    if (keyword === "items") return schemasIn(value, `${path}.items`);
    if (keyword === "anyOf")
      return Object.entries(value as object).flatMap(([at, one]) => schemasIn(one, `${path}.${at}`));
    if (keyword === "properties")
      return Object.entries(value as object).flatMap(([name, one]) => schemasIn(one, `${path}.${name}`));
    return [];
  });
  return [[path, node], ...inner];
}

it("names one type in each place: not every host knows lists of types, or places without one", () => {
  const unclear = listTools(TOOLS, "full").flatMap(({ name, inputSchema: input, outputSchema: output }) =>
    [...schemasIn(input, `${name} input`), ...schemasIn(output, `${name} output`)]
      .filter(([, schema]) => Object.keys(schema).length === 0 || Array.isArray(Reflect.get(schema, "type")))
      .map(([path]) => path),
  );
  expect(unclear).toEqual([]);
});

describe("help for people", () => {
  it("has the choices, defaults and bounds that agents are not told of", () => {
    const told = (name: string, argument: string) => {
      const tool = TOOLS.find((each) => each.name === name);
      if (tool === undefined) throw new Error(`no ${name}`);
      return [inputSchema(tool, "full").properties[argument], argumentSchemas(tool)[argument]];
    };
    expect(told("log", "limit")).toEqual([
      { type: "integer" },
      { type: "integer", default: 20, maximum: 200 },
    ]);
    const choices = ["error", "as_append", "with_target", "drop"];
    expect(told("reorganize", "on_missing_target")).toEqual([
      { type: "string" },
      { type: "string", enum: choices },
    ]);
  });
});

describe("every tool", () => {
  it("is in the registry once, in the order of the names", () => {
    expect(TOOLS.map(({ name }) => name)).toEqual(TOOL_NAMES);
    expect(new Set(TOOL_NAMES).size).toBe(TOOL_NAMES.length);
    for (const names of Object.values(PROFILES)) for (const name of names) expect(TOOL_NAMES).toContain(name);
  });

  it.each(TOOLS.map((tool) => [tool.name, tool] as const))(
    "%s takes tract and worktree and hides only arguments it has",
    (_, tool) => {
      const { properties } = inputSchema(tool, "full");
      expect(properties).toMatchObject({ tract: { type: "string" }, worktree: { type: "string" } });
      for (const hidden of tool.hiddenInSelf) expect(Object.keys(properties)).toContain(hidden);
      for (const unlisted of tool.unlisted) {
        expect(Object.keys(properties)).not.toContain(unlisted);
        expect(Object.keys(argumentSchemas(tool))).toContain(unlisted);
      }
      expect(tool.description).toMatch(/^[A-Z].*\.$/s);
    },
  );

  it.each(listTools(TOOLS, "full").map((tool) => [tool.name, tool] as const))(
    "%s has title, all four hints and a result that may be an error",
    (_, tool) => {
      expect(tool.title).toMatch(/./);
      expect(Object.values(tool.annotations ?? {}).every((hint) => typeof hint === "boolean")).toBe(true);
      expect(Object.keys(tool.annotations ?? {}).sort()).toEqual([
        "destructiveHint",
        "idempotentHint",
        "openWorldHint",
        "readOnlyHint",
      ]);
      expect(tool.outputSchema).toMatchObject({ type: "object", properties: { error: { type: "object" } } });
      expect(JSON.stringify(tool)).not.toMatch(/additionalProperties|\$schema|9007199254740991/);
    },
  );

  it("says read-only of what only reads, compile among it", () => {
    const readOnly = listTools(TOOLS, "full").filter(({ annotations }) => annotations?.readOnlyHint === true);
    expect(readOnly.map(({ name }) => name)).toEqual([
      "compile",
      "log",
      "show",
      "status",
      "search",
      "query_ledger",
      "query_by_config",
      "diff",
      "operations",
      "lineage",
      "sessions",
      "blame",
    ]);
  });
});
