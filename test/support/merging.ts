/** What tests of merging share: two branches that part, texts of a branch as compile shows them, and what must hold after every merge. */
import { expect } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { checkout } from "../../src/engine/history/checkout.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import type { Hash } from "../../src/storage/records.ts";
import { anthropicProblems } from "./anthropic-rules.ts";
import { inWorktree } from "./history.ts";
import { openAiProblems } from "./openai-rules.ts";
import { reveal, summarise } from "./summaries.ts";

/** Texts of the messages of a branch. */
export async function texts(engine: Engine, ref = "main"): Promise<readonly string[]> {
  const { messages } = await compile(engine, { ref, strategy: "full" });
  return messages.map((message) => String((message as { readonly content: unknown }).content)); // Format messages has texts.
}

/** Problems that providers would have with a branch. */
export async function providerProblems(engine: Engine, ref: string): Promise<readonly string[]> {
  const openai = await compile(engine, { ref, format: "openai" });
  const anthropic = await compile(engine, { ref, format: "anthropic" });
  return [...openAiProblems(openai.messages), ...anthropicProblems(anthropic.toAnthropic())];
}

/** Everything reachable from a commit. */
export async function reached(engine: Engine, head: Hash | null): Promise<ReadonlySet<Hash>> {
  const rows = head === null ? [] : await engine.store.readSide(engine.scope.tract, head, null);
  return new Set(rows.map(({ commit }) => commit.hash));
}

export async function headOf(engine: Engine, branch: string): Promise<Hash | null> {
  const row = await engine.store.readRef(engine.scope.tract, "branch", branch);
  return row !== null && "commit" in row.value ? row.value.commit : null;
}

export async function expectSound(engine: Engine): Promise<void> {
  const { problems } = await verify(engine);
  expect(problems).toEqual([]);
}

/** A summary of commits at the head of a branch. */
export async function summariseOn(
  engine: Engine,
  branch: string,
  sources: readonly Hash[],
  text: string,
  strategy = "manual",
): Promise<Hash> {
  return await summarise(await worktreeOn(engine, branch), sources, text, strategy);
}

/** The end of a summary's effect on a branch. */
export async function revealOn(engine: Engine, branch: string, summary: Hash): Promise<Hash> {
  return await reveal(await worktreeOn(engine, branch), summary);
}

async function worktreeOn(engine: Engine, branch: string): Promise<Engine> {
  const there = inWorktree(engine, `on-${branch}`);
  await checkout(there, { ref: branch });
  return there;
}
