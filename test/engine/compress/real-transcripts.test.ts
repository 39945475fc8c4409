/** Real transcripts stay valid for both providers when they are compressed at any cut point, and what mask hides can be found (spec 7.2). */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { type CompressRequest, compress } from "../../../src/engine/compress/compress.ts";
import { expand } from "../../../src/engine/compress/expand.ts";
import { factsIn } from "../../../src/engine/compress/facts.ts";
import { plainText } from "../../../src/engine/content/plain-text.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { show } from "../../../src/engine/history/show.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { search } from "../../../src/engine/search/search.ts";
import { importTranscript } from "../../../src/engine/transcripts/import-transcript.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { anthropicProblems } from "../../support/anthropic-rules.ts";
import { done } from "../../support/compress.ts";
import { openTestEngine } from "../../support/engine.ts";
import { runs, timeLimit } from "../../support/long-mode.ts";
import { openAiProblems } from "../../support/openai-rules.ts";

const DATA = new URL("../../../../shared/data/", import.meta.url);
const TRAJECTORIES = [
  "swe-agent-marshmallow-function-calling.traj",
  "swe-agent-marshmallow-long.traj",
] as const;

const isThere = (file: string): boolean => existsSync(new URL(file, DATA));
const reasonFor = (file: string): string => (isThere(file) ? "" : " (skipped: the data folder is not there)");

const STRATEGIES: readonly CompressRequest[] = [
  { strategy: "mask", keep: 1 },
  { strategy: "dedupe" },
  { strategy: "extract", olderThan: 1 },
];

async function withTranscript(
  file: string,
  work: (engine: Engine, branches: readonly string[]) => Promise<void>,
): Promise<void> {
  const { engine, close } = await openTestEngine();
  try {
    const text = readFileSync(new URL(file, DATA), "utf8");
    const { branches } = await importTranscript(engine, { text, sourceName: file });
    await work(
      engine,
      branches.map(({ name }) => name),
    );
  } finally {
    await close();
  }
}

async function commitsOf({ store, scope }: Engine, branch: string): Promise<readonly Hash[]> {
  const ref = await store.readRef(scope.tract, "branch", branch);
  if (ref === null || !("commit" in ref.value) || ref.value.commit === null)
    throw new Error(`no branch ${branch}`);
  return ((await store.readChain(scope.tract, ref.value.commit)) ?? []).map(({ commit }) => commit.hash);
}

/** Compresses one way after the other on a branch of its own that ends at the cut; counts what there was to do. */
async function compressAt(engine: Engine, name: string, cut: Hash): Promise<number> {
  await createBranch(engine, { name, from: cut });
  let count = 0;
  let tokens = (await compile(engine, { ref: name })).tokenCount;
  for (const request of STRATEGIES) {
    try {
      await compress(engine, { ...request, branch: name });
    } catch (error) {
      if (error instanceof TractError && error.code === "nothing-to-do") continue;
      throw error;
    }
    count += 1;
    const context = await compile(engine, { ref: name });
    expect(openAiProblems(context.toOpenAI())).toEqual([]);
    expect(anthropicProblems(context.toAnthropic())).toEqual([]);
    expect(context.tokenCount).toBeLessThanOrEqual(tokens);
    tokens = context.tokenCount;
  }
  return count;
}

describe.each([
  { file: TRAJECTORIES[0], cuts: runs(1_000) },
  { file: TRAJECTORIES[1], cuts: runs(1_000) },
  { file: "tau-bench-airline-dev.json", cuts: runs(60) },
])("$file", ({ file, cuts }) => {
  it.skipIf(!isThere(file))(
    `is valid after mask, dedupe and extract at its cut points${reasonFor(file)}`,
    { timeout: timeLimit(120_000) },
    async () => {
      await withTranscript(file, async (engine, branches) => {
        const all = (await Promise.all(branches.map((branch) => commitsOf(engine, branch)))).flat();
        const step = Math.max(1, Math.ceil(all.length / cuts));
        let count = 0;
        for (let at = 0; at < all.length; at += step) {
          const cut = all[at];
          if (cut !== undefined) count += await compressAt(engine, `cut-${at}`, cut);
        }
        expect(count).toBeGreaterThan(20);
        expect((await verify(engine)).problems).toEqual([]);
      });
    },
  );
});

describe.each(TRAJECTORIES)("%s, masked", (file) => {
  it.skipIf(!isThere(file))(
    `has every path and identifier that is used later in reach of search, show and expand${reasonFor(file)}`,
    async () => {
      await withTranscript(file, async (engine, [branch = ""]) => {
        const hashes = await commitsOf(engine, branch);
        const before = await textsOf(engine, hashes);
        const { groups, contextTokens, contextTokensBefore } = await done(engine, {
          strategy: "mask",
          keep: 2,
          branch,
        });
        expect(contextTokens / contextTokensBefore).toBeLessThanOrEqual(0.4);
        const used = new Set<string>();
        for (const { sources, summary } of groups) {
          const [masked = ""] = sources;
          const at = hashes.findIndex((hash) => hash.startsWith(masked));
          const text = before[at] ?? "";
          const later = before.slice(at + 1).join("\n");
          const facts = factsIn(text).filter(
            (fact) => (fact.kind === "path" || fact.kind === "identifier") && later.includes(fact.text),
          );
          for (const ref of [masked, summary ?? ""])
            expect(await expandedText(engine, ref, branch)).toBe(text);
          for (const fact of facts) used.add(fact.text);
        }
        expect(used.size).toBeGreaterThan(10);
        const lost: string[] = [];
        for (const fact of used) if (!(await isFound(engine, branch, fact))) lost.push(fact);
        expect(lost).toEqual([]);
      });
    },
  );
});

/** What each commit says, as show gives it. */
async function textsOf(engine: Engine, hashes: readonly Hash[]): Promise<readonly string[]> {
  const { commits } = await show(engine, { refs: hashes, limit: engine.limits.pageMax });
  return commits.map(({ content }) => (content === null ? "" : plainText(content)));
}

async function expandedText(engine: Engine, summary: string, branch: string): Promise<string> {
  const result = await expand(engine, { summary, branch, budgetTokens: 1_000_000 });
  return result.kind === "expanded" ? result.commits.map(({ content }) => plainText(content)).join() : "";
}

/** Search leads to a commit that says it, whole. */
async function isFound(engine: Engine, branch: string, fact: string): Promise<boolean> {
  const { hits } = await search(engine, { query: fact, ref: branch, limit: 20 });
  const texts = await textsOf(
    engine,
    hits.map(({ hash }) => hash),
  );
  return texts.some((text) => text.includes(fact));
}
