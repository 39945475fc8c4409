/** Finds tool calls that would stand without their result, or behind it, in a new order of commits (spec 2.5; spec 9, 13). Pure. */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { ToolIoContent } from "../content/content-types.ts";
import { readContent } from "../content/parse-content.ts";
import { type RewriteWarning, short, warn } from "./rewrite-warning.ts";

/** The tool messages of a history, in order, each read once. */
export type ToolRows = readonly { readonly hash: Hash; readonly content: ToolIoContent }[];

export function toolRowsOf(rows: readonly ChainCommit[]): ToolRows {
  return rows.flatMap(({ commit, body }) => {
    if (commit.contentType !== "tool_io" || commit.operation !== "append" || body === null) return [];
    const content = readContent({ body }) as ToolIoContent; // Of that type, by its commit.
    return content.call_id === null ? [] : [{ hash: commit.hash, content }];
  });
}

/** Result by call, and call by result: as compile pairs them, a result belongs to the nearest open call of its id before it. */
export function pairsOf(rows: ToolRows): ReadonlyMap<Hash, Hash> {
  const open = new Map<string, Hash[]>();
  const pairs = new Map<Hash, Hash>();
  for (const { hash, content } of rows) {
    const id = content.call_id ?? "";
    if (content.direction === "call") {
      const calls = open.get(id);
      if (calls === undefined) open.set(id, [hash]);
      else calls.push(hash);
      continue;
    }
    const call = open.get(id)?.pop();
    if (call === undefined) continue;
    pairs.set(call, hash);
    pairs.set(hash, call);
  }
  return pairs;
}

/**
 * One warning for each pair of before that is no pair any more.
 *
 * @param before as they stood, with all that their results may belong to.
 * @param after in the new order; what stands neither here nor in `before` is unchanged.
 */
export function splitPairs(before: ToolRows, after: ToolRows): readonly RewriteWarning[] {
  const pairs = pairsOf(before);
  const now = pairsOf(after);
  const kept = new Set(after.map(({ hash }) => hash));
  return before.flatMap(({ hash: call, content }) => {
    const result = content.direction === "call" ? pairs.get(call) : undefined;
    if (result === undefined || now.get(call) === result) return [];
    if (!kept.has(call) && !kept.has(result)) return [];
    const what = kept.has(call)
      ? kept.has(result)
        ? `call ${short(call)} and its result ${short(result)} would be no pair any more`
        : `call ${short(call)} would stand without its result ${short(result)}`
      : `result ${short(result)} would stand without its call ${short(call)}`;
    return [warn("splits-pair", what, [call, result])];
  });
}
