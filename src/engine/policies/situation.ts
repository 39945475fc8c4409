/** What policies look at: a head and what was just done there, each part read once, and only when a policy asks for it (spec 5.4). */
import type { AnnotationRecord, CommitRecord, Hash, RefRecord } from "../../storage/records.ts";
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { gc } from "../gc/gc.ts";
import { chainDistance } from "../history/chain-distance.ts";
import { readSettings } from "../history/settings.ts";
import { commitsIn, type Facts, type TractMemory } from "./memory.ts";
import type { Written } from "./occasion.ts";
import { isSmallerThan, sizeHere } from "./size.ts";
import { compareSubjects, type Subjects } from "./subjects.ts";

export interface Place {
  /** null: HEAD is detached. */
  readonly branch: string | null;
  /** null: nothing is committed there. */
  readonly head: Hash | null;
  /** The commits just made, in order; null: the newest operation's. */
  readonly made: readonly Hash[] | null;
  /** Compiled tokens of the head, when the caller knows them already. */
  readonly size?: number | null | undefined;
}

/** What need not be read: it gives the same answers as the store. */
export interface Known {
  readonly memory: TractMemory;
  /** Those of the memory when the situation began. */
  readonly facts: Facts;
  /** The write that has just made the place what it is; null: none. */
  readonly written: Written | null;
}

export interface Situation extends Pick<Place, "branch" | "head"> {
  readonly defaultBranch: string;
  readonly refNameCharsMax: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Compiled tokens, as status tells them. */
  readonly size: () => Promise<number>;
  /** Of the size, and cheaper to know. */
  readonly isSmallerThan: (tokens: number) => Promise<boolean>;
  /** Tokens that the branch may have: its budget, else what compile gives when nothing is asked. */
  readonly budget: () => Promise<number>;
  /** Commits just made, the first `MADE_MAX` of them, in order. */
  readonly made: () => Promise<readonly CommitRecord[]>;
  /** The newest commits on the first-parent chain, newest first, down to `after`, exclusive. */
  readonly newest: (query: {
    readonly limit: number;
    readonly after?: Hash | undefined;
  }) => Promise<readonly CommitRecord[]>;
  /** Plain texts of commits, in order; "" where there is none. Cut to `TEXT_CHARS_MAX`. */
  readonly texts: (commits: readonly CommitRecord[]) => Promise<readonly string[]>;
  readonly subjects: Subjects;
  readonly annotations: (commit: Hash) => Promise<readonly AnnotationRecord[]>;
  readonly refs: (kind: "branch" | "tag" | "worktree") => Promise<readonly RefRecord[]>;
  readonly commits: (hashes: readonly Hash[]) => Promise<readonly CommitRecord[]>;
  readonly isReachable: (ancestor: Hash, from: Hash) => Promise<boolean>;
  /** Steps from the head back to a commit over first parents; null: it is not on that chain. */
  readonly distanceTo: (ancestor: Hash) => Promise<number | null>;
  /** True when the first-parent chain of the head has so many commits. */
  readonly hasCommits: (atLeast: number) => Promise<boolean>;
  /** What gc would remove. */
  readonly garbage: (olderThanDays: number) => Promise<{ readonly commits: number; readonly bytes: number }>;
}

/** More commits at once are an import: what is in the rest of it is not looked at one by one. */
const MADE_MAX = 1_000;
/** What decides about a text stands near its beginning. */
const TEXT_CHARS_MAX = 100_000;
/** Of a chain of fewer commits all are read at once, and remembered. */
const CHAIN_REMEMBERED_MAX = 500;

