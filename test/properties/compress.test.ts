/** The laws of compress over random histories of an agent at work, with pins, skips, edits and all that goes wrong with tools. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import { type CompressRequest, compress } from "../../src/engine/compress/compress.ts";
import type { Compressed } from "../../src/engine/compress/compress-result.ts";
import { expand } from "../../src/engine/compress/expand.ts";
import { uncompress } from "../../src/engine/compress/uncompress.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { commit } from "../../src/engine/history/commit.ts";
import type { CommitRequestItem } from "../../src/engine/history/commit-items.ts";
import { effectivePriority, type Judged, judged } from "../../src/engine/history/priority.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import type { CommitRecord, Hash } from "../../src/storage/records.ts";
import { anthropicProblems } from "../support/anthropic-rules.ts";
import { FILLER } from "../support/compress.ts";
import { openTestEngine } from "../support/engine.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { openAiProblems } from "../support/openai-rules.ts";
import { act, action } from "../support/random-actions.ts";
import { anyHistory, type Step } from "../support/tool-histories.ts";

/** Positions are parts of 1: where among the messages that there are. */
const anywhere = fc.double({ min: 0, max: 1, noNaN: true });
type Wish =
  | { readonly kind: "range"; readonly from: number; readonly to: number; readonly isExtract: boolean }
  | { readonly kind: "list"; readonly picks: readonly number[]; readonly isExtract: boolean }
  | { readonly kind: "old"; readonly keep: number; readonly isExtract: boolean }
  | { readonly kind: "size"; readonly share: number }
  | { readonly kind: "mask"; readonly keep: number }
  | { readonly kind: "dedupe" };
const wish: fc.Arbitrary<Wish> = fc.oneof(
  fc.record({ kind: fc.constant("range" as const), from: anywhere, to: anywhere, isExtract: fc.boolean() }),
  fc.record({
    kind: fc.constant("list" as const),
    picks: fc.array(anywhere, { minLength: 1, maxLength: 12 }),
    isExtract: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("old" as const),
    keep: fc.integer({ min: 0, max: 6 }),
    isExtract: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("size" as const), share: fc.double({ min: 0.2, max: 0.9, noNaN: true }) }),
  fc.record({ kind: fc.constant("mask" as const), keep: fc.integer({ min: 0, max: 3 }) }),
  fc.constant({ kind: "dedupe" as const }),
);

it.each([
  { store: "memory", numRuns: 40, long: 1_000, length: 40 },
  { store: "sqlite", numRuns: 4, long: 100, length: 30 },
] as const)(
  "outside stays, pins stay, units stay whole, nothing gets larger, and all of it comes back ($store)",
  async ({ store, numRuns, long, length }) => {
    const property = fc.asyncProperty(
      anyHistory(length),
      fc.array(wish, { minLength: 1, maxLength: 3 }),
      async (steps, wishes) => {
        const { engine, close } = await openTestEngine({ store });
        try {
          await build(engine, steps);
          for (const wanted of wishes) await holds(engine, wanted);
          expect((await verify(engine, {})).problems).toEqual([]);
        } finally {
          await close();
        }
      },
    );
    await fc.assert(property, { numRuns: runs(numRuns, long) });
  },
  timeLimit(20_000),
);

it(
  "all that holds after merges, restores and summaries by other hands, too",
  async () => {
    const property = fc.asyncProperty(
      fc.array(action, { minLength: 8, maxLength: 24, size: "max" }),
      fc.array(wish, { minLength: 1, maxLength: 3 }),
      async (actions, wishes) => {
        const { engine, close } = await openTestEngine({ store: "memory" });
        try {
          for (const what of actions) await act(engine, what);
          await commit(engine, { items: [{ content: `What next? ${FILLER}` }] });
          for (const wanted of wishes) await holds(engine, wanted, { hasSettings: true });
          expect((await verify(engine, {})).problems).toEqual([]);
        } finally {
          await close();
        }
      },
    );
    await fc.assert(property, { numRuns: runs(30) });
  },
  timeLimit(20_000),
);

