/** Finds the credentials in a text and puts placeholders in their places: no part of them stays, and no digest that could be guessed (spec 5.4). */
import { searchPatterns } from "../compress/match-pattern.ts";
import { TractError } from "../errors.ts";
import type { SecretRule as OwnRule } from "../history/policy-params.ts";
import type { Redacted } from "../history/screen.ts";
import { findAssigned, kindByName } from "./secret-assignments.ts";
import { findBlocks } from "./secret-blocks.ts";
import { findEscapedLiterals } from "./secret-literals.ts";
import { rulesFor, SECRET_RULES } from "./secret-rules.ts";

/** Which rules hold. */
export interface RuleSet {
  /** Names of built-in rules that do not. */
  readonly off: ReadonlySet<string>;
  /** Rules that a policy brings along: patterns that somebody else wrote. */
  readonly own: readonly OwnRule[];
}

/** Names of all built-in rules. */
export const SECRET_RULE_NAMES: readonly string[] = [
  "private-key",
  ...SECRET_RULES.map(({ name }) => name),
  "password",
  "api-key",
];

/**
 * The text without its credentials; null when there are none.
 *
 * @param name Of the member of an object that the text is the value of.
 * @throws TractError `invalid-argument` when a policy's own pattern takes too long on it.
 */
export function redactText(text: string, name: string | null, rules: RuleSet): Redacted | null {
  return redactAt(text, name, rules, 0);
}

/** The shortest text that a built-in rule can find. */
export const BUILT_IN_CHARS_MIN = 8;
/** JSON in JSON in JSON. */
const DEPTH_MAX = 4;

function redactAt(text: string, name: string | null, rules: RuleSet, depth: number): Redacted | null {
  if (text === "") return null;
  const spans = findSpans(text, name, rules);
  const plain = spans.length === 0 ? text : replace(text, spans);
  const inside = depth < DEPTH_MAX ? findInLiterals(plain, rules, depth) : [];
  if (spans.length + inside.length === 0) return null;
  return {
    text: inside.length === 0 ? plain : replace(plain, inside),
    rules: [...spans, ...inside].flatMap((span) => span.rules),
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly rules: readonly string[];
  readonly by: string;
}

function spanOf(start: number, end: number, rule: string): Span {
  return { start, end, rules: [rule], by: placeholder(rule) };
}

/** Stable, and safe to stand in JSON, in a path and in a line of a log. */
function placeholder(rule: string): string {
  return `[redacted:${rule.replace(/[^A-Za-z0-9_.-]+/g, "-")}]`;
}

/** In order and apart from each other; of those that overlap the first rule names the place of all. */
function findSpans(text: string, name: string | null, rules: RuleSet): readonly Span[] {
  const found = [...findOwn(text, rules.own), ...findBuiltIn(text, name, rules.off)];
  if (found.length < 2) return found;
  const joined: Span[] = [];
  // Sorting keeps the order of rules among spans with one start.
  for (const span of found.sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last === undefined || span.start >= last.end) joined.push(span);
    else if (span.end > last.end) joined[joined.length - 1] = { ...last, end: span.end };
  }
  return joined;
}

function findBuiltIn(text: string, name: string | null, off: ReadonlySet<string>): readonly Span[] {
  const spans: Span[] = [];
  if (text.length < BUILT_IN_CHARS_MIN) return spans;
  if (!off.has("private-key") && text.includes("PRIVATE KEY"))
    for (const { start, end } of findBlocks(text)) spans.push(spanOf(start, end, "private-key"));
  for (const rule of rulesFor(text)) {
    if (off.has(rule.name)) continue;
    for (const match of text.matchAll(rule.pattern)) {
      const secret = match[1] ?? match[0];
      const [start, end] = match.indices?.[match[1] === undefined ? 0 : 1] ?? [0, 0];
      if (rule.accepts?.(secret) !== false) spans.push(spanOf(start, end, rule.name));
    }
  }
  for (const { kind, start, end } of findAssigned(text))
    if (!off.has(kind)) spans.push(spanOf(start, end, kind));
  const kind = name === null || spans.length > 0 ? null : kindByName(name, text);
  if (kind !== null && !off.has(kind)) spans.push(spanOf(0, text.length, kind));
  return spans;
}

function findOwn(text: string, own: readonly OwnRule[]): readonly Span[] {
  if (own.length === 0) return [];
  const findings = searchPatterns(own.map(({ pattern }) => ({ pattern, text, other: "" })));
  const costly = own[findings.length];
  if (costly !== undefined) throw tooCostly(costly.name);
  return own.flatMap(({ name }, index) =>
    (findings[index]?.matches ?? []).flatMap((match) => placesOf(text, match, name)),
  );
}

function placesOf(text: string, match: string, rule: string): readonly Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(match); at >= 0; at = text.indexOf(match, at + match.length))
    spans.push(spanOf(at, at + match.length, rule));
  return spans;
}

function tooCostly(name: string): TractError {
  return new TractError(
    "invalid-argument",
    `rule ${JSON.stringify(name)} of a secret-scan policy takes too long on this text, or finds too much`,
    {
      hint: "Write its pattern so that it cannot try many ways to match one text, and state the policy again; nothing was stored.",
      data: { rule: name },
    },
  );
}

/** What literals of JSON say once their escapes are read: a name may stand before one. */
function findInLiterals(text: string, rules: RuleSet, depth: number): readonly Span[] {
  return findEscapedLiterals(text).flatMap(({ start, end, value }) => {
    const name = NAME_BEFORE.exec(text.slice(Math.max(0, start - NAME_CHARS_MAX), start))?.[1] ?? null;
    const redacted = redactAt(value, name, rules, depth + 1);
    return redacted === null
      ? []
      : [{ start, end, rules: redacted.rules, by: JSON.stringify(redacted.text) }];
  });
}

const NAME_CHARS_MAX = 100;
const NAME_BEFORE = /"([^"\\]{1,80})"\s{0,8}:\s{0,8}$/;

function replace(text: string, spans: readonly Span[]): string {
  let made = "";
  let from = 0;
  for (const { start, end, by } of spans) {
    made += text.slice(from, start) + by;
    from = end;
  }
  return made + text.slice(from);
}
