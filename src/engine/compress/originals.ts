/** Finds what a summary, a receipt or a child's result stands for: the messages themselves, through summaries of summaries (spec 3.5, 3.6). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { readChildWork } from "../compile/child-work.ts";
import { type Entry, withOut } from "../compile/entry.ts";
import { loadDraft } from "../compile/load-draft.ts";
import { pairTools } from "../compile/stages/pair-tools.ts";
import type { Unit } from "../compile/unit.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { Coverage } from "../history/coverage.ts";
import { resolveCommit } from "../history/revision.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import { type CollapseLink, readCollapseLink } from "../history/spawn-link.ts";
import { invariant } from "../invariant.ts";
import { entriesOf, WHOLE_CONTEXT } from "./head-context.ts";

/** A commit that stands for others. */
export type Stand =
  | {
      readonly kind: "summary";
      readonly commit: CommitRecord;
      /** True: it is behind the head of the branch. */
      readonly isHere: boolean;
      readonly coverage: Coverage;
      /** The originals as they showed when nothing stood for them, edits applied, in order. */
      readonly units: readonly Unit[];
    }
  | {
      readonly kind: "edit";
      /** The edit that shows, and the commit in whose place. */
      readonly edit: CommitRecord;
      readonly target: CommitRecord;
      /** What showed there before the edit. */
      readonly before: ChainCommit;
    }
  | {
      /** The result of a child, which collapse committed. */
      readonly kind: "result";
      readonly commit: CommitRecord;
      readonly link: CollapseLink;
      /** The child's own work, in order. */
      readonly units: readonly Unit[];
    };

/** @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` for a commit that stands for nothing else. */
export async function readStand(
  engine: Engine,
  { summary, branch }: { readonly summary: string; readonly branch: string | undefined },
): Promise<{ readonly site: Site; readonly stand: Stand }> {
  const { store, scope } = engine;
  const site = await readSite(engine, { branch });
  const hash = await resolveCommit(engine, { ref: summary, branch });
  const [commit] = await store.readCommits(scope.tract, [hash]);
  invariant(commit, "a resolved commit is in the store");
  if (commit.operation === "summary") return { site, stand: await readSummary(engine, site, commit) };
  const link = readCollapseLink(commit);
  if (link !== null) return { site, stand: await readResult(engine, commit, link) };
  return { site, stand: await readEdit(engine, site, commit) };
}

async function readSummary(engine: Engine, site: Site, commit: CommitRecord): Promise<Stand> {
  const { store, scope } = engine;
  const isHere = site.head !== null && (await store.isReachable(scope.tract, commit.hash, site.head.hash));
  invariant(site.tract !== null, "a tract with a commit has a record");
  const { encoding, annotationSequence } = site.tract;
  const head = isHere && site.head !== null ? site.head.hash : commit.hash;
  const draft = await loadDraft(
    engine,
    { tract: scope.tract, encoding, head, annotationSequence },
    WHOLE_CONTEXT,
  );
  const { coverage } = draft;
  const originals = originalsOf(commit.hash, coverage);
  const entries = [...entriesOf(draft)].filter(({ hash }) => originals.has(hash));
  const units = pairTools(
    entries.map((entry: Entry) => withOut(entry, null)),
    { isOpen: () => false, isUsed: () => false, repeatsOf: () => 0 },
  );
  invariant(units !== null, "pairing from nothing is always possible");
  return { kind: "summary", commit, isHere, coverage, units };
}

async function readResult(engine: Engine, commit: CommitRecord, link: CollapseLink): Promise<Stand> {
  const [head] = await engine.store.readCommits(link.tract, [link.head]);
  if (head === undefined) throw childIsGone(commit, link);
  const { units } = await readChildWork(engine, link);
  return { kind: "result", commit, link, units };
}

function childIsGone({ hash }: CommitRecord, { tract, worktree }: CollapseLink): TractError {
  return new TractError(
    "not-found",
    `the work of child ${JSON.stringify(worktree)} of tract ${JSON.stringify(tract)} is not in this store`,
    {
      hint: "The result itself says what came of it: show it. The child's tract may be in the store that this one was copied from.",
      data: { commit: hash, tract, worktree },
    },
  );
}

/** Sources that are no summaries themselves. */
function originalsOf(summary: Hash, { contents }: Coverage): ReadonlySet<Hash> {
  const originals = new Set<Hash>();
  const seen = new Set<Hash>([summary]);
  for (const hash of seen) {
    const sources = contents.get(hash)?.sources as readonly Hash[] | undefined; // The schema of the content type says so.
    if (sources === undefined) originals.add(hash);
    for (const source of sources ?? []) seen.add(source);
  }
  return originals;
}

async function readEdit(engine: Engine, site: Site, commit: CommitRecord): Promise<Stand> {
  const { store, scope } = engine;
  const targetHash =
    commit.operation === "edit" && commit.editTarget !== null ? commit.editTarget : commit.hash;
  const head = site.head?.hash ?? commit.hash;
  const edits = await store.readEdits(scope.tract, targetHash, head);
  const at =
    commit.hash === targetHash ? edits.length - 1 : edits.findIndex(({ hash }) => hash === commit.hash);
  const edit = edits[at];
  if (edit === undefined) throw standsForNothing(commit, site);
  const [target] = await store.readCommits(scope.tract, [targetHash]);
  invariant(target !== undefined, "an edit's target is in the store");
  const states = [target, ...edits.slice(0, at)];
  // An edit that went back to what showed before is no receipt: what it stands for shows.
  const before =
    states.find(({ contentHash }) => contentHash === edit.contentHash) ?? states.at(-1) ?? target;
  const [content] = before.contentHash === null ? [] : await store.readContents([before.contentHash]);
  invariant(content !== undefined, "the content of a commit is in the store");
  return { kind: "edit", edit, target, before: { commit: before, body: content.body, text: content.text } };
}

function standsForNothing({ hash, operation }: CommitRecord, { branch }: Site): TractError {
  const what =
    operation === "edit"
      ? `is an edit that is not in the history of ${branch ?? "HEAD"}`
      : "is neither a summary nor an edited message";
  return new TractError("invalid-argument", `summary: commit ${hash.slice(0, 12)} ${what}`, {
    hint: "Name a summary that compress made, a message whose result became a receipt, or a child's collapsed result; show gives any other commit whole.",
    data: { path: "summary", commit: hash },
  });
}
