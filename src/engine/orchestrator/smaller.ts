/** Finds the compression without an LLM that brings a context to a size with the least: tried out in dry runs, gentlest first (spec 5.5). */
import type { JsonObject } from "../../storage/records.ts";
import { type CompressRequest, compress } from "../compress/compress.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { ToolAction } from "../toolbox.ts";
import type { Situation } from "./situation.ts";

/** A call of compress, and what the context would have after it. */
export interface Smaller {
  readonly action: ToolAction;
  readonly tokens: number;
}

type Rung = Pick<CompressRequest, "strategy" | "keep" | "targetTokens">;

/** Receipts for old tool results, for nearly all, for repeated ones; then extracts of the oldest messages, then shorter ones. */
function rungs(targetTokens: number): readonly Rung[] {
  return [
    { strategy: "mask", targetTokens },
    { strategy: "mask", keep: 2, targetTokens },
    { strategy: "dedupe", targetTokens },
    { strategy: "extract", targetTokens },
    { strategy: "extract", targetTokens: Math.max(1, Math.floor(targetTokens / 2)) },
    { strategy: "extract", targetTokens: 1 },
  ];
}

/**
 * Gives the gentlest compression that reaches the target, else the one that comes nearest; null when none makes the context smaller.
 *
 * @param wanted tokens that the context should have, as the budget counts them.
 * @param preferred a strategy without LLM that a policy names: tried first.
 */
export async function findSmaller(
  engine: Engine,
  situation: Situation,
  { wanted, preferred }: { readonly wanted: number; readonly preferred: Rung["strategy"] | null },
): Promise<Smaller | null> {
  const { branch, health, wholeTokens } = situation;
  // A reported size, or a view that shows less than all, differs from what compress counts.
  const target = Math.max(1, Math.floor((wanted * wholeTokens) / Math.max(1, health.tokens)));
  const all = rungs(target);
  const named = all.filter(({ strategy }) => strategy === preferred);
  let best: Smaller | null = null;
  for (const rung of [...named, ...all.filter((one) => !named.includes(one))]) {
    const tokens = await tryOut(engine, { ...rung, branch, dryRun: true });
    if (tokens === null || tokens >= (best?.tokens ?? health.tokens)) continue;
    best = { action: actionOf(rung, branch), tokens };
    if (tokens <= wanted) break;
  }
  return best;
}

/** Tokens of the context afterwards; null when it cannot be done. */
async function tryOut(engine: Engine, request: CompressRequest): Promise<number | null> {
  try {
    const result = await compress(engine, request);
    return result.kind === "compressed" ? result.contextTokens : null;
  } catch (error) {
    if (error instanceof TractError && CANNOT.has(error.code)) return null;
    throw error;
  }
}

const CANNOT: ReadonlySet<string> = new Set(["nothing-to-do", "summary-refused", "invalid-argument"]);

function actionOf({ strategy, keep, targetTokens }: Rung, branch: string): ToolAction {
  const args: JsonObject = {
    strategy: strategy ?? null,
    target_tokens: targetTokens ?? null,
    ...(keep === undefined ? {} : { keep }),
    branch,
  };
  return { tool: "compress", arguments: args };
}
