/** Says in our own words what a zod issue means: zod's would reach agents otherwise, and change with its versions. */
import type { z } from "zod";

/** Where something is wrong, and what was expected there. */
export interface ShapeProblem {
  readonly path: readonly PropertyKey[];
  /** `expected a text, got a number`; never a value that was sent. */
  readonly problem: string;
}

/** Unknown names are many only by mistake or malice: so many are told. */
const NAMES_TOLD = 5;
const NAME_CHARS_TOLD = 80;
const PATH_CHARS_TOLD = 200;

/**
 * Explains an issue; of a union it explains the branch that came furthest.
 *
 * @param input What was checked: the issue's path leads into it.
 */
export function explainIssue(issue: z.core.$ZodIssue, input: unknown): ShapeProblem {
  const deeper = issue.code === "invalid_union" ? furthest(issue) : null;
  if (deeper !== null) return explainIssue(deeper, input);
  const value = valueAt(input, issue.path);
  const expected = isOurs(issue) ? issue.message : `expected ${expectedBy(issue)}`;
  const tellsKind = issue.code === "invalid_type" || issue.code === "invalid_union" || value === undefined;
  return { path: issue.path, problem: tellsKind ? `${expected}, got ${kindOf(value)}` : expected };
}

/** The few names of `names` that are worth telling, each cut to a readable length. */
export function namesTold(names: readonly string[]): readonly string[] {
  return names.slice(0, NAMES_TOLD).map((name) => name.slice(0, NAME_CHARS_TOLD).toWellFormed());
}

/** The names as a message lists them, with the number of those left out. */
export function listNames(names: readonly string[]): string {
  const more = names.length > NAMES_TOLD ? ` and ${names.length - NAMES_TOLD} more` : "";
  return `${namesTold(names)
    .map((name) => JSON.stringify(name))
    .join(", ")}${more}`;
}

/** A path short enough for a message, whatever a caller's keys are. */
export function pathTold(path: string): string {
  return path.length <= PATH_CHARS_TOLD ? path : `${path.slice(0, PATH_CHARS_TOLD - 1).toWellFormed()}…`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  bigint: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
  record: "an object",
  map: "an object",
  function: "a function",
  date: "a date",
  null: "null",
  undefined: "nothing",
};

function kindOf(value: unknown): string {
  if (value === null) return "null";
  const kind = Array.isArray(value) ? "array" : typeof value;
  return KINDS[kind] ?? "something else";
}

/** Words that a schema of ours gave; zod's begin otherwise. */
function isOurs({ message }: z.core.$ZodIssue): boolean {
  return message.startsWith("expected ");
}

function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return KINDS[issue.expected] ?? "another kind of value";
    case "invalid_value":
      return issue.values.length === 1
        ? String(issue.values[0])
        : `one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return sized(issue.origin, "at least", Number(issue.minimum));
    case "too_big":
      return sized(issue.origin, "at most", Number(issue.maximum));
    case "invalid_union":
      return unionOf(issue);
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `no field ${listNames(issue.keys)}`;
    case "invalid_format":
      return "a text of another form";
    default:
      return "another value";
  }
}

function sized(origin: string, bound: string, size: number): string {
  if (origin === "string")
    return size === 1 && bound === "at least"
      ? "a text that is not empty"
      : `a text of ${bound} ${size} characters`;
  if (origin === "array" || origin === "set") return `${bound} ${size} ${size === 1 ? "entry" : "entries"}`;
  return `a number of ${bound} ${size}`;
}

/** What any branch takes, each once. */
function unionOf({ errors }: z.core.$ZodIssueInvalidUnion): string {
  const expected = errors.flatMap(([first]) =>
    first === undefined ? [] : [isOurs(first) ? first.message.replace(/^expected /, "") : expectedBy(first)],
  );
  return expected.length === 0 ? "another value" : [...new Set(expected)].join(" or ");
}

/** An issue further inside of what was given: the branch it belongs to is the one that was meant. */
function furthest({ errors, path }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | null {
  const [inner] = errors
    .flatMap(([first]) => (first === undefined ? [] : [first]))
    .filter((issue) => issue.path.length > 0)
    .sort((a, b) => b.path.length - a.path.length);
  return inner === undefined ? null : { ...inner, path: [...path, ...inner.path] };
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, part) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, part) ? Reflect.get(at, part) : undefined,
    input,
  );
}
