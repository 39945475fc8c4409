/** Gives the originals behind a summary or a receipt that matter, without changing history; or brings them all back (spec 3.5). */
import type { Hash, Role } from "../../storage/records.ts";
import { contextTokens } from "../compile/canvas.ts";
import { contentOf, type Entry } from "../compile/entry.ts";
import { costOfUnit } from "../compile/formats/plain.ts";
import type { Unit } from "../compile/unit.ts";
import type { AnyContent } from "../content/content-types.ts";
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { searchTerms } from "../search/terms.ts";
import { TOKENS_PER_MESSAGE } from "../tokens/message-overhead.ts";
import { readStand, type Stand } from "./originals.ts";
import { rankUnits } from "./rank-originals.ts";
import { wrong } from "./selection-words.ts";
import { type Uncompressed, uncompress } from "./uncompress.ts";

export interface ExpandRequest {
  /** A summary, a message whose tool result became a receipt, or that edit, or the result of a child that collapse committed. */
  readonly summary: string;
  /** What matters; default: everything, oldest first. */
  readonly query?: string | undefined;
  /** Never exceeded. Default: the compile budget of the settings. */
  readonly budgetTokens?: number | undefined;
  /** Compile shows the originals again; query and budget are then out of place. */
  readonly restore?: boolean | undefined;
  /** Default: the worktree's. */
  readonly branch?: string | undefined;
}

export interface ExpandedCommit {
  readonly hash: Hash;
  /** The commit whose content this is: the same, or an edit of it. */
  readonly shows: Hash;
  readonly role: Role | null;
  readonly contentType: string;
  readonly message: string;
  readonly tokens: number;
  readonly createdAt: string;
  readonly content: AnyContent;
}

export interface Expanded {
  readonly kind: "expanded";
  readonly summary: Hash;
  /** Where the commits are: of a child's result the child's tract. */
  readonly tract: string;
  /** In order of history. */
  readonly commits: readonly ExpandedCommit[];
  /** Of these messages, framing included; at most the budget. */
  readonly tokens: number;
  readonly budgetTokens: number;
  /** False: they are another agent's, and nothing hides them here. */
  readonly canRestore: boolean;
  /** Originals that were left out: for lack of room, or because the query does not touch them. */
  readonly leftOut: {
    readonly commits: number;
    readonly tokens: number;
    /** Their hashes, oldest first; show gives them. */
    readonly hashes: readonly Hash[];
  };
}

export type ExpandResult = Expanded | Uncompressed;

/**
 * Expands, or restores.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (a commit that stands for nothing), `budget-too-small`; with `restore`
 *   also `nothing-to-do`, `detached-head`.
 */
export async function expand(engine: Engine, request: ExpandRequest): Promise<ExpandResult> {
  const { summary, query, budgetTokens, restore, branch } = request;
  if (restore === true) {
    if (query !== undefined || budgetTokens !== undefined)
      throw wrong(
        query === undefined ? "budget_tokens" : "query",
        "none with restore: it brings everything back",
      );
    return await uncompress(engine, { summary, branch });
  }
  const budget = budgetTokens ?? engine.settings.compileBudget;
  if (!Number.isSafeInteger(budget) || budget < 1)
    throw wrong("budget_tokens", "a whole number of at least 1");
  const terms = query === undefined ? null : searchTerms(query, engine.limits);
  if (terms?.length === 0) throw wrong("query", "words to look for");
  const { stand } = await readStand(engine, { summary, branch });
  const canRestore = stand.kind !== "result";
  if (stand.kind === "edit") return { ...expandEdit(stand, budget), tract: engine.scope.tract, canRestore };
  const tract = stand.kind === "result" ? stand.link.tract : engine.scope.tract;
  return { ...expandSummary(stand.commit.hash, stand.units, { terms, budget }), tract, canRestore };
}

function expandSummary(
  summary: Hash,
  units: readonly Unit[],
  { terms, budget }: { readonly terms: readonly string[] | null; readonly budget: number },
): Omit<Expanded, "tract" | "canRestore"> {
  const wanted = terms === null ? units : rankUnits(units, terms);
  const chosen = new Set<Unit>();
  let tokens = 0;
  for (const unit of wanted) {
    const cost = costOfUnit(unit);
    const isFitting = contextTokens(tokens + cost) <= budget;
    if (isFitting) chosen.add(unit);
    if (isFitting) tokens += cost;
    // By age, what is given is the beginning without gaps; by query, the next best may be shorter.
    else if (terms === null) break;
  }
  const [best] = wanted;
  if (chosen.size === 0 && best !== undefined)
    throw tooSmall(budget, contextTokens(Math.min(...wanted.map(costOfUnit))));
  const left = units.filter((unit) => !chosen.has(unit));
  return {
    kind: "expanded",
    summary,
    commits: units.filter((unit) => chosen.has(unit)).flatMap(({ entries }) => entries.map(told)),
    tokens: contextTokens(tokens),
    budgetTokens: budget,
    leftOut: {
      commits: left.reduce((sum, { entries }) => sum + entries.length, 0),
      tokens: left.reduce((sum, unit) => sum + costOfUnit(unit), 0),
      hashes: left.flatMap(({ entries }) => entries.map(({ hash }) => hash)).slice(0, HASHES_NAMED),
    },
  };
}

/** Of what was left out; a summary may stand for thousands. */
const HASHES_NAMED = 50;

function told(entry: Entry): ExpandedCommit {
  const { commit, shown } = entry.place;
  return {
    hash: commit.hash,
    shows: shown.commit.hash,
    role: entry.role,
    contentType: entry.type,
    message: shown.commit.message,
    tokens: entry.tokens,
    createdAt: commit.createdAt,
    content: contentOf(entry),
  };
}

function expandEdit(
  stand: Extract<Stand, { kind: "edit" }>,
  budget: number,
): Omit<Expanded, "tract" | "canRestore"> {
  const { edit, target, before } = stand;
  const { commit, body } = before;
  invariant(body !== null && commit.contentType !== null, "what an edit replaces has a content");
  const tokens = contextTokens(TOKENS_PER_MESSAGE + commit.tokens);
  if (tokens > budget) throw tooSmall(budget, tokens);
  const { role, contentType, message } = commit;
  const shown = { hash: target.hash, shows: commit.hash, role, contentType, message };
  const { createdAt } = target;
  return {
    kind: "expanded",
    summary: edit.hash,
    commits: [{ ...shown, tokens: commit.tokens, createdAt, content: readContent({ body }) }],
    tokens,
    budgetTokens: budget,
    leftOut: { commits: 0, tokens: 0, hashes: [] },
  };
}

function tooSmall(budget: number, needed: number): TractError {
  return new TractError(
    "budget-too-small",
    `the smallest of these originals needs ${needed} tokens, more than ${budget}`,
    {
      hint: `Give a budget_tokens of at least ${needed}, or read one piece by piece with show (offset and limit).`,
      data: { budget_tokens: budget, needed },
    },
  );
}
