/** Tool diff: compares two points in history (spec 3.1, 8). */
import { z } from "zod";
import type { ConfigChange } from "../../engine/compare/config-changes.ts";
import {
  type CommitsDiff,
  type ContextDiff,
  DIFF_KINDS,
  type DiffMessage,
  type DiffResult,
  diff,
} from "../../engine/compare/diff.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Hash, Json } from "../../storage/records.ts";
import { ENTRY_FIELDS, entryCells, entryOf } from "../entries.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { flag, nextCursor, pageLimit, text } from "../params.ts";
import { answer, columns, count, oneLine, plural, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const message = z.strictObject({
  status: z.enum(["added", "removed", "modified", "unchanged"]),
  moved: z.boolean(),
  role: z.string(),
  hashes: z.array(z.string()),
  index_a: z.int().nullable(),
  index_b: z.int().nullable(),
  token_delta: z.int(),
  lines: z.array(z.string()),
  lines_left_out: z.int(),
  replaced: z.boolean(),
});
const entries = z.array(z.strictObject(ENTRY_FIELDS)).optional();

export const diffTool: Tool = defineTool({
  name: "diff",
  title: "Compare",
  description: "Compare two points in history: compiled messages with token deltas, or commits.",
  effect: "read",
  isIdempotent: true,
  input: {
    a: text.describe("Default: before b (HEAD). Or a..b"),
    b: text,
    kind: z.enum(DIFF_KINDS).default("context"),
    stat: flag.describe("Totals only"),
    limit: pageLimit(20),
    cursor: text,
    branch: text,
  },
  output: {
    kind: z.enum(DIFF_KINDS),
    a: z.string().nullable(),
    b: z.string().nullable(),
    totals: z.record(z.string(), z.int()),
    messages: z.array(message).optional(),
    config_changes: z
      .array(z.strictObject({ commit: z.string(), field: z.string(), from: z.unknown(), to: z.unknown() }))
      .optional(),
    left_out: z.int().optional(),
    next_cursor: nextCursor.optional(),
    only_a: entries,
    only_b: entries,
  },
  run: async ({ engine }, input) => {
    const result = await diff(engine, camelKeys(input));
    return {
      structured: structured(result, input.stat === true),
      text: result.kind === "context" ? await ofContexts(engine, result) : await ofCommits(engine, result),
    };
  },
});

function structured(result: DiffResult, isStat: boolean): Record<string, unknown> {
  const { kind, a, b } = result;
  const whole = { kind, a, b, totals: snakeKeys(result.totals) };
  if (isStat) return whole;
  if (result.kind === "commits")
    return { ...whole, only_a: result.onlyA.map(entryOf), only_b: result.onlyB.map(entryOf) };
  return {
    ...whole,
    messages: result.messages.map(snakeKeys),
    config_changes: result.configChanges,
    left_out: result.leftOut,
    next_cursor: result.nextCursor,
  };
}

async function ofContexts(engine: Engine, result: ContextDiff): Promise<string> {
  const { totals, messages, configChanges } = result;
  const { added, removed, modified, unchanged, moved, tokensA, tokensB, tokenDelta } = totals;
  const short = await shortHashes(engine, [
    result.a,
    result.b,
    ...messages.flatMap(({ hashes }) => hashes),
    ...configChanges.map(({ commit }) => commit),
  ]);
  const counts = [`${added} added`, `${removed} removed`, `${modified} modified`, `${unchanged} unchanged`];
  if (moved > 0) counts.push(`${moved} moved`);
  return answer(
    [
      `${short(result.a)} to ${short(result.b)}: ${counts.join(", ")}; ${count(tokensA)} to ${plural(tokensB, "token")} (${signed(tokenDelta)}).`,
      shownMessages(messages, short),
      ...configChanges.slice(0, CONFIG_CHANGES_TOLD).map((change) => configLine(change, short)),
      configChanges.length > CONFIG_CHANGES_TOLD
        ? `… ${plural(configChanges.length - CONFIG_CHANGES_TOLD, "more changed setting")} in the structured result`
        : null,
    ],
    nextStep(result),
  );
}

const CONFIG_CHANGES_TOLD = 10;
const SETTING_CHARS = 60;

function configLine({ commit, field, from, to }: ConfigChange, short: (hash: Hash | null) => string): string {
  const told = (value: Json): string => oneLine(JSON.stringify(value), SETTING_CHARS);
  return `config of ${short(commit)}: ${oneLine(field, SETTING_CHARS)} ${told(from)} to ${told(to)}`;
}

/** About 1,000 tokens of prose, twice as many of numbers. */
const TEXT_CHARS_MAX = 4_000;

function shownMessages(messages: readonly DiffMessage[], short: (hash: Hash | null) => string): string {
  const blocks: string[] = [];
  let left = TEXT_CHARS_MAX;
  for (const [index, each] of messages.entries()) {
    const heading = headingOf(each, short);
    const lines: string[] = [];
    let chars = heading.length;
    for (const line of each.lines) {
      if (chars + line.length > left) break;
      lines.push(line);
      chars += line.length;
    }
    const hidden = each.lines.length - lines.length + each.linesLeftOut;
    if (index > 0 && (chars > left || (lines.length === 0 && each.lines.length > 0))) {
      blocks.push(`… ${plural(messages.length - index, "more message")} in the structured result`);
      break;
    }
    left -= chars;
    blocks.push(
      [heading, ...lines.map((line) => `  ${line}`), hidden > 0 ? `  … ${plural(hidden, "more line")}` : ""]
        .filter((line) => line !== "")
        .join("\n"),
    );
  }
  return blocks.join("\n");
}

function headingOf(each: DiffMessage, short: (hash: Hash | null) => string): string {
  const { status, moved, role, hashes, tokenDelta, replaced } = each;
  const notes = [moved ? ", moved" : "", replaced ? ", too different for a line diff: old, then new" : ""];
  return `${status} ${role} ${hashes.map(short).join(" ")} (${signed(tokenDelta)})${notes.join("")}`;
}

function signed(delta: number): string {
  return delta < 0 ? `-${count(-delta)}` : `+${count(delta)}`;
}

function nextStep({ nextCursor: cursor, leftOut, totals }: ContextDiff): string {
  if (cursor !== null) return `diff with cursor ${cursor} shows ${plural(leftOut, "more message")}.`;
  return totals.added + totals.removed + totals.modified > 0
    ? "show with a hash gives a message whole; diff with kind commits lists the commits."
    : "diff with kind commits lists the commits that differ all the same.";
}

async function ofCommits(engine: Engine, { a, b, totals, onlyA, onlyB }: CommitsDiff): Promise<string> {
  const listed = [...onlyA, ...onlyB];
  const short = await shortHashes(engine, [a, b, ...listed.flatMap((each) => [each.hash, each.editTarget])]);
  const part = (side: Hash | null, total: number, own: typeof onlyA): string =>
    [
      `Only in ${short(side)}: ${plural(total, "commit")}${own.length > 0 && own.length < total ? `, the newest ${own.length}` : ""}.`,
      columns(own.map((each) => entryCells(each, short))),
    ]
      .filter((line) => line !== "")
      .join("\n");
  return answer(
    [part(a, totals.onlyA, onlyA), part(b, totals.onlyB, onlyB)],
    "log with ref a..b and first_parent false pages through them; diff without kind compares the messages.",
  );
}
