/** Format `markdown`: one text for reading, a heading per message, tool payloads in fences that nothing breaks out of (spec 2.1). */
import { TOKENS_PER_MESSAGE } from "../../tokens/message-overhead.ts";
import { type Canvas, type FormatWriter, itemOf, noteRepairs } from "../canvas.ts";
import { contentOf, type Entry, isCall, isResult, payloadOf, textOf, toolContentOf } from "../entry.ts";
import type { Kit } from "../kit.ts";
import type { PlainMessage } from "../message-types.ts";
import { outlineTextOf } from "../stages/apply-strategy.ts";
import { stubText } from "../stub.ts";
import type { Piece, Unit } from "../unit.ts";
import { fenced, guarded, oneLine } from "./markdown-guard.ts";

/** Between sections. */
export const SECTION_JOINER = "\n\n";
/** Fence lines, the lines between heading and text, and what guarding a text may add to it. */
const SECTION_TOKENS = 8;

export const markdownWriter: FormatWriter = {
  format: "markdown",
  draw,
  finish: () => {},
  costAlone,
  addCost: (cost, unit, kit) => ({ ...cost, tokens: cost.tokens + costAlone(unit, kit) }),
  cutCostMax: () => 0,
};

function draw(canvas: Canvas, piece: Piece, kit: Kit): void {
  if (piece.kind === "gap") {
    const text = stubText(piece);
    const tokens = TOKENS_PER_MESSAGE + kit.count(text);
    canvas.items.push(itemOf({ role: "user", content: text }, [], tokens));
    return;
  }
  noteRepairs(canvas, piece);
  for (const [index, entry] of piece.entries.entries()) {
    const content = piece.kind === "outline" ? outlineLine(entry) : section(entry, piece.kind);
    const tokens = costOf(entry, piece.kind === "outline" ? (piece.messageTokens[index] ?? 0) : null, kit);
    canvas.items.push(itemOf({ role: "user", content }, [entry], tokens));
  }
}

/** The one text of a context, or nothing for an empty one. */
export function markdownMessages(sections: readonly string[]): readonly PlainMessage[] {
  return sections.length === 0 ? [] : [{ role: "user", content: sections.join(SECTION_JOINER) }];
}

const SPEAKERS = { system: "System", user: "User", assistant: "Assistant", tool: "Tool" } as const;

function section(entry: Entry, kind: Unit["kind"]): string {
  if (entry.type === "tool_io") return toolSection(entry, kind === "orphan");
  const heading = headingOf(entry);
  const text = textOf(entry);
  if (text === "") return heading;
  const content = contentOf(entry);
  if (content.content_type === "artifact" && "language" in content && content.media_type === null)
    return `${heading}\n\n${fenced(text, typeof content.language === "string" ? content.language : "")}`;
  if (content.content_type === "freeform") return `${heading}\n\n${fenced(text, "json")}`;
  return `${heading}\n\n${guarded(text)}`;
}

function headingOf(entry: Entry): string {
  if (entry.type === "reasoning") return "### Assistant (reasoning)";
  const name = entry.type === "artifact" ? artifactName(entry) : entry.head.name;
  const speaker = SPEAKERS[entry.role];
  return name === null || name === "" ? `### ${speaker}` : `### ${speaker} (${oneLine(name)})`;
}

function artifactName(entry: Entry): string {
  const content = contentOf(entry);
  const { path, artifact_type } = content as { path?: unknown; artifact_type?: unknown }; // Its type says artifact.
  return typeof path === "string" ? `${artifact_type}: ${path}` : String(artifact_type);
}

function toolSection(entry: Entry, isOrphan: boolean): string {
  const { tool_name, status } = toolContentOf(entry);
  const kind = isCall(entry) ? "Tool call" : status === "error" ? "Tool error" : "Tool result";
  const note = isOrphan ? (isResult(entry) ? " (without its call)" : " (without a result)") : "";
  const payload = payloadOf(entry);
  const language = isCall(entry) && /^\s*[{[]/.test(payload) ? "json" : "";
  return `### ${kind}: ${oneLine(tool_name)}${note}\n\n${fenced(payload, language)}`;
}

function outlineLine(entry: Entry): string {
  return `- ${SPEAKERS[entry.role]}: ${oneLine(outlineTextOf(entry))}`;
}

function costAlone(unit: Unit, kit: Kit): number {
  return unit.entries.reduce((sum, entry, index) => {
    const outlineTokens = unit.kind === "outline" ? (unit.messageTokens[index] ?? 0) : null;
    return sum + costOf(entry, outlineTokens, kit);
  }, 0);
}

function costOf(entry: Entry, outlineTokens: number | null, kit: Kit): number {
  if (outlineTokens !== null) return TOKENS_PER_MESSAGE + outlineTokens;
  if (entry.type === "tool_io") return TOKENS_PER_MESSAGE + SECTION_TOKENS + entry.tokens; // Its text has the tool's name.
  return TOKENS_PER_MESSAGE + SECTION_TOKENS + entry.tokens + kit.count(headingOf(entry));
}
