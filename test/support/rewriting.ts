/** What tests of reorganize and import_commit share: what a branch shows, commits in a row, tool messages, where a commit went. */
import { compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { commit } from "../../src/engine/history/commit.ts";
import type { Mapped } from "../../src/engine/rewrite/reorganize.ts";
import type { CommitRecord, Hash } from "../../src/storage/records.ts";
import { say } from "./history.ts";

/** What a branch shows, in order. */
export async function texts(engine: Engine, ref?: string): Promise<readonly string[]> {
  const { messages } = await compile(engine, { ref });
  return messages.map(({ content }) => String(content));
}

/** Commits up to four texts; what is asked for beyond them is the last. */
export async function several(
  engine: Engine,
  ...words: readonly string[]
): Promise<readonly [Hash, Hash, Hash, Hash]> {
  const made: Hash[] = [];
  for (const word of words) made.push(await say(engine, word));
  const [a, b = a, c = b, d = c] = made;
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error("none");
  return [a, b, c, d];
}

export async function read(engine: Engine, hash: Hash | null | undefined): Promise<CommitRecord> {
  const [found] = await engine.store.readCommits(engine.scope.tract, hash == null ? [] : [hash]);
  if (found === undefined) throw new Error(`no commit ${hash}`);
  return found;
}

/** Commits a content object. */
export async function put(engine: Engine, content: object): Promise<Hash> {
  const { head } = await commit(engine, { items: [{ content }] });
  if (head === null) throw new Error("a commit has a hash");
  return head;
}

/** The new commit that stands for an old one; null: none. */
export function newOf(
  { mapping }: { readonly mapping: readonly Mapped[] },
  from: Hash,
): Hash | null | undefined {
  return mapping.find((mapped) => mapped.from === from)?.to;
}

export function kinds({
  warnings,
}: {
  readonly warnings: readonly { readonly kind: string }[];
}): readonly string[] {
  return warnings.map(({ kind }) => kind);
}

/** A tool call, and its result. */
export function toolCall(id: string): object {
  return { content_type: "tool_io", tool_name: "grep", direction: "call", payload: { q: id }, call_id: id };
}

export function toolResult(id: string): object {
  return { ...toolCall(id), direction: "result", payload: "found" };
}
