/** Strategy `extract`: a summary made of a group's own sentences, without an LLM; the same for the same history (spec 3.5). */
import { type Entry, isCall, isResult, toolContentOf } from "../../compile/entry.ts";
import { cutText } from "../../cut-text.ts";
import { factsIn } from "../facts.ts";
import { KEPT_HEADING } from "../guard.ts";
import { type Group, saidBy } from "../material.ts";
import { type Sentence, sentencesOf, singleLine } from "./sentences.ts";

export interface ExtractOptions {
  /** Tokens that the text may have. */
  readonly targetTokens: number;
  readonly count: (text: string) => number;
  /** Texts that must be in it word for word, first of all: also what retain rules matched (`retainedTexts`). */
  readonly mustKeep: readonly string[];
}

/**
 * A bullet list in the order of history, each line with its speaker; within the target, but for `mustKeep`, which is there whole. Part of the
 * target is left for what the guard puts back. Nothing in it speaks as an instruction: every sentence stands on the line of who said it.
 */
export function extract(group: Group, { targetTokens, count, mustKeep }: ExtractOptions): string {
  const head = [...new Set(mustKeep)].filter((text) => text.trim() !== "").map((text) => `- keep: ${text}`);
  let room =
    Math.floor(targetTokens * SENTENCES_SHARE) - head.reduce((sum, line) => sum + count(`${line}\n`), 0);
  const chosen: Candidate[] = [];
  for (const candidate of candidatesOf(group).toSorted(byWorth)) {
    if (room <= 0) break;
    const tokens = count(`${candidate.line}\n`);
    if (tokens > room) continue;
    room -= tokens;
    chosen.push(candidate);
  }
  const lines = chosen.toSorted((a, b) => a.position - b.position).map(({ line }) => line);
  return [...head, ...lines].join("\n");
}

/** The rest of the target is for facts that no chosen sentence has. */
const SENTENCES_SHARE = 0.7;

/** A line that the summary may have. */
interface Candidate {
  readonly line: string;
  readonly position: number;
  readonly worth: number;
}

/** The best first; of equals the newer. */
function byWorth(a: Candidate, b: Candidate): number {
  return b.worth - a.worth || b.position - a.position;
}

/** Sentences of less worth say nothing that stays true. */
const WORTH_MIN = 2;

function candidatesOf({ pieces }: Group): readonly Candidate[] {
  const candidates: Candidate[] = [];
  const told = new Set<string>();
  const lines = new Set<string>();
  let position = 0;
  for (const { entry } of pieces) {
    const speaker = speakerOf(entry);
    const base = baseWorth(entry);
    for (const sentence of sentencesOf(writtenBy(entry))) {
      const text = cutText(sentence.text, SENTENCE_CHARS_MAX);
      // A line of an earlier extract names its speaker already.
      const line = entry.type === "summary" && text.startsWith("- ") ? text : `- ${speaker}: ${text}`;
      const worth = worthOf(sentence, base, told);
      position += 1;
      if (worth < WORTH_MIN || lines.has(line)) continue;
      lines.add(line);
      candidates.push({ line, position, worth });
    }
  }
  return candidates;
}

/** Of a summary without what the guard put back: those facts are looked for again. */
function writtenBy(entry: Entry): string {
  const said = saidBy(entry);
  const end = entry.type === "summary" ? said.lastIndexOf(KEPT_HEADING) : -1;
  return end < 0 ? said : said.slice(0, end);
}

const SENTENCE_CHARS_MAX = 320;
const NAME_CHARS_MAX = 60;

function speakerOf(entry: Entry): string {
  if (isCall(entry)) return `assistant called ${named(toolContentOf(entry).tool_name)}`;
  if (isResult(entry)) return `${named(toolContentOf(entry).tool_name)} returned`;
  if (entry.type === "summary") return "summary";
  const name = entry.head.name === null ? "" : ` ${named(entry.head.name)}`;
  return entry.type === "dialogue" ? `${entry.role}${name}` : `${entry.role}, ${entry.type}${name}`;
}

function named(name: string): string {
  return cutText(singleLine(name), NAME_CHARS_MAX);
}

/** What a sentence is worth because of who says it, and whether its words can decide anything. */
interface Base {
  readonly worth: number;
  readonly canDecide: boolean;
}

function baseWorth(entry: Entry): Base {
  if (entry.type === "tool_io") return { worth: isCall(entry) ? 1 : -1, canDecide: false };
  if (entry.type === "artifact") return { worth: -1, canDecide: false };
  if (entry.type === "summary") return { worth: 4, canDecide: true };
  if (entry.role === "assistant") return { worth: 1, canDecide: true };
  return { worth: entry.role === "user" ? 3 : 2, canDecide: true };
}

const WORTH = { decision: 4, end: 3, error: 3, factsMax: 3 } as const;

/** @param told facts of the sentences before: what is said again is worth nothing for them. */
function worthOf({ text, isEnd, isCode }: Sentence, base: Base, told: Set<string>): number {
  const facts = factsIn(text);
  const news = facts.filter((fact) => !told.has(fact.text));
  for (const fact of news) told.add(fact.text);
  let worth = base.worth + Math.min(WORTH.factsMax, news.length);
  if (news.some(({ kind }) => kind === "error")) worth += WORTH.error;
  if (isCode) return worth - WORTH.end;
  if (isEnd) worth += WORTH.end;
  return base.canDecide && DECISION.test(text) ? worth + WORTH.decision : worth;
}

/** Words of decisions, rules, requests and reasons. */
const DECISION =
  /\b(?:decid|decision|agree|cho[os]se|must|never|always|only|will use|we'll|will not|won't|shall|should|because|instead|therefore|requir|prefer|conclu|root cause|turned out|do not|don't|please|need|plan to|next step|deadline|fix(?:ed|es)|fail|block)/i;