/** Compresses as wished, takes it back, restores it, and leaves it compressed. */
async function holds(engine: Engine, wanted: Wish, { hasSettings = false } = {}): Promise<void> {
  const before = await lookAt(engine);
  const request = requestOf(wanted, before);
  const result = await tryTo(engine, request);
  if (result === null) {
    expect((await lookAt(engine)).bytes).toBe(before.bytes);
    return;
  }
  const after = await lookAt(engine);
  const touched = new Set<string>(result.groups.flatMap(({ sources }) => sources));
  const standing = new Set<string>(result.groups.map(({ summary }) => summary ?? ""));
  const isOutside = ({ commits }: Message): boolean =>
    !commits.some((hash) => touched.has(hash) || standing.has(hash));
  expect(after.messages.filter(isOutside)).toEqual(before.messages.filter(isOutside));
  for (const pinned of before.pinned) expect(touched.has(pinned)).toBe(false);
  expect(after.pinned).toEqual(before.pinned);
  expect(after.tokens).toBeLessThanOrEqual(before.tokens);
  // Settings of the branch may measure an outline.
  if (!hasSettings) expect(after.tokens).toBe(result.contextTokens);
  expect(before.tokens - after.tokens).toBe(result.originalTokens - result.compressedTokens);
  await expectWhole(engine, result);
  await expectReturn(engine, result, before.bytes, after.bytes);
}

/** Everything that a group stands for comes back by expand, as it was shown. */
async function expectWhole(engine: Engine, { groups }: Compressed): Promise<void> {
  for (const { sources, summary } of groups) {
    const result = await expand(engine, { summary: summary ?? "", budgetTokens: 1_000_000 });
    if (result.kind !== "expanded") throw new Error("nothing was to be restored");
    const given = new Set(result.commits.map(({ hash }) => hash));
    const originals = sources.filter((hash) => given.has(hash));
    const commits = await engine.store.readCommits("test", sources);
    expect(originals.length).toBe(commits.filter(({ operation }) => operation !== "summary").length);
  }
}

async function expectReturn(
  engine: Engine,
  result: Compressed,
  before: string,
  after: string,
): Promise<void> {
  for (const { summary } of result.groups) await uncompress(engine, { summary: summary ?? "" });
  expect((await lookAt(engine)).bytes).toBe(before);
  for (const _ of result.groups) await undo(engine, {});
  expect((await lookAt(engine)).bytes).toBe(after);
}

interface Message {
  readonly commits: readonly string[];
  readonly message: string;
}
interface Look {
  readonly bytes: string;
  readonly messages: readonly Message[];
  readonly pinned: readonly string[];
  readonly tokens: number;
}

/** The context, which must be one that providers take. */
async function lookAt(engine: Engine): Promise<Look> {
  const context = await compile(engine, { strategy: "full", budgetTokens: 10_000_000 });
  expect(openAiProblems(context.toOpenAI())).toEqual([]);
  expect(anthropicProblems(context.toAnthropic())).toEqual([]);
  const messages = context.messages.map((message, i) => ({
    commits: context.commitHashes[i] ?? [],
    message: JSON.stringify(message),
  }));
  const pinned: string[] = [];
  for (const hash of context.commitHashes.flat())
    if (await isPinned(engine, hash, context.head)) pinned.push(hash);
  return { bytes: JSON.stringify(context.messages), messages, pinned, tokens: context.tokenCount };
}

/** An edit that is annotated itself decides over its target. */
async function isPinned(engine: Engine, hash: Hash, head: Hash | null): Promise<boolean> {
  const { store } = engine;
  const [target] = await store.readCommits("test", [hash]);
  const edit = head === null ? undefined : (await store.readEdits("test", hash, head)).at(-1);
  if (target === undefined) throw new Error("a message has a commit");
  const judge = async (commit: CommitRecord): Promise<Judged> =>
    judged(commit, (await store.readCommitAnnotations("test", commit.hash)).at(-1));
  const own = await judge(target);
  return (
    (edit === undefined ? effectivePriority(own, null) : effectivePriority(await judge(edit), own)) ===
    "pinned"
  );
}

function requestOf(wanted: Wish, { messages, tokens }: Look): CompressRequest {
  const at = (part: number): string =>
    messages[Math.min(messages.length - 1, Math.floor(part * messages.length))]?.commits[0] ?? "HEAD";
  switch (wanted.kind) {
    case "range": {
      const from = at(Math.min(wanted.from, wanted.to));
      return { from, to: at(Math.max(wanted.from, wanted.to)), ...prose(wanted) };
    }
    case "list":
      return { commits: wanted.picks.map(at), ...prose(wanted) };
    case "old":
      return { olderThan: wanted.keep, ...prose(wanted) };
    case "size":
      return { targetTokens: Math.max(1, Math.floor(tokens * wanted.share)), strategy: "extract" };
    case "mask":
      return { strategy: "mask", keep: wanted.keep };
    case "dedupe":
      return { strategy: "dedupe" };
  }
}

