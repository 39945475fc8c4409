/** The situation as an LLM reads it. Pure. */
import type { Health, Situation } from "./situation.ts";

export function situationText(situation: Situation): string {
  const { branch, health, mergedBranches, staleBranches, largest, conflictTargets, recent } = situation;
  const { pinned, pinnedTokens, conflicts, proposals, commits } = health;
  return [
    `branch ${branch}: ${commits} commits; ${sizeText(health)}`,
    `pinned: ${pinned} messages, ${pinnedTokens} tokens`,
    `branches: ${health.branches}; merged: ${namesOf(health.merged, mergedBranches)}; stale: ${namesOf(health.stale, staleBranches)}`,
    `open conflicts: ${namesOf(conflicts, conflictTargets.map(short))}; proposals pending: ${proposals}`,
    `largest that may be compressed: ${largest.map(sized).join(", ") || "none"}`,
    `newest commits: ${recent.map(sized).join(", ") || "none"}`,
  ].join("\n");
}

/** `5,200 of 4,000 tokens (130 %)` */
export function sizeText({ tokens, budget }: Health): string {
  return budget === null
    ? `${tokens} tokens, no budget`
    : `${tokens} of ${budget.maxTokens} tokens (${budget.percent} %)`;
}

function namesOf(count: number, names: readonly string[]): string {
  return count === 0 ? "0" : `${count} (${names.join(", ")}${count > names.length ? ", …" : ""})`;
}

function sized({ commit, type, tokens }: Situation["largest"][number]): string {
  return `${short(commit)} ${type} ${tokens}`;
}

function short(name: string): string {
  return /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name;
}
