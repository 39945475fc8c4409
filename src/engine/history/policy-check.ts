/** Reads policies where a mistyped word must not pass: in the setting `policies` and in calls that change it (spec 5.4). */
import { z } from "zod";
import type { Json, JsonObject } from "../../storage/records.ts";
import { isJsonObject } from "../content/json-rules.ts";
import { type Position, refuseUnknown } from "../content/llm-config-check.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { nearest } from "../nearest.ts";
import type { Policy } from "../policies/policy.ts";
import { explainIssue, pathTold } from "../zod-words.ts";
import { KIND_RULES } from "./policy-params.ts";
import { AUTONOMY_LEVELS, MOMENTS, POLICY_KINDS, type PolicyKind } from "./policy-words.ts";
import { brokenNameRule } from "./ref-name.ts";

/** The setting `policies` of a branch as it is stated: by name; null: not in force there, whatever the default branch says. */
export type PolicySettings = Readonly<Record<string, JsonObject | null>>;

export const POLICY_FIELDS = [
  "kind",
  "trigger",
  "priority",
  "params",
  "autonomy",
  "cooldown",
  "enabled",
] as const;

const NAME_CHARS_MAX = 64;
const PRIORITY_DEFAULT = 100;

/**
 * Reads a policy and fills in what is not said. Null stands for what is not given. Never changes its input.
 *
 * @throws TractError with the position's code for an unknown field, kind, trigger, autonomy or parameter (with the nearest names) or a wrong value;
 *   `invalid-name` for a name that is none.
 */
export function readPolicy(name: string, given: unknown, at: Position): Policy {
  checkPolicyName(name);
  const fields = withoutNulls(objectAt(given, at));
  refuseUnknown(Object.keys(fields), POLICY_FIELDS, at);
  const kind = readKind(fields.kind, inside(at, "kind"));
  const rule = KIND_RULES[kind];
  const [trigger] = rule.triggers;
  invariant(trigger, "each kind has a trigger");
  return {
    name,
    kind,
    trigger:
      fields.trigger === undefined
        ? trigger
        : allowed(wordAt(fields.trigger, MOMENTS, inside(at, "trigger")), {
            kind,
            words: rule.triggers,
            at: inside(at, "trigger"),
          }),
    priority: valueAt(PRIORITY, fields.priority, inside(at, "priority")),
    params: readParams(kind, fields.params ?? {}, inside(at, "params")),
    autonomy:
      fields.autonomy === undefined
        ? rule.autonomyDefault
        : allowed(wordAt(fields.autonomy, AUTONOMY_LEVELS, inside(at, "autonomy")), {
            kind,
            words: rule.autonomy,
            at: inside(at, "autonomy"),
          }),
    cooldown: valueAt(COOLDOWN, fields.cooldown ?? rule.cooldown, inside(at, "cooldown")),
    enabled: valueAt(ENABLED, fields.enabled, inside(at, "enabled")),
  };
}

/** @throws TractError with the position's code and the nearest kinds. */
export function readKind(given: unknown, at: Position): PolicyKind {
  return wordAt(given, POLICY_KINDS, at);
}

/**
 * Reads the setting `policies`.
 *
 * @throws TractError as `readPolicy`; also for null: policies are taken away by their names.
 */
export function checkPolicySettings(given: unknown, at: Position): void {
  for (const [name, policy] of Object.entries(objectAt(given, at))) {
    if (policy === null) checkPolicyName(name);
    else readPolicy(name, policy, inside(at, name));
  }
}

/** @throws TractError `invalid-name`; the message says which rule. */
export function checkPolicyName(name: string): void {
  const rule = brokenNameRule(name, NAME_CHARS_MAX);
  if (rule === null) return;
  throw new TractError("invalid-name", `this cannot name a policy: ${rule}`, {
    hint: "Choose another name, for example letters and digits joined by -; nothing was stored.",
    data: { path: "policy.name", rule },
  });
}

/** The fields that say something. */
export function withoutNulls(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

const PRIORITY: z.ZodType<number> = z.int().min(-1_000_000).max(1_000_000).default(PRIORITY_DEFAULT);
const COOLDOWN: z.ZodType<number> = z.int().min(0).max(1_000_000_000);
const ENABLED: z.ZodType<boolean> = z.boolean().default(true);

function readParams(kind: PolicyKind, given: Json, at: Position): JsonObject {
  const { params: schema, complete, problem } = KIND_RULES[kind];
  const fields = withoutNulls(objectAt(given, at));
  refuseUnknown(Object.keys(fields), Object.keys(schema.shape), at);
  const params = complete(valueAt(schema, fields, at) as JsonObject); // The schemas of parameters give JSON.
  const broken = problem(params);
  if (broken !== null) throw wrong(inside(at, broken.path), `expected ${broken.expected}`);
  return params;
}

function wordAt<Word extends string>(given: unknown, words: readonly Word[], at: Position): Word {
  const known = words.find((word) => word === given);
  if (known !== undefined) return known;
  const near = typeof given === "string" ? nearest(given, words) : [];
  const expected = words.join(", ");
  throw new TractError(at.code, `${pathTold(at.path)}: expected one of ${expected}`, {
    hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Correct this value and call again; nothing was stored.`,
    data: { path: pathTold(at.path), expected: words, near },
  });
}

function allowed<Word extends string>(
  word: Word,
  { kind, words, at }: { readonly kind: PolicyKind; readonly words: readonly Word[]; readonly at: Position },
): Word {
  if (words.includes(word)) return word;
  throw wrong(at, `expected ${words.join(" or ")} for a policy of kind ${kind}`);
}

function valueAt<Value>(schema: z.ZodType<Value>, given: unknown, at: Position): Value {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  invariant(issue, "a failed check names an issue");
  const { path, problem } = explainIssue(issue, given);
  throw wrong({ ...at, path: [at.path, ...path.map(String)].join(".") }, problem);
}

function objectAt(given: unknown, at: Position): JsonObject {
  if (isJsonObject(given)) return given;
  throw wrong(at, "expected an object");
}

function inside({ path, code }: Position, name: string): Position {
  return { path: `${path}.${name}`, code };
}

function wrong({ path, code }: Position, problem: string): TractError {
  return new TractError(code, `${pathTold(path)}: ${problem}`, {
    hint: "Correct this value and call again; nothing was stored.",
    data: { path: pathTold(path), problem },
  });
}
