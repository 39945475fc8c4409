/** Content types that a library user registers, and those a tract remembers without their code (spec 1.2; spec 9, 7). */
import { z } from "zod";
import type { ContentTypeRecord, JsonObject, Priority, Role } from "../../storage/records.ts";
import { TractError } from "../errors.ts";
import { BUILT_IN_TYPES, type ContentType, type CustomContent } from "./content-types.ts";

export interface ContentTypeOptions {
  /** Role when compiled; null: never compiled. Default: assistant. */
  readonly role?: Role | null;
  /** Default: normal. */
  readonly defaultPriority?: Priority;
  /** Text for tokens, search and compile. Default: its text, content, summary or payload. Stored with each content. */
  readonly toText?: (content: CustomContent) => string;
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/;

/**
 * Describes a custom type. `schema` is of the fields besides content_type; unknown fields are refused.
 *
 * @throws TractError `invalid-name`, `exists` for a built-in name, `invalid-argument` for a schema that JSON Schema cannot say.
 */
export function defineContentType(
  name: string,
  schema: z.ZodObject,
  options: ContentTypeOptions,
): ContentType {
  if (!NAME.test(name)) {
    throw new TractError("invalid-name", `${JSON.stringify(name.slice(0, 80))} cannot name a content type`, {
      hint: "Use lower-case letters, digits and _, at most 64, a letter first.",
    });
  }
  if (BUILT_IN_TYPES.includes(name)) {
    throw new TractError("exists", `${name} is a built-in content type`, {
      hint: "Choose another name.",
      data: { built_in: BUILT_IN_TYPES },
    });
  }
  if (!(schema instanceof z.ZodObject)) {
    throw new TractError("invalid-argument", `the schema of content type ${name} is no zod object`, {
      hint: "Describe the fields besides content_type with z.object({ … }).",
    });
  }
  const whole = z.strictObject({ content_type: z.literal(name), ...schema.shape });
  const role = options.role === undefined ? "assistant" : options.role;
  const priority = options.defaultPriority ?? "normal";
  const record = { name, schema: jsonSchemaOf(whole, name), role, priority };
  return {
    name,
    schema: whole,
    roleOf: () => role,
    priority,
    toText: options.toText ?? null,
    record,
    isInternal: false,
  };
}

/** A type as the tract remembers it: checked by its JSON Schema, its text by the common order of fields. */
export function contentTypeFromRecord(record: ContentTypeRecord): ContentType {
  const schema = z.fromJSONSchema(record.schema as Parameters<typeof z.fromJSONSchema>[0]); // Written by jsonSchemaOf.
  return {
    name: record.name,
    schema,
    roleOf: () => record.role,
    priority: record.priority,
    toText: null,
    record,
    isInternal: false,
  };
}

function jsonSchemaOf(schema: z.ZodType, name: string): JsonObject {
  try {
    return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input" })));
  } catch (cause) {
    throw new TractError(
      "invalid-argument",
      `the schema of content type ${name} cannot be written as JSON Schema`,
      {
        hint: "Use only what JSON can hold: no dates, transforms or custom checks.",
        cause,
      },
    );
  }
}
