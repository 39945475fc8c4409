/** The words that shapes of requests are made of. */
import { z } from "zod";

export const ROLES = ["system", "user", "assistant", "tool"] as const;
export const PRIORITIES = ["skip", "normal", "important", "pinned"] as const;
export const ON_MISSING_TARGET = ["error", "as_append", "with_target", "drop"] as const;

export const text: z.ZodOptional<z.ZodString> = z.string().optional();
export const flag: z.ZodOptional<z.ZodBoolean> = z.boolean().optional();
export const count: z.ZodOptional<z.ZodInt> = z.int().min(0).optional();
export const texts: z.ZodOptional<z.ZodArray<z.ZodString>> = z.array(z.string()).optional();
export const dictionary: z.ZodCustom<object> = z.custom<object>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  {
    error: "expected an object",
  },
);
export const callback: z.ZodCustom<() => void> = z.custom<() => void>(
  (value) => typeof value === "function",
  {
    error: "expected a function",
  },
);
export const client: z.ZodCustom<object> = z.custom<object>(
  (value) =>
    typeof value === "object" && value !== null && "chat" in value && typeof value.chat === "function",
  { error: "expected an object with a method chat(request, signal)" },
);
export const signal: z.ZodCustom<AbortSignal> = z.custom<AbortSignal>(
  (value) => value instanceof AbortSignal,
  {
    error: "expected an AbortSignal",
  },
);

/** One of some words, or several of them. */
export function oneOrMore<const Words extends readonly [string, ...string[]]>(words: Words): z.ZodType {
  return z
    .union([z.enum(words), z.array(z.enum(words))], {
      error: `expected one or several of ${words.join(", ")}`,
    })
    .optional();
}
export const anyWords: z.ZodType = z
  .union([z.string(), z.array(z.string())], { error: "expected a text or several" })
  .optional();
export const paged: { readonly limit: typeof count; readonly cursor: typeof text } = {
  limit: count,
  cursor: text,
};