/** @param known null: everything is read from the store. */
export function lookAt(engine: Engine, place: Place, known: Known | null): Situation {
  const { store, scope, settings, limits } = engine;
  const { tract } = scope;
  const { branch, head } = place;
  const newest: Situation["newest"] = async (query) => await readNewest(engine, head, query, known);
  const size = once(async () => place.size ?? (await sizeHere(engine, head, known)));
  const texts: Situation["texts"] = async (commits) => await textsOf(engine, commits, known);
  return {
    branch,
    head,
    defaultBranch: settings.defaultBranch,
    refNameCharsMax: limits.refNameCharsMax,
    now: engine.clock(),
    size,
    isSmallerThan: async (tokens) => {
      if (known !== null && head !== null && place.size == null)
        return await isSmallerThan(engine, { head, known, size }, tokens);
      return (await size()) < tokens;
    },
    budget: once(async () => {
      const { budget, compile_budget } = await readSettings(engine, tract, head);
      return budget?.max_tokens ?? compile_budget ?? settings.compileBudget;
    }),
    made: once(async () => await readMade(engine, place, { known, newest })),
    newest,
    texts,
    subjects: compareSubjects(texts, known?.memory ?? null),
    annotations: async (commit) => await store.readCommitAnnotations(tract, commit),
    refs: async (kind) =>
      kind === "tag" ? await readTags(engine, known) : await store.listRefs(tract, kind),
    commits: async (hashes) => await store.readCommits(tract, hashes),
    isReachable: async (ancestor, from) => await store.isReachable(tract, ancestor, from),
    distanceTo: async (ancestor) => (head === null ? null : await distance(engine, ancestor, head, known)),
    hasCommits: async (atLeast) => {
      if (head === null) return false;
      const length = known?.memory.commits.length(head);
      if (length !== undefined) return length >= atLeast;
      if (known !== null && atLeast <= CHAIN_REMEMBERED_MAX)
        return (await newest({ limit: atLeast })).length === atLeast;
      return (await store.readAncestor(tract, head, atLeast - 1)) !== null;
    },
    garbage: async (olderThanDays) => {
      const { removed, bytes } = await gc(engine, { dryRun: true, olderThanDays });
      return { commits: removed.commits, bytes };
    },
  };
}

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | null = null;
  return async () => {
    value ??= read();
    return await value;
  };
}

async function readNewest(
  { store, scope }: Engine,
  head: Hash | null,
  { limit, after }: { readonly limit: number; readonly after?: Hash | undefined },
  known: Known | null,
): Promise<readonly CommitRecord[]> {
  if (head === null) return [];
  const remembered = known?.memory.commits.newest(head, limit, after) ?? null;
  if (remembered !== null) return remembered;
  const exclude = after === undefined ? {} : { exclude: after };
  const read = await store.readLog(scope.tract, { head, limit, firstParent: true, ...exclude });
  for (const commit of read.toReversed()) known?.memory.commits.add(commit);
  return read;
}

async function readMade(
  { store, scope }: Engine,
  { made }: Place,
  { known, newest }: { readonly known: Known | null; readonly newest: Situation["newest"] },
): Promise<readonly CommitRecord[]> {
  if (made === null) return await newestOperation(newest);
  const written = known?.written == null ? null : commitsIn(known.written.change);
  if (written !== null) return written.slice(0, MADE_MAX);
  return await store.readCommits(scope.tract, made.slice(0, MADE_MAX));
}

/** Commits of one operation stand next to one another. */
async function newestOperation(newest: Situation["newest"]): Promise<readonly CommitRecord[]> {
  const commits = await newest({ limit: MADE_MAX });
  const operation = commits[0]?.operationId;
  const end = commits.findIndex(({ operationId }) => operationId !== operation);
  return commits.slice(0, end === -1 ? commits.length : end).reverse();
}

async function textsOf(
  { store }: Engine,
  commits: readonly CommitRecord[],
  known: Known | null,
): Promise<readonly string[]> {
  const texts = new Map<Hash, string>();
  const missing = new Set<Hash>();
  for (const { contentHash } of commits) {
    if (contentHash === null) continue;
    const content = known?.memory.contents.get(contentHash);
    if (content === undefined) missing.add(contentHash);
    else texts.set(contentHash, storedText(content).slice(0, TEXT_CHARS_MAX));
  }
  for (const content of missing.size === 0 ? [] : await store.readContents([...missing]))
    texts.set(content.hash, storedText(content).slice(0, TEXT_CHARS_MAX));
  return commits.map(({ contentHash }) => (contentHash === null ? "" : (texts.get(contentHash) ?? "")));
}

async function readTags({ store, scope }: Engine, known: Known | null): Promise<readonly RefRecord[]> {
  const tags = known?.facts.tags ?? (await store.listRefs(scope.tract, "tag"));
  if (known !== null) known.facts.tags = tags;
  return tags;
}

async function distance(
  engine: Engine,
  ancestor: Hash,
  head: Hash,
  known: Known | null,
): Promise<number | null> {
  const remembered = known?.memory.commits.distance(ancestor, head);
  if (remembered !== undefined) return remembered;
  const steps = await chainDistance(engine, ancestor, head);
  known?.memory.commits.notePlace(ancestor, head, steps);
  return steps;
}
