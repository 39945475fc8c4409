/** Checks the arguments of a tool call and says which field is wrong in the one shape of a failure (spec 9, 30). */
import { z } from "zod";
import { findJsonProblem, isJsonObject } from "../engine/content/json-rules.ts";
import { TractError } from "../engine/errors.ts";
import { invariant } from "../engine/invariant.ts";
import { DEFAULT_LIMITS } from "../engine/limits.ts";
import { nearest } from "../engine/nearest.ts";
import { explainIssue, listNames, namesTold, pathTold } from "../engine/zod-words.ts";

/** Bodies that the engine walks itself; walking them here too would be paid by every commit. */
const CHECKED_BY_ENGINE: ReadonlySet<string> = new Set(["content", "items"]);
/** Every tool has these besides its own. */
const SHARED_ARGUMENTS = ["tract", "worktree"];
/** The arguments of each of several commits. */
const ITEMS = "items";

/**
 * Checks arguments against a strict schema and fills in defaults. A null stands for an argument that was not given, because
 * clients that must send every property send null; so it does in each of several items.
 *
 * @param contentArguments Arguments, also of items, whose problems are `invalid-content`.
 * @throws TractError `invalid-content` or `invalid-argument`; data has the field's path.
 */
export function parseArguments<Schema extends z.ZodType>(
  schema: Schema,
  args: Readonly<Record<string, unknown>>,
  contentArguments: readonly string[],
): z.output<Schema> {
  const given = withoutAbsent(args);
  if (Array.isArray(given[ITEMS]))
    given[ITEMS] = given[ITEMS].map((item: unknown) => (isJsonObject(item) ? withoutAbsent(item) : item));
  const isContent = (path: string): boolean => {
    const own = path.replace(/^items\[\d+\]\./, "");
    return contentArguments.some(
      (name) => own === name || own.startsWith(`${name}.`) || own.startsWith(`${name}[`),
    );
  };
  for (const [name, value] of Object.entries(given)) {
    if (CHECKED_BY_ENGINE.has(name)) continue;
    const problem = findJsonProblem(value, name, DEFAULT_LIMITS.jsonDepthMax);
    if (problem) throw wrongField(problem.path, `expected ${problem.expected}`, isContent(problem.path));
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = firstIssue(parsed.error.issues);
  if (issue.code === "unrecognized_keys") throw unknownArgument(issue, pathText(issue.path), schema);
  const { path: at, problem } = explainIssue(issue, given);
  const path = pathText(at);
  throw wrongField(path, problem, isContent(path));
}

/** An argument that is not known comes first: it often explains why another one is missing. */
function firstIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const first = issues.find((issue) => issue.code === "unrecognized_keys") ?? issues[0];
  invariant(first, "a failed check names an issue");
  return first;
}

function withoutAbsent(args: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(args).filter(([, value]: [string, unknown]) => value !== null && value !== undefined),
  );
}

/** `items[3].labels[0]` */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}

/** For rules between arguments, which no schema of one field can state. */
export function wrongArgument(path: string, problem: string): TractError {
  return wrongField(path, problem, false);
}

/** The same of a content. */
export function wrongContent(path: string, problem: string): TractError {
  return wrongField(path, problem, true);
}

function wrongField(longPath: string, problem: string, isContent: boolean): TractError {
  const path = pathTold(longPath);
  return new TractError(isContent ? "invalid-content" : "invalid-argument", `${path}: ${problem}`, {
    hint: "Correct this argument and call again; nothing was changed.",
    data: { path, expected: problem.replace(/^expected /, "") },
  });
}

function unknownArgument(
  issue: z.core.$ZodIssueUnrecognizedKeys,
  path: string,
  schema: z.ZodType,
): TractError {
  const unknown = namesTold(issue.keys);
  const known = [...fieldNames(schema, issue.path), ...(path === "" ? SHARED_ARGUMENTS : [])];
  const near = [...new Set(unknown.flatMap((key) => nearest(key, known)))];
  const where = path === "" ? "" : `${path}: `;
  return new TractError("invalid-argument", `${where}there is no argument ${listNames(issue.keys)}`, {
    hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Arguments: ${known.join(", ")}.`,
    data: { path: pathText([...issue.path, unknown[0] ?? ""]), unknown, near },
  });
}

/** Names of the fields of the object that a path into the schema leads to. */
function fieldNames(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: unknown = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  for (const part of path)
    at = typeof part === "number" ? memberOf(at, "items") : memberOf(memberOf(at, "properties"), part);
  return Object.keys(memberOf(at, "properties") ?? {});
}

function memberOf(node: unknown, key: PropertyKey): object | undefined {
  if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return undefined;
  const member: unknown = Reflect.get(node, key);
  return typeof member === "object" && member !== null ? member : undefined;
}
