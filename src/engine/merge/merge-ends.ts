/** Checks what a merge is asked for, and finds its two ends (spec 3.3). */
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { attachedBranch } from "../history/commit.ts";
import { resolveCommit, resolveRef } from "../history/revision.ts";
import { readSite } from "../history/snapshot.ts";
import { invariant } from "../invariant.ts";
import { refuseConfig } from "../llm/resolve-config.ts";
import type { MergeEnds, MergeRequest } from "./merge-types.ts";

/** @throws TractError `invalid-argument`. */
export function checkMerge(engine: Engine, request: MergeRequest): void {
  const { strategy = "report", message, resolutions } = request;
  if (strategy !== "llm") refuseConfig(request, `strategy ${strategy}`);
  const { messageCharsMax, batchItemsMax } = engine.limits;
  if (message !== undefined && (!message.isWellFormed() || message.length > messageCharsMax))
    throw wrong("message", `at most ${messageCharsMax} characters of well-formed Unicode`);
  if (resolutions !== undefined && resolutions.length > batchItemsMax)
    throw wrong("resolutions", `at most ${batchItemsMax} of them`);
}

/** @throws TractError `not-found`, `ambiguous-ref`, `detached-head`, `invalid-argument` (a branch into itself). */
export async function readMergeEnds(engine: Engine, request: MergeRequest): Promise<MergeEnds> {
  const { source, into } = request;
  const home = await readSite(engine, {});
  const site = into === undefined ? home : await readSite(engine, { branch: into });
  const branch = attachedBranch(site);
  const { branch: sourceBranch } = await resolveRef(engine, { ref: source });
  if (sourceBranch === branch)
    throw wrong(
      "source",
      `another branch than the one that is merged into (${branch}); into names the branch that receives`,
    );
  const hash = await resolveCommit(engine, { ref: source });
  const [theirs] = await engine.store.readCommits(engine.scope.tract, [hash]);
  invariant(theirs, "a resolved commit is in the store");
  const sourceName = sourceBranch ?? (/^[0-9a-f]{13,}$/i.test(source) ? source.slice(0, 12) : source);
  return { site, branch, home, theirs, sourceBranch, sourceName };
}

function wrong(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: "Correct this argument and call again; nothing was merged.",
    data: { path, expected },
  });
}
