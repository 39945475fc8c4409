/** The JSON Schema of a tool as clients see it: compact, because every session pays for every word (spec 6.2; spec 9, 29). */
import { z } from "zod";
import type { Profile } from "./profiles.ts";
import type { Tool } from "./tool.ts";

/** Not readonly: the types of LLM clients take nothing else. */
export interface ObjectSchema {
  type: "object";
  properties: Record<string, JsonSchema>;
  required?: string[];
  anyOf?: { required: string[] }[];
  [keyword: string]: unknown;
}
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Every tool takes these; they say all by their names. */
const SHARED_PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  tract: { type: "string" },
  worktree: { type: "string" },
};

/**
 * Arguments that a profile shows to an agent; strictness is the server's business, not the schema's. Without defaults and bounds: who
 * leaves an argument out gets what is usual (of a choice, its first word), and who exceeds a bound is told it.
 */
export function inputSchema(tool: Tool, profile: Profile): ObjectSchema {
  const { properties, required } = objectSchema(tool.input, "input");
  const hidden = profile === "self" ? [...tool.unlisted, ...tool.hiddenInSelf] : tool.unlisted;
  const shown = Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => !hidden.includes(name))
      .map(([name, schema]) => [name, brief(schema)]),
  );
  return {
    type: "object",
    properties: { ...shown, ...SHARED_PROPERTIES },
    ...(required.length > 0 ? { required } : {}),
  };
}

/** Every argument of a tool but tract and worktree, with defaults, bounds and choices: help for people, who do not pay for words. */
export function argumentSchemas(tool: Tool): Readonly<Record<string, JsonSchema>> {
  const { properties } = objectSchema(tool.input, "input");
  return Object.fromEntries(
    Object.entries(properties).map(([name, { wordsUnlisted: _, ...schema }]) => [name, schema]),
  );
}

/**
 * Success or `{ error }`: clients of the 2025 line check failures against this schema too, and throw when it does not fit (spec 9, 30).
 */
export function outputSchema(tool: Tool): ObjectSchema {
  const { properties, required } = objectSchema(tool.output, "output");
  return {
    type: "object",
    properties: {
      ...Object.fromEntries(Object.entries(properties).map(([name, node]) => [name, singleTyped(node)])),
      error: ERROR_SCHEMA,
    },
    anyOf: [{ required }, { required: ["error"] }],
  };
}

const ERROR_SCHEMA: JsonSchema = {
  type: "object",
  properties: {
    code: { type: "string" },
    message: { type: "string" },
    hint: { type: "string" },
    data: { type: "object" },
  },
  required: ["code", "message", "hint", "data"],
};

/** What a caller stored, and comes back as it was. */
const ANY_VALUE: JsonSchema = {
  anyOf: ["object", "array", "string", "number", "boolean", "null"].map((type) => ({ type })),
};

/** The same with one type in each place: clients that know no lists of types, and no place without one, take it too. */
function singleTyped(schema: JsonSchema): JsonSchema {
  const { type } = schema;
  if (Array.isArray(type)) return { anyOf: type.map((one: unknown) => singleTyped(ofType(schema, one))) };
  if (Object.keys(schema).length === 0) return ANY_VALUE;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, within(keyword, value)]),
  );
}

function ofType(schema: JsonSchema, type: unknown): JsonSchema {
  return type === "null" ? { type } : { ...schema, type };
}

/** The value of a keyword, with the schemas in it. */
function within(keyword: string, value: unknown): unknown {
  if (keyword === "anyOf" && Array.isArray(value))
    return value.map((branch: unknown) => (isSchema(branch) ? singleTyped(branch) : branch));
  if (!isSchema(value)) return value;
  if (keyword === "items") return singleTyped(value);
  if (keyword !== "properties") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, node]) => [name, isSchema(node) ? singleTyped(node) : node]),
  );
}

function isSchema(node: unknown): node is JsonSchema {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}

interface Properties {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: string[];
}

function objectSchema(schema: z.ZodObject, io: "input" | "output"): Properties {
  const json = z.toJSONSchema(schema, { io, unrepresentable: "any", override: compact });
  const properties = Object.entries(json.properties ?? {}).map(([name, node]) => [name, asListed(node)]);
  return { properties: Object.fromEntries(properties), required: json.required ?? [] };
}

/**
 * A schema may give its listing by hand, as `.meta({ listed })`, where the exact one is long or has no JSON form. Done after the conversion, which would fold `anyOf`
 * into a list of types that not every host takes.
 */
function asListed(node: z.core.JSONSchema._JSONSchema): JsonSchema {
  if (typeof node !== "object") return {};
  const { listed, description } = node;
  if (typeof listed !== "object" || listed === null) return { ...node };
  return { ...listed, ...(description === undefined ? {} : { description }) };
}

function brief({ default: _default, maximum: _maximum, wordsUnlisted, ...schema }: JsonSchema): JsonSchema {
  const { enum: words, ...rest } = schema;
  return wordsUnlisted === true ? rest : schema;
}

/** Leaves out what tells a caller nothing. */
function compact({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  delete jsonSchema.additionalProperties;
  delete jsonSchema.propertyNames;
  delete jsonSchema.minLength;
  const { minimum, maximum } = jsonSchema;
  if (minimum === Number.MIN_SAFE_INTEGER || minimum === 0 || minimum === 1) delete jsonSchema.minimum;
  if (maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}
