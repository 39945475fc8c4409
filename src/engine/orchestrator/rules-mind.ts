/** The mind without an LLM: what policies find, in order of gain, until nothing is found or nothing more can be done (spec 5.5). */
import type { Engine } from "../engine.ts";
import type { Finding } from "../policies/policy.ts";
import type { RunEnd } from "./run.ts";
import { boundReached, ended, lookAgain, type Run, step } from "./run-loop.ts";
import { findAside } from "./set-aside.ts";
import { isOverBudget, type Situation } from "./situation.ts";
import { findSmaller } from "./smaller.ts";

/** What the enabled policies of the tract find, whatever sets them off. */
export type Find = (engine: Engine) => Promise<readonly Finding[]>;

/** Does what is found, one by one, and looks again after each. */
export async function runRules(run: Run, find: Find): Promise<RunEnd> {
  const settled = new Set<string>();
  /** Tokens when something was last done about the size: without progress it is not tried again. */
  let sizeBefore = Number.POSITIVE_INFINITY;
  for (;;) {
    const situation = await lookAgain(run);
    const found = [...(await find(run.engine))].sort((a, b) => b.gain - a.gain);
    const next = found.find((finding) => !settled.has(keyOf(finding)));
    if (next === undefined) return endOf(run, situation, found.length);
    const bound = boundReached(run);
    if (bound !== null) return bound;
    const isSize = next.kind === "auto-compress";
    const isStuck = isSize && situation.health.tokens >= sizeBefore;
    const finding = isStuck ? null : isSize ? await withoutLlm(run, next, situation) : next;
    if (finding === null) {
      settled.add(keyOf(next));
      continue;
    }
    if (isSize) sizeBefore = situation.health.tokens;
    const about = { looked: situation.health, policy: next.policy, reasoning: null, refused: null };
    const { acted, end } = await step(run, finding, about);
    if (end !== null) return end;
    if (!isSize || acted.outcome !== "done") settled.add(keyOf(next));
  }
}

function keyOf({ policy, target }: Finding): string {
  return JSON.stringify([policy, target]);
}

/** The same with a strategy that asks nobody and is known to work; null: there is none. */
async function withoutLlm(run: Run, finding: Finding, situation: Situation): Promise<Finding | null> {
  const { strategy, target_tokens: wanted } = finding.action.arguments;
  const preferred = (["mask", "dedupe", "extract"] as const).find((name) => name === strategy) ?? null;
  const target = typeof wanted === "number" ? wanted : Math.max(1, situation.health.tokens - finding.gain);
  const smaller =
    (await findSmaller(run.engine, situation, { wanted: target, preferred })) ??
    (await findAside(run.engine, situation));
  if (smaller === null) return null;
  const how = smaller.action.arguments.strategy ?? "no compression helps: setting the oldest messages aside";
  const reason = `${finding.reason}; ${String(how)} leaves about ${smaller.tokens}`;
  return { ...finding, reason, action: smaller.action };
}

function endOf({ steps }: Run, { health }: Situation, foundCount: number): RunEnd {
  const waiting = steps.filter(({ outcome }) => outcome === "proposed" || outcome === "explained").length;
  const failed = steps.filter(({ outcome }) => outcome === "failed").length;
  const words = [
    ...(isOverBudget(health) ? [tooLarge(health)] : []),
    ...(waiting === 0 ? [] : [`${waiting} ${waiting === 1 ? "step waits" : "steps wait"} for a person`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  if (words.length > 0) return ended("blocked", words.join("; "));
  const left = foundCount === 0 ? "nothing is left to do" : "what policies still find cannot be done better";
  return ended("healthy", left);
}

function tooLarge({ tokens, budget, pinnedTokens }: Situation["health"]): string {
  return `the context has ${tokens} tokens, over its budget of ${budget?.maxTokens ?? 0}, ${pinnedTokens} of them pinned`;
}
