/** A comparison for people: totals, then per message what came and went, in the colours of git. */
import { z } from "zod";
import { cut, wrapped } from "../table.ts";
import { type Colors, harmless, type Terminal } from "../terminal.ts";
import { textView } from "./text-view.ts";
import type { View } from "./view.ts";
import { moreLine, shortHash } from "./words.ts";

const message = z.looseObject({
  status: z.enum(["added", "removed", "modified", "unchanged"]),
  moved: z.boolean(),
  role: z.string(),
  hashes: z.array(z.string()),
  token_delta: z.number(),
  lines: z.array(z.string()),
  lines_left_out: z.number(),
  replaced: z.boolean(),
});
const compared = z.looseObject({
  kind: z.literal("context"),
  a: z.string().nullable(),
  b: z.string().nullable(),
  totals: z.looseObject({
    added: z.number(),
    removed: z.number(),
    modified: z.number(),
    unchanged: z.number(),
    tokens_a: z.number(),
    tokens_b: z.number(),
    token_delta: z.number(),
  }),
  messages: z.array(message).default([]),
  config_changes: z
    .array(z.looseObject({ commit: z.string(), field: z.string(), from: z.unknown(), to: z.unknown() }))
    .default([]),
  next_cursor: z.string().nullable().default(null),
});

/** Commits are listed by the tool's own text. */
export const diffView: View = (result, terminal, options) => {
  const parsed = compared.safeParse(result.structured);
  if (!parsed.success) return textView(result, terminal, options);
  const { a, b, totals, messages, config_changes, next_cursor } = parsed.data;
  const { colors, isOutTerminal, width } = terminal;
  const { bold, dim, green, red, yellow } = colors;
  const ends = `${endName(a)} → ${endName(b)}`;
  const counts = [
    green(`+${totals.added}`),
    red(`-${totals.removed}`),
    yellow(`~${totals.modified}`),
    dim(`=${totals.unchanged}`),
  ].join(" ");
  const tokens = `${number(totals.tokens_a)} → ${number(totals.tokens_b)} tokens (${signed(totals.token_delta)})`;
  const configs = config_changes.map(
    ({ commit, field, from, to }) =>
      `${yellow(shortHash(commit))} ${field}: ${red(value(from))} → ${green(value(to))}`,
  );
  const fitted = (line: string): string => (isOutTerminal ? cut(line, width) : line);
  const lines = [
    fitted(`${bold(ends)}  ${counts}  ${dim(tokens)}`),
    ...messages.flatMap((each) => block(each, terminal)),
    ...configs.map(fitted),
  ];
  return `${lines.join("\n")}\n${moreLine(next_cursor, colors)}`;
};

function block(
  each: z.output<typeof message>,
  { colors, isOutTerminal, width }: Terminal,
): readonly string[] {
  const { status, moved, role, hashes, token_delta, lines, lines_left_out, replaced } = each;
  const notes = [moved ? "moved" : "", replaced ? "too different for a line diff" : ""];
  const heading = [
    statusColor(status, colors)(status),
    colors.bold(harmless(role)),
    ...hashes.map((hash) => colors.yellow(shortHash(hash))),
    colors.dim(signed(token_delta)),
    ...notes.filter((note) => note !== "").map(colors.dim),
  ].join(" ");
  const shown = lines.flatMap((line) => {
    const laid = isOutTerminal ? wrapped(harmless(line), width) : harmless(line);
    return laid.split("\n").map(lineColor(line, colors));
  });
  const more = lines_left_out === 0 ? [] : [colors.dim(`… ${number(lines_left_out)} more lines`)];
  return [isOutTerminal ? cut(heading, width) : heading, ...shown, ...more];
}

function statusColor(status: string, colors: Colors): (text: string) => string {
  if (status === "added") return colors.green;
  if (status === "removed") return colors.red;
  return status === "modified" ? colors.yellow : colors.dim;
}

function lineColor(line: string, colors: Colors): (text: string) => string {
  if (line.startsWith("+")) return colors.green;
  if (line.startsWith("-")) return colors.red;
  return line.startsWith("@@") ? colors.cyan : (text) => text;
}

function endName(hash: string | null): string {
  return hash === null ? "nothing" : shortHash(hash);
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function signed(delta: number): string {
  return delta < 0 ? `-${number(-delta)}` : `+${number(delta)}`;
}

function value(json: unknown): string {
  return json === null ? "not set" : harmless(JSON.stringify(json));
}
