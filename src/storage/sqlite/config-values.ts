/** The values of generation configs that are indexed: which they are, and how a condition finds them. */
import type { ConfigCondition } from "../config-conditions.ts";
import type { Json } from "../records.ts";
import type { SqlValue } from "./connection.ts";
import type { Database } from "./database.ts";

/** Characters of an indexed text, and of the name of a field. */
const CHARS_MAX = 200;

function valuesAt(path: string, prefix: string): string {
  return `SELECT c.tract_id, ${prefix}j.key, j.value, c.id FROM commits c
    JOIN json_each(CASE WHEN json_valid(c.generation_config) THEN c.generation_config END, '${path}') j
    WHERE c.generation_config IS NOT NULL AND j.type IN ('text', 'integer', 'real') AND length(j.value) <= ${CHARS_MAX} AND length(j.key) <= ${CHARS_MAX}`;
}

/** The rows of config_values as commits say them. */
export const CONFIG_VALUES: string = `${valuesAt("$", "")} UNION ALL ${valuesAt("$.extra", "'extra.' || ")}`;
const OF_COMMIT: string = CONFIG_VALUES.split(" UNION ALL ")
  .map((part) => `${part} AND c.id = +?`)
  .join(" UNION ALL ");

export function indexConfig(database: Database, commitId: number): void {
  database
    .sql(`INSERT INTO config_values (tract_id, field, value, commit_id) ${OF_COMMIT}`)
    .run(commitId, commitId);
}

/** While the commit is still there. */
export function forgetConfig(database: Database, commitId: number): void {
  database
    .sql(`DELETE FROM config_values WHERE (tract_id, field, value, commit_id) IN (${OF_COMMIT})`)
    .run(commitId, commitId);
}

/** Part of the index that holds every commit that can meet a condition; which do, the config itself says. */
export interface IndexRange {
  /** A condition on `v`, a row of config_values. */
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** True when the index has it newest first. */
  readonly isOrdered: boolean;
}

/** null for a condition that the index knows nothing of. */
export function indexRangeOf({ field, operator, value }: ConfigCondition): IndexRange | null {
  if (Array.from(field).length > CHARS_MAX) return null;
  const range = (sql: string, isOrdered: boolean, ...bounds: readonly Json[]): IndexRange => ({
    // JSON, so that a number is read as the one in a config was.
    sql: `v.field = +? AND ${sql}`,
    values: [field, ...bounds.map((bound) => JSON.stringify(bound))],
    isOrdered,
  });
  switch (operator) {
    case "=":
      return isIndexed(value) ? range("v.value = json_extract(?, '$')", true, value) : null;
    case "in":
      return Array.isArray(value) && value.every(isIndexed)
        ? range("v.value IN (SELECT value FROM json_each(?))", false, value)
        : null;
    case "between":
      return Array.isArray(value) && value.every((end) => typeof end === "number")
        ? range("v.value >= json_extract(?, '$') AND v.value <= json_extract(?, '$')", false, ...value)
        : null;
    case ">":
    case ">=":
      // Numbers come before texts.
      return typeof value === "number"
        ? range("v.value >= json_extract(?, '$') AND v.value < ''", false, value)
        : null;
    case "<":
    case "<=":
      return typeof value === "number" ? range("v.value <= json_extract(?, '$')", false, value) : null;
    default:
      return null;
  }
}

function isIndexed(value: Json): boolean {
  return typeof value === "number" || (typeof value === "string" && Array.from(value).length <= CHARS_MAX);
}
