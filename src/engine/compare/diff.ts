/** Compares two points in history: what an LLM would be shown, or which commits only one of them has (spec 3.1). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { CommitEntry } from "../history/commit-entry.ts";
import type { ConfigChange } from "./config-changes.ts";
import { diffCommits } from "./diff-commits.ts";
import { diffContexts } from "./diff-contexts.ts";
import type { EndsRequest } from "./ends.ts";

export const DIFF_KINDS = ["context", "commits"] as const;
export type DiffKind = (typeof DIFF_KINDS)[number];

export interface DiffRequest extends EndsRequest {
  /** `context` (default): the compiled messages. `commits`: the history. */
  readonly kind?: DiffKind | undefined;
  /** Totals only. */
  readonly stat?: boolean | undefined;
  /** Messages of a page, or commits of each side: 20, at most `limits.pageMax`. */
  readonly limit?: number | undefined;
  /** Kind context: `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export type MessageStatus = "added" | "removed" | "modified" | "unchanged";

export interface DiffMessage {
  readonly status: MessageStatus;
  /** Also on both sides, but in another order. */
  readonly moved: boolean;
  /** Of `b`, where it is there. */
  readonly role: string;
  /** The commit that stands there, then the edits that speak for it in `a` and in `b`. */
  readonly hashes: readonly Hash[];
  /** Position in the messages of each side; null where it is not. */
  readonly indexA: number | null;
  readonly indexB: number | null;
  /** Framing included; a context that appears or vanishes takes the tokens of its prompt along with its first message. */
  readonly tokenDelta: number;
  /** Unified diff of the text; empty when it is the same. */
  readonly lines: readonly string[];
  /** How many further lines there are. */
  readonly linesLeftOut: number;
  /** The texts were too different to be compared line by line: the old one whole, then the new one. */
  readonly replaced: boolean;
}

export interface ContextTotals {
  readonly added: number;
  readonly removed: number;
  readonly modified: number;
  readonly unchanged: number;
  /** Of the modified and unchanged ones. */
  readonly moved: number;
  /** Messages whose generation_config differs; they count as modified. */
  readonly configChanged: number;
  readonly tokensA: number;
  readonly tokensB: number;
  readonly tokenDelta: number;
}

export interface ContextDiff {
  readonly kind: "context";
  /** null: compared with an empty context. */
  readonly a: Hash | null;
  readonly b: Hash | null;
  readonly totals: ContextTotals;
  /** In the order of `b`, removed ones where they stood. Unchanged ones are listed only where they moved or are few. */
  readonly messages: readonly DiffMessage[];
  /** Of the messages of this page. */
  readonly configChanges: readonly ConfigChange[];
  /** Messages of other pages after this one. */
  readonly leftOut: number;
  /** null at the end. */
  readonly nextCursor: string | null;
}

export interface CommitsDiff {
  readonly kind: "commits";
  readonly a: Hash | null;
  readonly b: Hash | null;
  readonly totals: { readonly onlyA: number; readonly onlyB: number };
  /** Newest first, merged commits too; at most `limit` of each side. */
  readonly onlyA: readonly CommitEntry[];
  readonly onlyB: readonly CommitEntry[];
}

export type DiffResult = ContextDiff | CommitsDiff;

/**
 * Compares two points. Default: what the newest commit of HEAD changed.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (kind, limit, cursor, a range beside `b`).
 * @example
 * const { totals, messages } = await diff(engine, { a: "main", b: "experiment" });
 */
export async function diff(engine: Engine, request: DiffRequest = {}): Promise<DiffResult> {
  const { kind = "context" } = request;
  switch (kind) {
    case "context":
      return await diffContexts(engine, request);
    case "commits":
      return await diffCommits(engine, request);
    default:
      throw unknownKind(kind);
  }
}

function unknownKind(kind: never): TractError {
  return new TractError("invalid-argument", `kind: there is no kind ${JSON.stringify(kind).slice(0, 80)}`, {
    hint: `Kinds: ${DIFF_KINDS.join(", ")}.`,
    data: { path: "kind", expected: DIFF_KINDS },
  });
}
