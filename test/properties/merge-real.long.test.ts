/** The trials of every task of real transcripts, merged pairwise: nothing is lost and providers take the result (spec 7.2). */
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createBranch } from "../../src/engine/history/branch.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import { importTranscript } from "../../src/engine/transcripts/import-transcript.ts";
import type { Hash } from "../../src/storage/records.ts";
import { openTestEngine } from "../support/engine.ts";
import { expectSound, providerProblems } from "../support/merging.ts";

/** Third-party data, not part of the project. */
const FILE = new URL("../../../shared/data/tau-bench-airline-dev.json", import.meta.url);
const isThere = existsSync(FILE);

it.skipIf(!isThere)(
  `merges four trials of each task pairwise${isThere ? "" : " (skipped: the data folder is not there)"}`,
  { timeout: 60_000 },
  async () => {
    const { engine, close } = await openTestEngine({ store: "sqlite" });
    const text = readFileSync(FILE, "utf8");
    const { branches } = await importTranscript(engine, {
      text,
      sourceName: "tau.json",
      format: "tau-bench",
    });
    const tasks = Map.groupBy(
      branches.map(({ name }) => name),
      (name) => name.replace(/-\d+$/, ""),
    );
    let pairs = 0;
    for (const trials of tasks.values())
      for (const [index, one] of trials.entries())
        for (const other of trials.slice(index + 1)) {
          await mergePair(engine, one, other, `merged-${pairs}`);
          pairs += 1;
        }
    expect(pairs).toBe(150);
    await expectSound(engine);
    await close();
  },
);

async function mergePair(engine: Engine, one: string, other: string, into: string): Promise<void> {
  await createBranch(engine, { name: into, from: one });
  const result = await merge(engine, { source: other, into });
  expect(result.kind).toBe("clean");
  const [ours, theirs, merged] = [
    await shown(engine, one),
    await shown(engine, other),
    await shown(engine, into),
  ];
  expect(new Set(merged)).toEqual(new Set([...ours, ...theirs]));
  expect(await providerProblems(engine, into)).toEqual([]);
}

async function shown(engine: Engine, ref: string): Promise<readonly Hash[]> {
  return (await compile(engine, { ref })).commitHashes.flat();
}
