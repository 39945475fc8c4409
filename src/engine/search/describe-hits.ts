/** Tells of hits what a reader needs: a snippet, whether the text still shows, and the messages around it. */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { SearchHit } from "../../storage/store.ts";
import { storedText } from "../content/parse-content.ts";
import { cutText } from "../cut-text.ts";
import type { Engine } from "../engine.ts";
import { readSite } from "../history/snapshot.ts";
import { type NearbyMessage, readAround } from "./neighbours.ts";
import type { FoundCommit, Neighbour } from "./search.ts";

export interface HitOptions {
  readonly terms: readonly string[];
  /** Messages on each side. */
  readonly neighbours: number;
  /** The history that was searched; null: all of the tract. */
  readonly head: Hash | null;
}

const SNIPPET_WORDS = 40;
const NEIGHBOUR_CHARS_MAX = 240;

export async function describeHits(
  engine: Engine,
  hits: readonly SearchHit[],
  options: HitOptions,
): Promise<readonly FoundCommit[]> {
  const commits = hits.map(({ commit }) => commit);
  const heads = await candidateHeads(engine, commits, options.head);
  const texts = await readTexts(engine, commits);
  const { terms } = options;
  const snippets = await engine.store.snippets(texts, { terms, words: SNIPPET_WORDS });
  const found: FoundCommit[] = [];
  for (const [i, { commit, score }] of hits.entries()) {
    const around = await readAround(engine, commit, heads(commit), options.neighbours);
    found.push({
      hash: commit.hash,
      score,
      snippet: snippets[i] ?? "",
      contentType: commit.contentType,
      role: commit.role,
      branch: commit.branch,
      createdAt: commit.createdAt,
      editTarget: commit.editTarget,
      supersededBy: around.supersededBy,
      neighbours: await describeNeighbours(engine, around.neighbours),
    });
  }
  return found;
}

async function describeNeighbours(
  engine: Engine,
  nearby: readonly NearbyMessage[],
): Promise<readonly Neighbour[]> {
  const shown = nearby.map(({ shows }) => shows);
  const texts = await readTexts(engine, shown);
  return nearby.map(({ commit, shows, position }, i) => {
    const snippet = cutText((texts[i] ?? "").replace(/\s+/gu, " ").trim(), NEIGHBOUR_CHARS_MAX);
    return { hash: commit.hash, role: shows.role, position, snippet };
  });
}

async function readTexts({ store }: Engine, commits: readonly CommitRecord[]): Promise<readonly string[]> {
  const hashes = [...new Set(commits.flatMap((commit) => commit.contentHash ?? []))];
  const texts = new Map(
    (await store.readContents(hashes)).map((content) => [content.hash, storedText(content)]),
  );
  return commits.map((commit) => (commit.contentHash && texts.get(commit.contentHash)) ?? "");
}

/** Where the surroundings of a hit are looked for: in the history searched, else on the branch it was made on, else behind HEAD. */
async function candidateHeads(
  engine: Engine,
  commits: readonly CommitRecord[],
  head: Hash | null,
): Promise<(commit: CommitRecord) => readonly Hash[]> {
  if (head !== null) return () => [head];
  const { scope, store } = engine;
  const here = (await readSite(engine, {})).head?.hash ?? null;
  const tips = new Map<string, Hash | null>();
  for (const { branch } of commits) {
    if (tips.has(branch)) continue;
    const ref = await store.readRef(scope.tract, "branch", branch);
    tips.set(branch, ref !== null && "commit" in ref.value ? ref.value.commit : null);
  }
  return ({ branch }) => [tips.get(branch), here].filter((tip) => tip !== null && tip !== undefined);
}