function prose({ isExtract }: { readonly isExtract: boolean }): CompressRequest {
  return isExtract ? { strategy: "extract" } : { summary: "Short." };
}

/** Widens what splits a unit, writes as many summaries as are wanted; null when it is refused for good. */
async function tryTo(engine: Engine, request: CompressRequest): Promise<Compressed | null> {
  let asked = request;
  for (let attempt = 0; attempt < 60; attempt++) {
    try {
      const result = await compress(engine, asked);
      if (result.kind !== "compressed") throw new Error("it was to be done");
      return result;
    } catch (error) {
      if (!(error instanceof TractError)) throw error;
      const wider = widened(asked, error);
      if (wider === null) {
        expect(["nothing-to-do", "summary-refused", "invalid-argument"]).toContain(error.code);
        return null;
      }
      asked = wider;
    }
  }
  throw new Error("a selection can be widened until it is whole");
}

function widened(request: CompressRequest, { data }: TractError): CompressRequest | null {
  if (Array.isArray(data.groups)) {
    const { summary: _, ...rest } = request;
    return { ...rest, summaries: data.groups.map(() => "Short.") };
  }
  if (!Array.isArray(data.belong_together)) return null;
  const together = data.belong_together.map(String);
  if (request.commits !== undefined)
    return { ...request, commits: [...new Set([...request.commits, ...together])] };
  const { from: _, to: __, ...rest } = request;
  return { ...rest, commits: together };
}

async function build(engine: Engine, steps: readonly Step[]): Promise<void> {
  const made: string[] = [];
  const pick = (part: number): string | undefined =>
    made[Math.min(made.length - 1, Math.floor(part * made.length))];
  for (const step of steps) {
    try {
      if (step.do === "annotate") {
        const target = pick(step.pick);
        if (target !== undefined) await annotate(engine, { refs: [target], priority: step.priority });
        continue;
      }
      const items = itemsOf(step, pick);
      if (items.length > 0) made.push(...(await commit(engine, { items })).commits.map(({ hash }) => hash));
    } catch (error) {
      // An edit of an edit, an annotation that changes nothing.
      if (!(error instanceof TractError)) throw error;
    }
  }
  await commit(engine, { items: [{ content: "go on" }] });
}

const tool = (
  direction: string,
  id: string | null,
  payload: string,
  more: object = {},
): CommitRequestItem => ({
  content: { content_type: "tool_io", tool_name: "search", direction, call_id: id, payload, ...more },
});

/** Texts are made long enough for summaries to be worth something. */
function itemsOf(step: Step, pick: (part: number) => string | undefined): readonly CommitRequestItem[] {
  switch (step.do) {
    case "say": {
      const { role, text, messageId, name } = step;
      const words = text.length > 20 ? `${text} ${FILLER}` : text;
      const content = { content_type: "dialogue", role, text: words, message_id: messageId, name };
      return [{ content, ...(step.message === null ? {} : { message: step.message }) }];
    }
    case "rule":
      return [{ content: { content_type: "instruction", name: step.name, text: step.text } }];
    case "call":
      return [tool("call", step.id, step.payload, { message_id: step.messageId })];
    case "result":
      return [tool("result", step.id, step.payload, { status: step.isError ? "error" : null })];
    case "exchange": {
      const ids = step.isReversed ? step.ids.toReversed() : step.ids;
      return [
        ...step.ids.map((id) => tool("call", id, JSON.stringify({ q: id }))),
        ...ids.map((id) => tool("result", id, `found ${id} in src/${id}.ts: ${FILLER.repeat(5)}`)),
      ];
    }
    case "other":
      return step.type === "reasoning"
        ? [{ content: { content_type: "reasoning", text: `Let me think. ${FILLER}`, message_id: "m1" } }]
        : step.type === "output"
          ? [{ content: { content_type: "output", text: `Done. ${FILLER}`, format: "markdown" } }]
          : [{ content: { content_type: "metadata", kind: "note", data: { a: 1 } } }];
    case "edit": {
      const target = pick(step.pick);
      return target === undefined ? [] : [{ content: `${step.text} edited`, editTarget: target }];
    }
    case "annotate":
      return [];
  }
}
