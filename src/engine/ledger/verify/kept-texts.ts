/** Verifies that the texts are there which the ledger itself keeps: those of turns without commits, and the prompts of LLM calls. */
import type { ContentRecord, Hash, LedgerRecord } from "../../../storage/records.ts";
import { TractError } from "../../errors.ts";
import { keptBy } from "../kept-texts.ts";
import { rebuildPrompt } from "../prompt-recipe.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";

/** What is damaged is reported with the contents; here what is gone, and a prompt whose digest is not the one that was noted. */
export async function verifyKeptTexts(verification: Verification, entry: LedgerRecord): Promise<void> {
  const kept = keptBy(entry);
  if (kept.length === 0) return;
  const { engine, report } = verification;
  const { sequence } = entry;
  const missing = entry.eventType === "LLM_CALL" ? await missingOfPrompt() : await missingOf(kept);
  for (const hash of missing) {
    const detail = `ledger entry ${sequence} names it, and it is gone`;
    report({ kind: "content", what: "missing", hash, sequence, detail });
  }

  async function missingOf(hashes: readonly Hash[]): Promise<readonly Hash[]> {
    const found = await orDamage(engine.store.readContents(hashes));
    const there = new Set(found?.map(({ hash }) => hash));
    return found === undefined ? [] : hashes.filter((hash) => !there.has(hash));
  }

  async function missingOfPrompt(): Promise<readonly Hash[]> {
    const [recipe] = kept;
    if (recipe === undefined) return [];
    const rebuilt = await rebuildOrNull(verification, recipe);
    if (rebuilt?.kind === "gone") return rebuilt.missing;
    if (rebuilt !== null && rebuilt.digest !== entry.metadata.digest) {
      const detail = "the prompt that was sent cannot be made again: it has another digest now";
      report({ kind: "ledger", what: "changed", field: "digest", sequence, detail });
    }
    return [];
  }
}

/** null for what is damaged. */
async function rebuildOrNull(
  { engine: { store } }: Verification,
  recipe: Hash,
): Promise<Awaited<ReturnType<typeof rebuildPrompt>> | null> {
  let isDamaged = false;
  const read = async (hashes: readonly Hash[]): Promise<readonly ContentRecord[]> => {
    const found = await orDamage(store.readContents(hashes));
    isDamaged ||= found === undefined;
    return found ?? [];
  };
  try {
    const rebuilt = await rebuildPrompt(read, recipe);
    return isDamaged ? null : rebuilt;
  } catch (error) {
    if (error instanceof TractError && error.code === "store-corrupt") return null; // A body that is no JSON any more.
    throw error;
  }
}
