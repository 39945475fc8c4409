/** Reads an LLMConfig where a mistyped key must not pass: settings, configure and llm_config are strict (spec 9, 26). */
import type { JsonObject } from "../../storage/records.ts";
import { type ErrorCode, TractError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { namesTold, pathTold } from "../zod-words.ts";
import { isJsonObject } from "./json-rules.ts";
import { LLMConfig } from "./llm-config.ts";

export const LLM_CONFIG_FIELDS = [
  "model",
  "temperature",
  "top_p",
  "max_tokens",
  "stop_sequences",
  "frequency_penalty",
  "presence_penalty",
  "top_k",
  "seed",
  "extra",
] as const;

/** What has a config of its own; `chat` holds for generate, too. */
export const LLM_OPERATIONS = ["chat", "compress", "merge", "collapse", "orchestrate"] as const;
export type LlmOperation = (typeof LLM_OPERATIONS)[number];

/** The setting `llm` of a branch. */
export interface LlmSettings {
  readonly default?: LLMConfig;
  readonly operations?: { readonly [O in LlmOperation]?: LLMConfig };
}

/** Where it stands, and what a mistake there is called. */
export interface Position {
  readonly path: string;
  readonly code: Extract<ErrorCode, "invalid-argument" | "invalid-content">;
}

/**
 * Reads a config in its own spelling; null stands for what is not given. Never changes its input.
 *
 * @throws TractError with the position's code for an unknown field (with the nearest name) or a wrong value.
 */
export function checkLlmConfig(given: unknown, at: Position): LLMConfig {
  const fields = objectAt(given, at);
  refuseUnknown(Object.keys(fields), LLM_CONFIG_FIELDS, at);
  for (const [field, value] of Object.entries(fields)) {
    if (value === null || value === undefined) continue;
    const { isFit, expected } = RULES[field] ?? ANY;
    if (!isFit(value)) throw wrong({ ...at, path: below(at.path, field) }, expected);
  }
  try {
    return LLMConfig.from(fields);
  } catch (error) {
    if (error instanceof TractError) throw wrong(at, String(error.data.expected), error);
    throw error;
  }
}

/**
 * Reads the setting `llm`: a config for all, and one for each operation.
 *
 * @throws TractError as `checkLlmConfig`.
 */
export function checkLlmSettings(given: unknown, at: Position): LlmSettings {
  const parts = objectAt(given, at);
  refuseUnknown(Object.keys(parts), ["default", "operations"], at);
  const inside = (name: string): Position => ({ ...at, path: below(at.path, name) });
  const all = parts.default == null ? {} : { default: checkLlmConfig(parts.default, inside("default")) };
  if (parts.operations == null) return all;
  const operations = objectAt(parts.operations, inside("operations"));
  refuseUnknown(Object.keys(operations), LLM_OPERATIONS, inside("operations"));
  const read = Object.entries(operations).flatMap(([operation, config]) =>
    config == null ? [] : [[operation, checkLlmConfig(config, inside(`operations.${operation}`))] as const],
  );
  return { ...all, operations: Object.fromEntries(read) };
}

interface FieldRule {
  readonly isFit: (value: unknown) => boolean;
  readonly expected: string;
}

const ANY: FieldRule = { isFit: () => true, expected: "a value" };
const finite: FieldRule = { isFit: Number.isFinite, expected: "a number" };
/** Wrong in any provider's eyes; narrower bounds are the provider's business. */
const RULES: Readonly<Record<string, FieldRule>> = {
  model: {
    isFit: (value) => typeof value === "string" && value.trim() !== "",
    expected: "the name of a model",
  },
  temperature: { isFit: (value) => isWithin(value, 0, Infinity), expected: "a number of at least 0" },
  top_p: { isFit: (value) => isWithin(value, 0, 1), expected: "a number from 0 to 1" },
  max_tokens: {
    isFit: (value) => Number.isSafeInteger(value) && isWithin(value, 1, Infinity),
    expected: "a whole number of at least 1",
  },
  stop_sequences: {
    isFit: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
    expected: "a list of texts",
  },
  frequency_penalty: finite,
  presence_penalty: finite,
  top_k: {
    isFit: (value) => Number.isSafeInteger(value) && isWithin(value, 0, Infinity),
    expected: "a whole number of at least 0",
  },
  seed: { isFit: Number.isSafeInteger, expected: "a whole number" },
  extra: { isFit: isJsonObject, expected: "a JSON object" },
};

function isWithin(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max && !Number.isNaN(value);
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function objectAt(given: unknown, at: Position): JsonObject {
  if (isJsonObject(given)) return given;
  throw wrong(at, "an object");
}

/**
 * @throws TractError for the first name that is none of those that are known.
 */
export function refuseUnknown(names: readonly string[], known: readonly string[], at: Position): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  const [told = ""] = namesTold([unknown]);
  const path = pathTold(at.path);
  throw new TractError(
    at.code,
    `${path === "" ? "" : `${path}: `}there is no field ${JSON.stringify(told)}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Known here: ${known.join(", ")}; nothing was stored.`,
      data: { path: pathTold(below(at.path, told)), unknown: told, near },
    },
  );
}

function wrong({ path, code }: Position, expected: string, cause?: unknown): TractError {
  return new TractError(code, `${pathTold(path)}: expected ${expected}`, {
    hint: "Correct this value and call again; nothing was stored.",
    data: { path: pathTold(path), expected },
    cause,
  });
}
