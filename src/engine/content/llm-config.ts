/** LLMConfig: the settings an answer was generated with, in one spelling (spec 1.8). */
import type { Json, JsonObject } from "../../storage/records.ts";
import { TractError } from "../errors.ts";
import { findJsonProblem, isJsonObject } from "./json-rules.ts";

/** Everything optional; a field that is absent inherits. 0 is a value. */
export interface LLMConfig {
  readonly model?: string;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
  readonly stop_sequences?: readonly string[];
  readonly frequency_penalty?: number;
  readonly presence_penalty?: number;
  readonly top_k?: number;
  readonly seed?: number;
  /** Provider-specific values. */
  readonly extra?: JsonObject;
}

const NUMBERS = [
  "temperature",
  "top_p",
  "max_tokens",
  "frequency_penalty",
  "presence_penalty",
  "top_k",
  "seed",
] as const;
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["stop", "stop_sequences"],
  ["max_completion_tokens", "max_tokens"],
  ["max_output_tokens", "max_tokens"],
]);
/** Request plumbing that is no setting of the answer. */
const PLUMBING: ReadonlySet<string> = new Set([
  "messages",
  "tools",
  "tool_choice",
  "stream",
  "response_format",
  "n",
  "logprobs",
  "top_logprobs",
  "functions",
  "function_call",
  "system",
  "metadata",
  "input",
]);
const TYPED: ReadonlySet<string> = new Set(["model", "stop_sequences", ...NUMBERS]);

export const LLMConfig: { from: (input: object | null | undefined) => LLMConfig } = { from };

/**
 * Reads a config from any object: aliases become their canonical name (which wins when both are given), request plumbing is dropped,
 * unknown keys go to `extra` (whose own win), null and undefined mean inherit. Never changes its input; `from(from(x))` equals `from(x)`.
 *
 * @throws TractError `invalid-argument` when a typed field has a wrong type, or a value is not JSON.
 */
function from(input: object | null | undefined): LLMConfig {
  // Maps, because keys are the caller's: `constructor` and `__proto__` are names like any other.
  const typed = new Map<string, Json>();
  const aliased = new Map<string, Json>();
  const unknown = new Map<string, Json>();
  const extra = new Map<string, Json>();
  for (const [key, value] of Object.entries(input ?? {})) {
    if (value === null || value === undefined || typeof value === "function" || PLUMBING.has(key)) continue;
    const canonical = ALIASES.get(key);
    if (key === "extra") for (const [name, member] of readExtra(value)) extra.set(name, member);
    else if (TYPED.has(key)) typed.set(key, readTyped(key, value));
    else if (canonical === undefined) unknown.set(key, readJson(key, value));
    else aliased.set(key, readTyped(canonical, value));
  }
  // Where two keys mean one field, which of them holds must not depend on their order: the last of ALIASES first, and then ever stronger.
  const named = [...ALIASES].toReversed().flatMap(([alias, canonical]) => {
    const value = aliased.get(alias);
    return value === undefined ? [] : [[canonical, value] as const];
  });
  const merged = new Map([...named, ...typed]);
  const others = new Map([...unknown, ...extra]);
  for (const key of merged.keys()) others.delete(key);
  const config = Object.fromEntries(merged);
  return others.size === 0 ? config : { ...config, extra: Object.fromEntries(others) };
}

function readTyped(key: string, value: unknown): Json {
  if (key === "stop_sequences") {
    const list = typeof value === "string" ? [value] : value;
    if (!Array.isArray(list) || !list.every((item) => typeof item === "string"))
      throw wrong(key, "a list of strings");
    return readJson(key, [...list]);
  }
  if (key === "model") {
    if (typeof value !== "string") throw wrong(key, "a string");
    return readJson(key, value);
  }
  if (typeof value !== "number" || !Number.isFinite(value)) throw wrong(key, "a number");
  return readJson(key, value);
}

function readExtra(value: unknown): readonly (readonly [string, Json])[] {
  if (!isJsonObject(value)) throw wrong("extra", "a JSON object");
  return Object.entries(value)
    .filter(([, member]) => member !== null)
    .map(([key, member]) => [key, readJson(`extra.${key}`, member)]);
}

function readJson(key: string, value: unknown): Json {
  const problem = findJsonProblem(value, key, CONFIG_DEPTH_MAX);
  if (problem) throw wrong(problem.path, problem.expected);
  return value as Json; // findJsonProblem found none.
}

const CONFIG_DEPTH_MAX = 32;

function wrong(key: string, expected: string): TractError {
  return new TractError("invalid-argument", `generation_config.${key}: expected ${expected}`, {
    hint: "Correct this field; provider-specific values belong under extra.",
    data: { path: `generation_config.${key}`, expected },
  });
}
