/** A call's arguments in short, as the ledger keeps them beside the operation: names, choices and sizes, never what was written. */

/** Arguments whose values are names, hashes or choices. */
const NAMING: ReadonlySet<string> = new Set([
  "action",
  "branch",
  "content_type",
  "edit_target",
  "expected_head",
  "format",
  "from",
  "into",
  "new_name",
  "operation",
  "plan_id",
  "priority",
  "ref",
  "refs",
  "source",
  "strategy",
]);
const VALUE_CHARS_MAX = 40;
const CHARS_MAX = 200;

/** `content: 1024 chars, priority: pinned` */
export function shortArguments(args: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(args)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}: ${shortValue(value, NAMING.has(name))}`);
  return cut(parts.join(", "), CHARS_MAX);
}

function shortValue(value: unknown, isNaming: boolean): string {
  if (Array.isArray(value)) {
    const isShort = isNaming && value.length === 1 && typeof value[0] === "string";
    return isShort ? cut(String(value[0]), VALUE_CHARS_MAX) : `${value.length} items`;
  }
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return isNaming ? cut(value, VALUE_CHARS_MAX) : `${value.length} chars`;
  return String(value);
}

function cut(text: string, charsMax: number): string {
  return (text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`).toWellFormed();
}
