/** The JSON Schema of a tool as clients see it: compact, because every session pays for every word (spec 6.2; spec 9, 29). */
import { z } from "zod";
import type { Profile } from "./profiles.ts";
import type { Tool } from "./tool.ts";

export interface ObjectSchema {
  readonly type: "object";
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly { readonly required: readonly string[] }[];
}
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Every tool takes these; they say all by their names. */
const SHARED_PROPERTIES: Readonly<Record<string, JsonSchema>> = {
  tract: { type: "string" },
  worktree: { type: "string" },
};

/** Arguments that a profile shows; strictness is the server's business, not the schema's. */
export function inputSchema(tool: Tool, profile: Profile): ObjectSchema {
  const { properties, required } = objectSchema(tool.input, "input");
  const hidden = profile === "self" ? tool.hiddenInSelf : [];
  const shown = Object.fromEntries(Object.entries(properties).filter(([name]) => !hidden.includes(name)));
  return {
    type: "object",
    properties: { ...shown, ...SHARED_PROPERTIES },
    ...(required.length > 0 ? { required } : {}),
  };
}

/**
 * Success or `{ error }`: clients of the 2025 line check failures against this schema too, and throw when it does not fit (spec 9, 30).
 */
export function outputSchema(tool: Tool): ObjectSchema {
  const { properties, required } = objectSchema(tool.output, "output");
  return {
    type: "object",
    properties: { ...properties, error: ERROR_SCHEMA },
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

interface Properties {
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
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

/** Leaves out what tells a caller nothing. */
function compact({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  delete jsonSchema.additionalProperties;
  delete jsonSchema.propertyNames;
  delete jsonSchema.minLength;
  const { minimum, maximum } = jsonSchema;
  if (minimum === Number.MIN_SAFE_INTEGER || minimum === 0 || minimum === 1) delete jsonSchema.minimum;
  if (maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}
