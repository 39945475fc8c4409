/** checkpoint: so many commits or tokens have come since the last tag of this prefix (spec 5.4). */
import type { CommitRecord, RefRecord } from "../../../storage/records.ts";
import { paramsOf } from "../../history/policy-params.ts";
import { commitOf } from "../../history/ref-value.ts";
import type { Situation } from "../situation.ts";
import { type Evaluate, findingOf } from "./kind.ts";

/** The newest tags of the prefix that are looked at for one on this branch. */
const TAGS_TRIED_MAX = 8;
/** Commits whose tokens are added up: as many are reason enough for a checkpoint, whatever their tokens. */
const ADDED_MAX = 500;
const HASH_CHARS = 8;

export const checkpoint: Evaluate = async (situation, policy) => {
  const { branch, head } = situation;
  if (branch === null || head === null) return [];
  const { every_commits: commits, every_tokens: tokens, prefix } = paramsOf("checkpoint", policy);
  const last = await lastCheckpoint(situation, prefix);
  const isDueByCommits =
    commits !== null && (last === null ? await situation.hasCommits(commits) : last.distance >= commits);
  const since =
    isDueByCommits || tokens === null || last?.distance === 0
      ? []
      : await situation.newest({ limit: ADDED_MAX, after: last?.commit });
  const added = since.reduce((sum, commit) => sum + commit.tokens, 0);
  const isDueByTokens = tokens !== null && (added >= tokens || since.length === ADDED_MAX);
  if (!isDueByCommits && !isDueByTokens) return [];
  const [tip] = await situation.newest({ limit: 1 });
  if (tip === undefined) return [];
  const from = last === null ? `the beginning of ${branch}` : "the last checkpoint";
  return [
    findingOf(policy, {
      target: branch,
      reason: isDueByCommits
        ? `${last === null ? `At least ${commitsIn(commits)}` : commitsIn(last.distance)} since ${from}`
        : `${added} tokens since ${from}`,
      action: { tool: "tag", arguments: { action: "create", name: tagName(prefix, tip), ref: head } },
    }),
  ];
};

function commitsIn(count: number | null): string {
  return `${count} ${count === 1 ? "commit" : "commits"}`;
}

async function lastCheckpoint(
  situation: Situation,
  prefix: string,
): Promise<{ readonly commit: CommitRecord["hash"]; readonly distance: number } | null> {
  for (const { value } of newestOf(await situation.refs("tag"), prefix)) {
    const commit = commitOf(value);
    const distance = commit === null ? null : await situation.distanceTo(commit);
    if (commit !== null && distance !== null) return { commit, distance };
  }
  return null;
}

/** As long as no tag moves, the same list comes with every commit: it is looked through once. */
const NEWEST = new WeakMap<readonly RefRecord[], Map<string, readonly RefRecord[]>>();

function newestOf(tags: readonly RefRecord[], prefix: string): readonly RefRecord[] {
  const known = NEWEST.get(tags) ?? new Map<string, readonly RefRecord[]>();
  NEWEST.set(tags, known);
  const before = known.get(prefix);
  if (before !== undefined) return before;
  const own = tags.filter(({ name }) => name.startsWith(`${prefix}/`));
  own.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : a.updatedAt > b.updatedAt ? -1 : 0));
  const newest = own.slice(0, TAGS_TRIED_MAX);
  known.set(prefix, newest);
  return newest;
}

/** The day says when, the hash keeps names apart. */
function tagName(prefix: string, { hash, createdAt }: CommitRecord): string {
  return `${prefix}/${createdAt.slice(0, 10)}-${hash.slice(0, HASH_CHARS)}`;
}
