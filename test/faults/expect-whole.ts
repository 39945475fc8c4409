/** The law of every fault test: what was acknowledged is there and intact, nothing is half there, verify is clean (spec 7.3). */
import { expect } from "vitest";
import { openStore, type Tract } from "../../src/index.ts";
import { openStore as openBackend } from "../../src/storage/open-store.ts";
import type { Hash } from "../../src/storage/records.ts";
import type { Store } from "../../src/storage/store.ts";
import { anthropicProblems } from "../support/anthropic-rules.ts";
import { openAiProblems } from "../support/openai-rules.ts";

/** Ids of operations and hashes of commits that a caller was told of. */
export interface Acknowledged {
  readonly operation: readonly string[];
  readonly commit: readonly string[];
}

type StoredCommit = Awaited<ReturnType<Store["scanCommits"]>>["rows"][number];

const PAGE = 1_000;

/** Opens the store anew: sound, whole, and every branch compiles to what providers take. */
export async function expectWhole(
  location: string,
  acknowledged: Acknowledged,
  tractName = "shared",
): Promise<void> {
  await expectKept(location, acknowledged, tractName);
  const store = await openStore(location);
  const tract = await store.tract(tractName);
  for (const { name } of (await tract.listBranches()).branches) await expectValid(tract, name);
  await store.close();
}

/** The same without compiling anything: for contents of many megabytes. */
export async function expectKept(
  location: string,
  acknowledged: Acknowledged,
  tractName = "shared",
): Promise<void> {
  const store = await openStore(location);
  expect((await (await store.tract(tractName)).verify()).problems).toEqual([]);
  await store.close();
  await expectThere(location, acknowledged, tractName);
}

async function expectValid(tract: Tract, ref: string): Promise<void> {
  const context = await tract.compile({ ref, budgetTokens: 1_000_000 });
  expect(openAiProblems(context.toOpenAI()), ref).toEqual([]);
  expect(anthropicProblems(context.toAnthropic()), ref).toEqual([]);
}

/** Every acknowledged operation and commit; every operation that is there has all that it made; merges have both parents. */
async function expectThere(location: string, acknowledged: Acknowledged, tract: string): Promise<void> {
  const store = await openBackend(location);
  const commits = new Map<string, readonly Hash[]>();
  for await (const { commit, missing } of allCommits(store, tract)) {
    expect(missing).toEqual([]);
    if (commit.operation === "merge") expect(commit.parents).toHaveLength(2);
    commits.set(commit.hash, commit.parents);
  }
  for (const parent of [...commits.values()].flat()) expect(commits.has(parent)).toBe(true);
  const operations = new Set<string>();
  for (let after = 0, isEnd = false; !isEnd; ) {
    const { rows, next } = await store.scanOperations(tract, after, PAGE);
    for (const { id, results } of rows) {
      operations.add(id);
      await expectCollected(
        store,
        tract,
        results.filter((hash) => !commits.has(hash)),
      );
    }
    after = next;
    isEnd = rows.length === 0;
  }
  await store.close();
  expect(acknowledged.commit.filter((hash) => !commits.has(hash))).toEqual([]);
  expect(acknowledged.operation.filter((id) => !operations.has(id))).toEqual([]);
}

/** What an operation made and is not there was removed by gc, which says so. */
async function expectCollected(store: Store, tract: string, lost: readonly Hash[]): Promise<void> {
  if (lost.length > 0) expect(await store.findCollected(tract, lost)).toEqual(lost);
}

async function* allCommits(store: Store, tract: string): AsyncGenerator<StoredCommit> {
  for (let after = 0; ; ) {
    const { rows, next } = await store.scanCommits(tract, after, PAGE);
    yield* rows;
    if (rows.length === 0) return;
    after = next;
  }
}
