/** Fills a page with hits and the messages around them, each message once, within a budget of tokens (spec 3.1). */
import type { Hash } from "../../storage/records.ts";
import type { SearchHit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { describeHits, type HitOptions } from "./describe-hits.ts";
import type { FoundCommit, Neighbour } from "./search.ts";

export interface GatherOptions extends HitOptions {
  /** Most tokens of all snippets together. */
  readonly budgetTokens: number;
}

/** A hit on the page. Its neighbours become fewer when one of them turns out to be a hit itself. */
type OpenHit = Omit<FoundCommit, "neighbours"> & { neighbours: readonly Neighbour[] };

/** Hits described at a time: with a budget it is not known before how many fit. */
const BATCH = 10;

/**
 * The longest run of first hits that fits the budget.
 *
 * @throws TractError `budget-too-small` when not even the first hit fits without its neighbours.
 */
export async function gatherHits(
  engine: Engine,
  hits: readonly SearchHit[],
  options: GatherOptions,
): Promise<readonly FoundCommit[]> {
  const cost = await costOf(engine, options.budgetTokens);
  const page = new Map<Hash, OpenHit>();
  const neighbourOf = new Map<Hash, OpenHit>();
  let left = options.budgetTokens;
  for (let start = 0; start < hits.length; start += BATCH) {
    for (const hit of await describeHits(engine, hits.slice(start, start + BATCH), options)) {
      const owner = neighbourOf.get(hit.hash);
      const freed = owner?.neighbours.filter(({ hash }) => hash === hit.hash) ?? [];
      const fresh = hit.neighbours.filter(({ hash }) => !page.has(hash) && !neighbourOf.has(hash));
      const own = cost([hit]) - cost(freed);
      if (own > left && page.size === 0) throw tooSmall(options.budgetTokens, own);
      // The best hit is shown even when there is room for nothing around it.
      const around = own + cost(fresh) > left && page.size === 0 ? [] : fresh;
      left -= own + cost(around);
      if (left < 0) return [...page.values()];
      if (owner !== undefined) owner.neighbours = owner.neighbours.filter(({ hash }) => hash !== hit.hash);
      const open = { ...hit, neighbours: around };
      page.set(hit.hash, open);
      for (const { hash } of around) neighbourOf.set(hash, open);
    }
  }
  return [...page.values()];
}

/** Without a budget nothing has to be counted. */
async function costOf(
  engine: Engine,
  budgetTokens: number,
): Promise<(parts: readonly { readonly snippet: string }[]) => number> {
  if (budgetTokens === Number.POSITIVE_INFINITY) return () => 0;
  const tract = await engine.store.findTract(engine.scope.tract);
  const counter = await engine.tokenCounter(tract?.encoding ?? engine.settings.encoding);
  return (parts) => parts.reduce((sum, { snippet }) => sum + counter.count(snippet), 0);
}

/**
 * The budget as a number; infinite when there is none.
 *
 * @throws TractError `invalid-argument`.
 */
export function readBudget(budgetTokens: number | undefined): number {
  if (budgetTokens === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(budgetTokens) && budgetTokens >= 1) return budgetTokens;
  throw new TractError("invalid-argument", "budget_tokens: expected a whole number, at least 1", {
    hint: "Give a number of tokens, or leave it out.",
    data: { path: "budget_tokens", expected: "at least 1" },
  });
}

function tooSmall(budgetTokens: number, needed: number): TractError {
  return new TractError(
    "budget-too-small",
    `the best hit has ${needed} tokens, the budget is ${budgetTokens}`,
    { hint: "Raise budget_tokens to what is needed.", data: { budget_tokens: budgetTokens, needed } },
  );
}
