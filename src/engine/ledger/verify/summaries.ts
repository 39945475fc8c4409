/** Verifies what internal commits name: a summary its sources, a reveal the summary that it ends. */
import type { CommitRecord, Hash } from "../../../storage/records.ts";
import type { StoredCommit } from "../../../storage/store.ts";
import { isHash } from "../../content/hashes.ts";
import { readContent } from "../../content/parse-content.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";

/** Their hashes hold what they name, not that it is there and what it must be. */
export async function verifySummaries(
  verification: Verification,
  rows: readonly StoredCommit[],
): Promise<void> {
  for (const { commit } of rows) {
    if (commit.operation === "reveal" && commit.editTarget !== null)
      await verifyTarget(verification, commit, commit.editTarget);
    // An edit of a summary keeps its sources.
    if (commit.contentType === "summary" && commit.contentHash !== null)
      await verifySources(verification, commit, commit.contentHash);
  }
}

async function verifyTarget(
  { engine, report }: Verification,
  { hash }: CommitRecord,
  target: Hash,
): Promise<void> {
  const found = await orDamage(engine.store.readCommits(engine.scope.tract, [target]));
  if (found === undefined || found[0]?.operation === "summary") return; // Unreadable: reported with the commits.
  const detail = "what it ends is no summary";
  report({ kind: "commit", what: "changed", field: "edit_target", hash, detail });
}

async function verifySources(
  { engine, report }: Verification,
  { hash }: CommitRecord,
  contentHash: Hash,
): Promise<void> {
  const { scope, store } = engine;
  const [content] = (await orDamage(store.readContents([contentHash]))) ?? [];
  if (content === undefined) return; // Reported with the contents.
  for (const source of sourcesIn(content.body)) {
    const [found] = await store.findCommits(scope.tract, source, 1);
    if (found === source) continue;
    const detail = `the summary ${hash.slice(0, 12)} stands for it, and it is gone`;
    report({ kind: "commit", what: "missing", field: "sources", hash: source, detail });
  }
}

/** What is left of the hashes in a body that is not what was written: that it is so is reported with the contents. */
function sourcesIn(body: string): readonly Hash[] {
  try {
    const content = readContent({ body });
    const sources: unknown = "sources" in content ? content.sources : null;
    return Array.isArray(sources)
      ? sources.filter((source) => typeof source === "string" && isHash(source))
      : [];
  } catch {
    return [];
  }
}
