/** The line that stands where a tool result was: which tool, what it was asked, how large the answer was, how it ended (spec 3.5). */
import type { Hash, JsonObject } from "../../../storage/records.ts";
import { type Entry, isResult, payloadOf, toolContentOf } from "../../compile/entry.ts";
import { costOfEntry } from "../../compile/formats/plain.ts";
import type { Unit } from "../../compile/unit.ts";
import type { ToolIoContent } from "../../content/content-types.ts";
import { plainText } from "../../content/plain-text.ts";
import { cutText } from "../../cut-text.ts";
import { TOKENS_PER_MESSAGE } from "../../tokens/message-overhead.ts";
import { singleLine } from "./sentences.ts";
import { shortArguments } from "./tool-arguments.ts";

/** An edit of a tool result that puts a receipt in its place. */
export interface MaskEdit {
  /** The commit that stands there. */
  readonly target: Hash;
  /** A tool_io result with the same call_id, tool_name, status and message_id; its payload is the receipt. */
  readonly content: JsonObject;
  /** Of what is shown there now, with framing. */
  readonly originalTokens: number;
  /** Of the receipt, with framing. */
  readonly tokens: number;
}

/** A tool result and the call that it answers; null when the call is not in the context. */
export interface ToolResult {
  readonly entry: Entry;
  readonly call: Entry | null;
}

/** All tool results of units in the order of history. */
export function toolResultsOf(units: readonly Unit[]): readonly ToolResult[] {
  const results = units.flatMap((unit): readonly ToolResult[] => {
    if (unit.kind === "exchange")
      return unit.answers.map(({ entry, call }) => ({ entry, call: unit.members[call] ?? null }));
    return unit.kind === "orphan"
      ? unit.entries.filter(isResult).map((entry) => ({ entry, call: null }))
      : [];
  });
  return results.toSorted((a, b) => a.entry.ordinal - b.entry.ordinal);
}

/** True where a receipt stands already. A tool that answers in the words of a receipt has none: it is no edit. */
export function isReceipt(entry: Entry): boolean {
  return entry.place.shown.commit !== entry.place.commit && payloadOf(entry).startsWith(OPENING);
}

/**
 * The edit that puts a receipt in a result's place.
 *
 * @param why what the receipt says besides, such as where the same result stands; null for a masked result.
 * @returns null when the receipt would not be shorter, or by a few tokens only: what it hides is worth more.
 */
export function receiptFor(
  { entry, call }: ToolResult,
  why: string | null,
  count: (text: string) => number,
): MaskEdit | null {
  const result = toolContentOf(entry);
  const content: ToolIoContent = { ...result, payload: receiptText({ entry, call }, result, why) };
  const tokens = TOKENS_PER_MESSAGE + count(plainText(content));
  const originalTokens = costOfEntry(entry);
  if (originalTokens - tokens < SAVING_TOKENS_MIN) return null;
  return { target: entry.hash, content: { ...content }, originalTokens, tokens };
}

const OPENING = "[result left out: ";
const SAVING_TOKENS_MIN = 8;
const ERROR_CHARS_MAX = 200;
const ERROR_LINES_MAX = 3;
const HASH_DIGITS = 12;
const DIGEST_DIGITS = 8;

/** `[result left out: bash {"command":"ls"} gave 4,310 tokens, 12,304 characters, content 3fa1c9d2, success; show 9b7e0a11c2d3]` */
function receiptText({ entry, call }: ToolResult, result: ToolIoContent, why: string | null): string {
  const { contentHash } = entry.place.shown.commit;
  const asked = call === null ? "" : ` ${shortArguments(payloadOf(call))}`;
  const size = `${grouped(entry.tokens)} tokens, ${grouped(payloadOf(entry).length)} characters`;
  const digest = contentHash === null ? "" : `, content ${contentHash.slice(0, DIGEST_DIGITS)}`;
  const failure = failureOf(result, payloadOf(entry));
  const outcome = result.status ?? (failure === null ? null : "error");
  return [
    `${OPENING}${singleLine(result.tool_name)}${asked} gave ${size}${digest}`,
    outcome === null ? "" : `, ${outcome}`,
    failure === null ? "" : ` ${JSON.stringify(failure)}`,
    why === null ? "" : `; ${why}`,
    `; show ${shortHash(entry.hash)}]`,
  ].join("");
}

const RECEIPT_CHARS_MAX = 1_000;
const RECEIPT =
  /^\[result left out: .* gave [\d,]+ tokens, [\d,]+ characters(?:, content [0-9a-f]{8})?(?:, [a-z]+(?: "((?:[^"\\]|\\.)*)")?)?(?:; [a-z ]+ [0-9a-f]{12})?; show [0-9a-f]{12}\]$/;

/**
 * What a payload says of the work: of a receipt why the tool failed. Its sizes and hashes are its own, and the call says what was asked.
 * Copies of receipts, as a child gets them, are read like receipts.
 */
export function saidByPayload(payload: string): string {
  const receipt = payload.length > RECEIPT_CHARS_MAX ? null : RECEIPT.exec(payload);
  return receipt === null ? payload : (receipt[1] ?? "");
}

/** Errors keep their message: the first lines, and the line that names the error where it comes later; null when nothing failed. */
function failureOf({ status }: ToolIoContent, payload: string): string | null {
  if (status === "success") return null;
  const named = FAILURE.exec(payload.slice(0, FAILURE_SEARCH_CHARS_MAX))?.[0] ?? null;
  if (status !== "error") return named === null ? null : cutText(singleLine(named), ERROR_CHARS_MAX);
  const lines = payload.trimStart().slice(0, ERROR_CHARS_MAX).split("\n").slice(0, ERROR_LINES_MAX);
  const first = singleLine(lines.join(" "));
  if (named === null || first.includes(singleLine(named))) return cutText(first, ERROR_CHARS_MAX);
  return `${cutText(first, ERROR_CHARS_MAX / 2)} ${cutText(singleLine(named), ERROR_CHARS_MAX / 2)}`;
}

/** The last lines of a long output matter as little here as those of a book: a failure is told early, or it has a status. */
const FAILURE_SEARCH_CHARS_MAX = 100_000;
/** A line that begins as error messages do. */
const FAILURE =
  /^(?:[A-Za-z_][\w.]{0,80}(?:Error|Exception)|error|fatal|panic|ERROR|Error)(?:\[[^\]\n]{1,20}\])?:[^\n]{0,300}/m;

/** Enough digits to find a commit by. */
export function shortHash(hash: Hash): string {
  return hash.slice(0, HASH_DIGITS);
}

/** Grouped by commas on every machine, whatever its locale. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
