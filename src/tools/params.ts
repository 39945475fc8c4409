/** The arguments that several tools share, each written once. */
import { z } from "zod";
import { isJsonObject } from "../engine/content/json-rules.ts";
import { DEFAULT_LIMITS } from "../engine/limits.ts";
import type { JsonObject, Priority, Role } from "../storage/records.ts";

/** An argument that need not be given: it reaches the operation as undefined. */
export type Optional<Value> = z.ZodType<Value | undefined>;

export const text: Optional<string> = z.string().optional();
export const flag: Optional<boolean> = z.boolean().optional();
export const tokens: Optional<number> = z.int().min(1).optional();
export const stringList: Optional<string[]> = z.array(z.string()).optional();

export const dialogueRole: Optional<Exclude<Role, "tool">> = z
  .enum(["user", "assistant", "system"])
  .optional();
export const priority: Optional<Priority> = z.enum(["skip", "normal", "important", "pinned"]).optional();

/** A page's length, with its default. */
export function pageLimit(usual: number): z.ZodType<number> {
  return z.int().min(1).max(DEFAULT_LIMITS.pageMax).default(usual);
}

/** One value or several, always handed on as a list; listed as the shorter of the two. */
const several = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === "string" ? [value] : value));

/** A filter on one word or several, usually one. */
export const oneOrMore: Optional<string[]> = several.meta({ listed: { type: "string" } }).optional();

/** A filter on one or several of a few words. The listing leaves them out: a wrong one is answered with all of them. */
export function oneOf<const Words extends readonly string[]>(words: Words): Optional<Words[number][]> {
  const word = z.enum(words);
  return z
    .union([word, z.array(word)])
    .transform((value) => (Array.isArray(value) ? value : [value]))
    .meta({ listed: { type: "string" } })
    .optional();
}

/** A choice that is rarely made, or whose words an earlier answer told: agents learn them from the error of a wrong one. */
export function unlisted<Choice extends z.ZodEnum>(choice: Choice): Choice {
  return choice.meta({ wordsUnlisted: true });
}

/** Commits to act on; required. */
export const refs: z.ZodType<string[]> = several.meta({
  listed: { type: "array", items: { type: "string" } },
});

/** What tools that ask an LLM take of its config (spec 9, 26); the engine checks llm_config itself, and names the nearest field. */
export const LLM_ARGUMENTS: {
  readonly model: Optional<string>;
  readonly temperature: Optional<number>;
  readonly max_tokens: Optional<number>;
  readonly llm_config: Optional<JsonObject>;
} = {
  model: text,
  temperature: z.number().optional(),
  max_tokens: tokens,
  llm_config: z
    .custom<JsonObject>(isJsonObject, { error: "expected a JSON object" })
    .meta({ listed: { type: "object" } })
    .optional(),
};

/** What llm_config can say as well: where asking an LLM is one way of several, they are taken but not listed. */
export const LLM_FIELDS: readonly string[] = ["model", "temperature", "max_tokens"];

/** JSON that the engine checks and stores as it is; a zod record would drop keys such as `__proto__`. */
export const jsonObject: Optional<JsonObject> = z
  .custom<JsonObject>(isJsonObject, { error: "expected a JSON object" })
  .meta({ listed: { type: "object" } })
  .optional();

/** What an edit becomes whose target is not there (spec 9, 34). */
export const onMissingTarget: Optional<"error" | "as_append" | "with_target" | "drop"> = unlisted(
  z.enum(["error", "as_append", "with_target", "drop"]),
).optional();

/** What every result of a write has. */
export const WRITE_FIELDS: Readonly<Record<string, z.ZodType>> = {
  operation_id: z.string().nullable(),
  branch: z.string().nullable(),
  head: z.string().nullable(),
  warnings: z.array(z.string()),
};

/** A place in a list, taken from the result before; opaque to callers. */
export const nextCursor: z.ZodType<string | null> = z.string().nullable();

/** The same, for tools that also answer without writing. */
export const MAYBE_WRITE_FIELDS: Readonly<Record<string, z.ZodType>> = Object.fromEntries(
  Object.entries(WRITE_FIELDS).map(([name, field]) => [name, field.optional()]),
);
