/** Checks the conditions of query_by_config and brings them into the form that stores take (spec 4.5; spec 9, 28). */
import type { ConfigCondition, ConfigOperator } from "../../storage/config-conditions.ts";
import type { Json } from "../../storage/records.ts";
import { findJsonProblem } from "../content/json-rules.ts";
import { LLMConfig } from "../content/llm-config.ts";
import { TractError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { nearest } from "../nearest.ts";

/** As a caller writes it; `value` may be left out for `exists`. */
export interface ConditionRequest {
  readonly field: string;
  readonly op: string;
  readonly value?: unknown;
}

/**
 * Conditions that all must hold: those given, and equality on every field of `config`.
 *
 * @throws TractError `invalid-argument` for an unknown field or operator (with the nearest names), a value of the wrong type, and when there is
 *   no condition at all.
 */
export function readConditions(
  limits: Limits,
  request: {
    readonly conditions?: readonly ConditionRequest[] | undefined;
    readonly config?: object | undefined;
  },
): readonly ConfigCondition[] {
  const given = request.conditions ?? [];
  const conditions = [
    ...given.map((condition, index) => readCondition(limits, condition, `conditions[${index}]`)),
    ...(request.config === undefined ? [] : conditionsOf(request.config)),
  ];
  if (conditions.length > limits.configConditionsMax)
    throw wrong("conditions", `expected at most ${limits.configConditionsMax} conditions`);
  if (conditions.length > 0) return conditions;
  throw new TractError("invalid-argument", "conditions: there is no condition", {
    hint: 'Give at least one, such as { field: "temperature", op: ">", value: 0.5 }, or a config with at least one field.',
    data: { path: "conditions" },
  });
}

type Kind = "text" | "number" | "texts" | "any";
const FIELDS: Readonly<Record<Exclude<keyof LLMConfig, "extra">, Kind>> = {
  model: "text",
  temperature: "number",
  top_p: "number",
  max_tokens: "number",
  stop_sequences: "texts",
  frequency_penalty: "number",
  presence_penalty: "number",
  top_k: "number",
  seed: "number",
};

/** Begins the names of provider-specific values. */
const EXTRA_PREFIX = "extra.";

/** What an operator compares with. */
type Operand = "one" | "ordered" | "list" | "ends" | "flag";
const OPERATORS: Readonly<Record<ConfigOperator, Operand>> = {
  "=": "one",
  "!=": "one",
  ">": "ordered",
  "<": "ordered",
  ">=": "ordered",
  "<=": "ordered",
  in: "list",
  not_in: "list",
  between: "ends",
  exists: "flag",
};

function readCondition(
  limits: Limits,
  { field, op, value }: ConditionRequest,
  path: string,
): ConfigCondition {
  const kind = kindOf(field, path);
  if (!isOperator(op)) throw unknownName(`${path}.op`, "operator", op, Object.keys(OPERATORS));
  const at = `${path}.value`;
  const given = OPERATORS[op] === "flag" ? (value ?? true) : value;
  if (given === undefined) throw wrong(at, `expected a value to compare ${field.slice(0, 80)} with`);
  const problem = findJsonProblem(given, at, limits.jsonDepthMax);
  if (problem) throw wrong(problem.path, `expected ${problem.expected}`);
  const expected = problemOf(given as Json, kind, OPERATORS[op]); // findJsonProblem found none.
  if (expected !== null) throw wrong(at, `expected ${expected} for ${op} on ${field.slice(0, 80)}`);
  return { field, operator: op, value: given as Json };
}

function isOperator(op: string): op is ConfigOperator {
  return Object.hasOwn(OPERATORS, op);
}

function kindOf(field: string, path: string): Kind {
  if (field.startsWith(EXTRA_PREFIX) && field.length > EXTRA_PREFIX.length) return "any";
  const kind = Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof typeof FIELDS] : undefined; // It is one of them.
  if (kind !== undefined) return kind;
  throw unknownName(`${path}.field`, "field", field, [...Object.keys(FIELDS), `${EXTRA_PREFIX}<key>`]);
}

/** What was expected; null when the value will do. */
function problemOf(value: Json, kind: Kind, operand: Operand): string | null {
  const { isFit, expected } = VALUES[kind];
  switch (operand) {
    case "one":
      return isFit(value) ? null : expected;
    case "ordered":
      return kind !== "texts" && isFit(value) && isOrdered(value) ? null : orderedWords(kind);
    case "list":
      return Array.isArray(value) && value.every(isFit) ? null : `a list, each ${expected}`;
    case "ends":
      return kind !== "texts" && isEnds(value) && value.every(isFit)
        ? null
        : `a list of two ends, each ${orderedWords(kind)}`;
    case "flag":
      return typeof value === "boolean" ? null : "true or false";
  }
}

interface ValueRule {
  readonly isFit: (value: Json) => boolean;
  readonly expected: string;
}

const VALUES: Readonly<Record<Kind, ValueRule>> = {
  text: { isFit: (value) => typeof value === "string", expected: "a text" },
  number: { isFit: (value) => typeof value === "number", expected: "a number" },
  texts: {
    isFit: (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
    expected: "a list of texts",
  },
  any: { isFit: (value) => value !== null, expected: "a value other than null" },
};

function isOrdered(value: Json): boolean {
  return typeof value === "number" || typeof value === "string";
}

function isEnds(value: Json): value is readonly Json[] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [low, high]: readonly Json[] = value;
  return low !== undefined && isOrdered(low) && typeof low === typeof high;
}

function orderedWords(kind: Kind): string {
  if (kind === "texts") return "another operator (lists have no order)";
  return kind === "any" ? "a number or a text" : VALUES[kind].expected;
}

/** A config as it is stored with a commit: the same object finds what was committed with it. */
function conditionsOf(config: object): readonly ConfigCondition[] {
  const { extra = {}, ...typed } = LLMConfig.from(config);
  const named = [
    ...Object.entries(typed),
    ...Object.entries(extra).map(([key, value]) => [`${EXTRA_PREFIX}${key}`, value] as const),
  ];
  return named.map(([field, value]) => ({ field, operator: "=", value }));
}

function unknownName(path: string, what: string, name: string, known: readonly string[]): TractError {
  const near = nearest(name, known);
  return new TractError(
    "invalid-argument",
    `${path}: there is no ${what} ${JSON.stringify(name.slice(0, 80).toWellFormed())}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Known: ${known.join(", ")}.`,
      data: { path, near, expected: known },
    },
  );
}

function wrong(path: string, problem: string): TractError {
  return new TractError("invalid-argument", `${path}: ${problem}`, {
    hint: "Correct this condition and call again; exists tells whether a field is set at all.",
    data: { path, expected: problem.replace(/^expected /, "") },
  });
}
