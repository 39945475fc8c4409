/** Strategy `dedupe`: of tool results that say the same, or of reads of the same thing, the newest stays whole (spec 3.5). */
import { type Entry, payloadOf, toolContentOf } from "../../compile/entry.ts";
import type { Unit } from "../../compile/unit.ts";
import { canonicalJson } from "../../content/canonical-json.ts";
import type { MaskOptions } from "./mask.ts";
import { isReceipt, type MaskEdit, receiptFor, shortHash, toolResultsOf } from "./receipt.ts";
import { readArguments } from "./tool-arguments.ts";

export type DedupeOptions = Pick<MaskOptions, "isProtected" | "count">;

/**
 * Edits in the order of history; each receipt names the commit that has the newer result.
 *
 * A result is the same as a later one when tool, arguments and payload are. It is superseded when later the tool was asked the same, or for the
 * whole of the file of which this is a part, and did not fail. Asked nothing in particular (`scroll_down`), a tool answers from a state of its
 * own, and nothing supersedes that.
 */
export function dedupeResults(
  units: readonly Unit[],
  { isProtected, count }: DedupeOptions,
): readonly MaskEdit[] {
  const newer: Newer = { same: new Map(), asked: new Map() };
  const edits: MaskEdit[] = [];
  for (const result of toolResultsOf(units).toReversed()) {
    const { entry, call } = result;
    if (call === null || isReceipt(entry)) continue;
    const question = questionOf(call);
    const why = whyStale(entry, question, newer);
    if (why === null) remember(entry, question, newer);
    const edit = why === null || isProtected(entry) ? null : receiptFor(result, why, count);
    if (edit !== null) edits.push(edit);
  }
  return edits.toReversed();
}

/** Results that stay whole and come after the one looked at; of several the newest. */
interface Newer {
  /** By question and payload. */
  readonly same: Map<string, Map<string, Entry>>;
  /** By question; no failures. */
  readonly asked: Map<string, Entry>;
}

/** What a tool was asked. */
interface Question {
  readonly key: string;
  /** The key of the question for the whole file; null when this is it, or not about a file. */
  readonly wholeKey: string | null;
  /** Nothing in particular was asked. */
  readonly isVague: boolean;
}

function whyStale(entry: Entry, { key, wholeKey, isVague }: Question, { same, asked }: Newer): string | null {
  const payload = payloadOf(entry);
  const equal = same.get(key)?.get(payload);
  if (equal !== undefined) return `same as ${shortHash(equal.hash)}`;
  if (isVague) return null;
  const again = asked.get(key);
  if (again !== undefined) return `superseded by ${shortHash(again.hash)}`;
  const whole = wholeKey === null ? undefined : asked.get(wholeKey);
  // A tool may cut a long file short; what is shorter than its part does not hold the whole.
  if (whole === undefined || payloadOf(whole).length < payload.length) return null;
  return `superseded by ${shortHash(whole.hash)}`;
}

function remember(entry: Entry, { key }: Question, { same, asked }: Newer): void {
  const payloads = same.get(key) ?? new Map<string, Entry>();
  payloads.set(payloadOf(entry), entry);
  same.set(key, payloads);
  if (toolContentOf(entry).status !== "error" && !asked.has(key)) asked.set(key, entry);
}

function questionOf(call: Entry): Question {
  const { tool_name: tool } = toolContentOf(call);
  const given = readArguments(payloadOf(call));
  const keyOf = (what: string): string => `${JSON.stringify(tool)} ${what}`;
  if (typeof given === "string") return { key: keyOf(given), wholeKey: null, isVague: given === "" };
  const fields = Object.keys(given);
  const part = fields.filter((field) => PART_FIELDS.has(field));
  const isAboutFile = fields.some((field) => FILE_FIELDS.has(field));
  const whole = Object.fromEntries(Object.entries(given).filter(([field]) => !PART_FIELDS.has(field)));
  return {
    key: keyOf(canonicalJson(given)),
    wholeKey: isAboutFile && part.length > 0 ? keyOf(canonicalJson(whole)) : null,
    isVague: fields.length === 0,
  };
}

const FILE_FIELDS: ReadonlySet<string> = new Set([
  "path",
  "file",
  "file_path",
  "filepath",
  "filename",
  "file_name",
  "uri",
]);
const PART_FIELDS: ReadonlySet<string> = new Set(
  "offset limit start end start_line end_line line_start line_end line_number lines line range view_range".split(
    " ",
  ),
);
