/** Where no compression helps: the oldest messages that may go, as few as bring a context under its budget; undo brings them back (spec 5.5). */
import { type Block, oldBlocks, readBranchContext } from "../compress/head-context.ts";
import type { Engine } from "../engine.ts";
import { type Health, isOverBudget, type Situation } from "./situation.ts";
import type { Smaller } from "./smaller.ts";

/**
 * Gives the annotation that leaves them out of compile; null when nothing may go. Pinned and important messages stay, what the system said,
 * what must be retained, and what was asked last.
 */
export async function findAside(
  engine: Engine,
  { branch, health, head }: Situation,
): Promise<Smaller | null> {
  if (head === null || !isOverBudget(health)) return null;
  const context = await readBranchContext(engine, branch);
  const free = context.blocks.filter((block) => block.fixed === null && !block.isImportant);
  // A summary says much in few tokens: it goes last.
  const old = [...oldBlocks(context, free)].sort((a, b) => Number(isSummary(a)) - Number(isSummary(b)));
  const excess = excessOf(health, context.tokens);
  const chosen: Block[] = [];
  let saved = 0;
  for (const block of old) {
    if (saved >= excess) break;
    if (await mustBeRetained(engine, block)) continue;
    chosen.push(block);
    saved += block.tokens;
  }
  if (chosen.length === 0) return null;
  const refs = chosen.flatMap(({ entries }) => entries.map(({ hash }) => hash));
  const reason = "set aside for the budget";
  return {
    action: { tool: "annotate", arguments: { refs, priority: "skip", reason, branch } },
    tokens: Math.max(0, health.tokens - saved),
  };
}

/** In tokens as blocks count them: a reported size differs. */
function excessOf({ tokens, budget }: Health, wholeTokens: number): number {
  return ((tokens - (budget?.maxTokens ?? tokens)) * wholeTokens) / Math.max(1, tokens);
}

function isSummary({ entries }: Block): boolean {
  return entries.some(({ type }) => type === "summary");
}

async function mustBeRetained({ store, scope }: Engine, { entries }: Block): Promise<boolean> {
  for (const { hash } of entries) {
    const newest = (await store.readCommitAnnotations(scope.tract, hash)).at(-1);
    if (newest !== undefined && newest.retain !== null) return true;
  }
  return false;
}
