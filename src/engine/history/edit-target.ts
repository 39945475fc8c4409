/** Finds the commit that an edit replaces, and refuses what cannot be edited (spec 1.4; spec 9, 6). */
import type { CommitRecord, JsonObject } from "../../storage/records.ts";
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { readCoverage } from "./coverage.ts";
import { resolveCommit } from "./revision.ts";
import type { Site } from "./snapshot.ts";

export interface EditTarget {
  readonly commit: CommitRecord;
  readonly content: JsonObject;
}

/**
 * Resolves an edit target on the branch the edit is made on.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `edit-target` (not reachable from the head, itself an edit, without content, or
 *   covered by a summary).
 */
export async function readEditTarget(engine: Engine, site: Site, ref: string): Promise<EditTarget> {
  const { store, scope } = engine;
  const hash = await resolveCommit(engine, { ref, branch: site.branch ?? undefined });
  const [commit] = await store.readCommits(scope.tract, [hash]);
  invariant(commit, "a resolved commit is in the store");
  if (commit.operation === "edit" && commit.editTarget !== null) {
    throw refused(commit, "is itself an edit", `Edit the original again: edit_target ${commit.editTarget}.`, {
      original: commit.editTarget,
    });
  }
  if (commit.contentHash === null)
    throw refused(
      commit,
      `is a ${commit.operation} and has no content`,
      "Edit one of the commits behind it.",
    );
  const isReachable = site.head !== null && (await store.isReachable(scope.tract, hash, site.head.hash));
  if (!isReachable)
    throw refused(
      commit,
      `is not in the history of ${site.branch ?? "HEAD"}`,
      `Edit it on a branch that has it, for example ${commit.branch}.`,
    );
  const { covers } = await readCoverage(engine, site.head?.hash ?? null);
  const cover = covers.get(hash);
  if (cover !== undefined)
    throw refused(
      commit,
      `is summarised by ${cover.by.slice(0, 12)}`,
      "Edit the summary, or bring its originals back with expand (restore true) and edit then.",
      { summary: cover.by },
    );
  const [content] = await store.readContents([commit.contentHash]);
  invariant(content, "the content of a commit is in the store");
  return { commit, content: readContent(content) as unknown as JsonObject }; // Contents are JSON objects.
}

function refused(
  commit: CommitRecord,
  why: string,
  hint: string,
  data: Record<string, unknown> = {},
): TractError {
  return new TractError("edit-target", `commit ${commit.hash.slice(0, 12)} cannot be edited: it ${why}`, {
    hint,
    data: { target: commit.hash, ...data },
  });
}
