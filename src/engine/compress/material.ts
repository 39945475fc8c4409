/** What the strategies of compress work on: the commits of compiled units, as pieces and as text for whoever summarises (spec 3.5). */
import type { Hash } from "../../storage/records.ts";
import { contentOf, type Entry, isCall, isResult, textOf, toolContentOf } from "../compile/entry.ts";
import { costOfEntry } from "../compile/formats/plain.ts";
import type { Unit } from "../compile/unit.ts";
import { payloadText } from "../content/plain-text.ts";
import { saidByPayload } from "./strategies/receipt.ts";

/** A commit of the selection. */
export interface Piece {
  /** Of the commit that stands there, also when an edit speaks for it. */
  readonly hash: Hash;
  readonly entry: Entry;
  /** With framing: what leaving it out saves in format `messages`. */
  readonly tokens: number;
}

/** Units in a row that one summary will stand for. */
export interface Group {
  readonly pieces: readonly Piece[];
  /** Role-labelled blocks, calls and results readable: the same for the same history. */
  readonly text: string;
  /** The same without labels, and without what receipts and headings of summaries say of themselves: where facts are looked for. */
  readonly said: string;
  /** Of its pieces. */
  readonly tokens: number;
}

/** A group from units in the order of the context; units stay whole because it takes nothing smaller. */
export function groupOf(units: readonly Unit[]): Group {
  const pieces = piecesOf(units);
  return {
    pieces,
    text: pieces.map(({ entry }) => `${labelOf(entry)}\n${guarded(bodyOf(entry))}`).join("\n\n"),
    said: pieces.map(({ entry }) => saidBy(entry)).join("\n\n"),
    tokens: pieces.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

/** What a commit says of the work. */
export function saidBy(entry: Entry): string {
  if (isResult(entry)) return saidByPayload(bodyOf(entry));
  const content = entry.type === "summary" ? contentOf(entry) : null;
  return content !== null && "text" in content && typeof content.text === "string"
    ? content.text
    : bodyOf(entry);
}

/** The commits of units, in the order of the message list. */
export function piecesOf(units: readonly Unit[]): readonly Piece[] {
  return units.flatMap(({ entries }) =>
    entries.map((entry) => ({ hash: entry.hash, entry, tokens: costOfEntry(entry) })),
  );
}

/** What a commit says, without the tool's name, which its label has. */
export function bodyOf(entry: Entry): string {
  return entry.type === "tool_io" ? payloadText(toolContentOf(entry)) : textOf(entry);
}

/** Who speaks, on one line; names come from callers, so they are quoted as JSON. */
function labelOf(entry: Entry): string {
  if (isCall(entry)) return `[call ${JSON.stringify(toolContentOf(entry).tool_name)}]`;
  if (isResult(entry)) {
    const { tool_name: tool, status } = toolContentOf(entry);
    return `[result of ${JSON.stringify(tool)}${status === null ? "" : `, ${status}`}]`;
  }
  const kind = entry.type === "dialogue" ? "" : ` ${entry.type}`;
  const name = entry.head.name === null ? "" : ` ${JSON.stringify(entry.head.name)}`;
  return `[${entry.role}${kind}${name}]`;
}

const LIKE_A_LABEL = /^\[(?=(?:system|user|assistant|tool|call|result)\b)/gm;

/** A line of a message that reads like a label is moved in by a space: stored text must not speak for somebody else. */
function guarded(text: string): string {
  return text.replace(LIKE_A_LABEL, " [");
}
