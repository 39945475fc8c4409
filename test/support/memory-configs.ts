/** Generation configs and usage reports in the memory model. */
import { type ConfigPage, meetsConditions } from "../../src/storage/config-conditions.ts";
import type { CommitRecord, Hash, UsageRecord } from "../../src/storage/records.ts";
import type { ConfigQuery } from "../../src/storage/store.ts";
import type { MemoryTract } from "./memory-state.ts";

/** A page of the commits, which come newest first. */
export function byConfig(
  { commits: all }: MemoryTract,
  commits: readonly CommitRecord[],
  { conditions, after, limit }: ConfigQuery,
): ConfigPage {
  const below = after === undefined ? all.length : all.findIndex(({ hash }) => hash === after);
  const found = commits
    .filter((commit) => all.indexOf(commit) < below)
    .filter(({ generationConfig }) => generationConfig && meetsConditions(generationConfig, conditions));
  const page = found.slice(0, Math.max(0, limit));
  return { commits: page, next: page.length === limit ? (page.at(-1)?.hash ?? null) : null };
}

/** `chain` is a first-parent chain, newest first. */
export function standingUsage({ commits, usages }: MemoryTract, chain: readonly Hash[]): UsageRecord | null {
  for (const hash of chain) {
    const usage = usages.get(hash);
    if (usage !== undefined) return usage;
    const commit = commits.find((candidate) => candidate.hash === hash);
    if (commit?.operation !== "append" || commit.parents.length > 1) return null;
  }
  return null;
}
