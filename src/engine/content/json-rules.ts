/** What JSON from outside must be before it is hashed: well-formed text, exact numbers, bounded depth (spec 1.2; spec 9, 1). */
import type { Json, JsonObject } from "../../storage/records.ts";

/** What is wrong with a value and where, or null. `path` is like `payload.items[2]`. */
export interface JsonProblem {
  readonly path: string;
  readonly expected: string;
}

const NUMBER_MAX = Number.MAX_SAFE_INTEGER;

/** Finds the first part of a value that cannot be stored without loss. */
export function findJsonProblem(value: unknown, path: string, depthMax: number): JsonProblem | null {
  switch (typeof value) {
    case "string":
      return value.isWellFormed()
        ? null
        : { path, expected: "well-formed Unicode (it has a lone surrogate)" };
    case "number":
      if (!Number.isFinite(value)) return { path, expected: "a finite number" };
      return Math.abs(value) <= NUMBER_MAX
        ? null
        : { path, expected: "a number within ±(2^53 - 1); send larger ones as a string" };
    case "boolean":
      return null;
    case "object":
      return value === null ? null : findNestedProblem(value, path, depthMax);
    default:
      return { path, expected: `JSON, not ${typeof value}` };
  }
}

function findNestedProblem(value: object, path: string, depthMax: number): JsonProblem | null {
  if (depthMax <= 0) return { path, expected: "less deep nesting" };
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const problem = findJsonProblem(value[i], `${path}[${i}]`, depthMax - 1);
      if (problem) return problem;
    }
    return null;
  }
  if (!isJsonObject(value)) return { path, expected: "a plain JSON object" };
  for (const [key, member] of Object.entries(value)) {
    if (!key.isWellFormed())
      return { path, expected: "keys of well-formed Unicode (one has a lone surrogate)" };
    const problem = findJsonProblem(member, path === "" ? key : `${path}.${key}`, depthMax - 1);
    if (problem) return problem;
  }
  return null;
}

/** True for an object literal or a JSON.parse result; false for arrays, dates, class instances. */
export function isJsonObject(value: unknown): value is JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Any JSON; its members are checked by findJsonProblem before. */
export function isJson(value: unknown): value is Json {
  return (
    value !== undefined &&
    typeof value !== "function" &&
    typeof value !== "symbol" &&
    typeof value !== "bigint"
  );
}
