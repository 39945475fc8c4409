/** What tests of compress share: an agent at work, and contexts to hold against each other. */
import { compile } from "../../src/engine/compile/compile.ts";
import { type CompressRequest, compress } from "../../src/engine/compress/compress.ts";
import type {
  Compressed,
  CompressResult,
  PlannedCompress,
} from "../../src/engine/compress/compress-result.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { commit } from "../../src/engine/history/commit.ts";
import type { CommitRequestItem } from "../../src/engine/history/commit-items.ts";
import type { Hash } from "../../src/storage/records.ts";

/** Commits a batch and gives the hashes. */
export async function commitAll(
  engine: Engine,
  items: readonly CommitRequestItem[],
): Promise<readonly Hash[]> {
  return (await commit(engine, { items })).commits.map(({ hash }) => hash);
}

export const FILLER =
  "We looked at several ways to do this and talked about each of them at some length before going on. ";

export function user(text: string): CommitRequestItem {
  return { content: text };
}

export function assistant(text: string): CommitRequestItem {
  return { content: text, role: "assistant" };
}

/** A call and its result. */
export function exchange(id: string, result: string): readonly CommitRequestItem[] {
  return [
    {
      content: {
        content_type: "tool_io",
        tool_name: "bash",
        direction: "call",
        call_id: id,
        payload: JSON.stringify({ command: `cat notes-${id}.txt` }),
      },
    },
    {
      content: {
        content_type: "tool_io",
        tool_name: "bash",
        direction: "result",
        call_id: id,
        payload: result,
        status: "success",
      },
    },
  ];
}

/** An instruction, then so many turns of question, tool use and answer: 4 messages each. */
export async function workOn(engine: Engine, turns: number): Promise<readonly Hash[]> {
  const items = [
    { content: "You are careful.", role: "system" as const },
    ...Array.from({ length: turns }, (_, i) => [
      user(`Question ${i}: what about part ${i}? ${FILLER}`),
      ...exchange(`c${i}`, `line one of ${i}\n${FILLER.repeat(4)}\nend of ${i}`),
      assistant(`Answer ${i}: part ${i} is fine. ${FILLER}`),
    ]).flat(),
  ];
  return await commitAll(engine, items);
}

/** Each message with the commits behind it, as compile gives them. */
export async function messagesOf(
  engine: Engine,
): Promise<readonly { readonly commits: string; readonly message: string }[]> {
  const { messages, commitHashes } = await compile(engine, {});
  return messages.map((message, i) => ({
    commits: (commitHashes[i] ?? []).join(" "),
    message: JSON.stringify(message),
  }));
}

/** The whole context in bytes. */
export async function bytesOf(engine: Engine): Promise<string> {
  return JSON.stringify((await compile(engine, {})).messages);
}

export async function done(engine: Engine, request: CompressRequest): Promise<Compressed> {
  const result = await compress(engine, request);
  if (result.kind !== "compressed") throw new Error(`nothing was compressed: ${result.kind}`);
  return result;
}

export async function plannedBy(engine: Engine, request: CompressRequest): Promise<PlannedCompress> {
  const result: CompressResult = await compress(engine, request);
  if (result.kind !== "planned") throw new Error(`nothing was planned: ${result.kind}`);
  return result;
}
