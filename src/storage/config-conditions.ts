/** Whether a generation config meets conditions: the one meaning that every backend gives to query_by_config (spec 4.5). */
import type { CommitRecord, Hash, Json, JsonObject } from "./records.ts";

/** `in`, `not_in`: value is a list. `between`: a list of the two ends, both included. `exists`: value is a boolean. */
export type ConfigOperator = "=" | "!=" | ">" | "<" | ">=" | "<=" | "in" | "not_in" | "between" | "exists";

/** A condition on a field of a generation config; what holds when is said by `meetsConditions`. */
export interface ConfigCondition {
  /** A field of the config, or `extra.` and a key of its extra values. */
  readonly field: string;
  readonly operator: ConfigOperator;
  readonly value: Json;
}

/** Of commits with a generation config those that meet all conditions. */
export interface ConfigSelection {
  readonly conditions: readonly ConfigCondition[];
  /** Only commits reachable from here; default: all of the tract. With it the same as in a query of the log: */
  readonly head?: Hash;
  readonly exclude?: Hash;
  readonly firstParent?: boolean;
  /** The page starts below this commit, exclusive. */
  readonly after?: Hash;
  readonly limit: number;
  /** About how many commits are looked at before the page ends short. */
  readonly scanMax: number;
}

export interface ConfigPage {
  /** Newest first. */
  readonly commits: readonly CommitRecord[];
  /** The last commit that was looked at; null when there is nothing behind it. */
  readonly next: Hash | null;
}

/**
 * True when all conditions hold. Values are compared by JSON type: numbers by value, lists and objects whole, and what is of another type is
 * neither equal nor in order. Everything but `exists` with false holds only for a field that the config has.
 */
export function meetsConditions(config: JsonObject, conditions: readonly ConfigCondition[]): boolean {
  return conditions.every((condition) => meets(fieldOf(config, condition.field), condition));
}

/** Begins the names of provider-specific values. */
const EXTRA_PREFIX = "extra.";

function fieldOf(config: JsonObject, field: string): Json | undefined {
  if (!field.startsWith(EXTRA_PREFIX)) return own(config, field);
  const extra = own(config, "extra");
  return isObject(extra) ? own(extra, field.slice(EXTRA_PREFIX.length)) : undefined;
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function meets(actual: Json | undefined, { operator, value }: ConfigCondition): boolean {
  if (operator === "exists") return (actual !== undefined) === value;
  if (actual === undefined) return false;
  const list = Array.isArray(value) ? (value as readonly Json[]) : []; // isArray knows no readonly lists.
  switch (operator) {
    case "=":
      return isEqual(actual, value);
    case "!=":
      return !isEqual(actual, value);
    case "in":
      return list.some((item) => isEqual(actual, item));
    case "not_in":
      return !list.some((item) => isEqual(actual, item));
    case "between":
      return (order(actual, list[0]) ?? -1) >= 0 && (order(actual, list[1]) ?? 1) <= 0;
    case ">":
      return (order(actual, value) ?? 0) > 0;
    case "<":
      return (order(actual, value) ?? 0) < 0;
    case ">=":
      return (order(actual, value) ?? -1) >= 0;
    case "<=":
      return (order(actual, value) ?? 1) <= 0;
  }
}

/** Below 0: a comes first. null: they have no order. */
function order(a: Json, b: Json | undefined): number | null {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== "string" || typeof b !== "string") return null;
  return a === b ? 0 : a < b ? -1 : 1;
}

function isEqual(a: Json, b: Json): boolean {
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item: Json, index) => isEqual(item, b[index] as Json)) // The lists are of one length.
    );
  if (!isObject(a) || !isObject(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => {
      const [left, right] = [own(a, key), own(b, key)];
      return left !== undefined && right !== undefined && isEqual(left, right);
    })
  );
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
