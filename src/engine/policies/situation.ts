/** What policies look at: a head and what was just done there, each part read once, and only when a policy asks for it (spec 5.4). */
import type { AnnotationRecord, CommitRecord, Hash, RefRecord } from "../../storage/records.ts";
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { gc } from "../gc/gc.ts";
import { chainDistance } from "../history/chain-distance.ts";
import { pointAt } from "../history/context-size.ts";
import { reportedSize } from "../history/reported-size.ts";
import { readSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";

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

export interface Situation extends Pick<Place, "branch" | "head"> {
  readonly defaultBranch: string;
  readonly refNameCharsMax: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Compiled tokens, as status tells them. */
  readonly size: () => Promise<number>;
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

export function lookAt(engine: Engine, place: Place): Situation {
  const { store, scope, settings, limits } = engine;
  const { tract } = scope;
  const { branch, head } = place;
  const newest: Situation["newest"] = async ({ limit, after }) =>
    head === null
      ? []
      : await store.readLog(tract, {
          head,
          limit,
          firstParent: true,
          ...(after === undefined ? {} : { exclude: after }),
        });
  return {
    branch,
    head,
    defaultBranch: settings.defaultBranch,
    refNameCharsMax: limits.refNameCharsMax,
    now: engine.clock(),
    size: once(async () => place.size ?? (await sizeOf(engine, head))),
    budget: once(async () => {
      const { budget, compile_budget } = await readSettings(engine, tract, head);
      return budget?.max_tokens ?? compile_budget ?? settings.compileBudget;
    }),
    made: once(async () =>
      place.made === null
        ? await newestOperation(newest)
        : await store.readCommits(tract, place.made.slice(0, MADE_MAX)),
    ),
    newest,
    texts: async (commits) => await textsOf(engine, commits),
    annotations: async (commit) => await store.readCommitAnnotations(tract, commit),
    refs: async (kind) => await store.listRefs(tract, kind),
    commits: async (hashes) => await store.readCommits(tract, hashes),
    isReachable: async (ancestor, from) => await store.isReachable(tract, ancestor, from),
    distanceTo: async (ancestor) => (head === null ? null : await chainDistance(engine, ancestor, head)),
    hasCommits: async (atLeast) =>
      head !== null && (await store.readAncestor(tract, head, atLeast - 1)) !== null,
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

async function sizeOf(engine: Engine, head: Hash | null): Promise<number> {
  const site = await readSite(engine, {});
  const settings = await readSettings(engine, engine.scope.tract, head);
  return (await reportedSize(engine, pointAt(engine, site, head, settings))).tokens;
}

/** Commits of one operation stand next to one another. */
async function newestOperation(newest: Situation["newest"]): Promise<readonly CommitRecord[]> {
  const commits = await newest({ limit: MADE_MAX });
  const operation = commits[0]?.operationId;
  const end = commits.findIndex(({ operationId }) => operationId !== operation);
  return commits.slice(0, end === -1 ? commits.length : end).reverse();
}

async function textsOf({ store }: Engine, commits: readonly CommitRecord[]): Promise<readonly string[]> {
  const hashes = commits.flatMap(({ contentHash }) => contentHash ?? []);
  const contents = await store.readContents([...new Set(hashes)]);
  const texts = new Map(
    contents.map((content) => [content.hash, storedText(content).slice(0, TEXT_CHARS_MAX)]),
  );
  return commits.map(({ contentHash }) => (contentHash === null ? "" : (texts.get(contentHash) ?? "")));
}
