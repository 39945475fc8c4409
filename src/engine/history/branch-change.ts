/** The change set of commits on a branch: what commit, merge, compress, reorganize, import_commit and restore have in common. */
import type { ChangeSet, NewAnnotation } from "../../storage/change-set.ts";
import type { ContentTypeRecord, Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { PlannedCommits } from "./plan-commit.ts";
import { type OperationNote, operationChange } from "./publish.ts";
import type { Site } from "./snapshot.ts";

export interface BranchWrite {
  readonly site: Site;
  /** The branch that moves; it is the one that `site` was read for. */
  readonly branch: string;
  readonly planned: PlannedCommits;
  /** Where the branch goes; default: the last of the planned commits, or where it is. */
  readonly head?: Hash;
  /** Besides those of the planned commits. */
  readonly annotations?: readonly NewAnnotation[];
  /** True: nobody may have annotated anything since the site was read. */
  readonly isJudged: boolean;
  /** `branch`, `results` (all planned commits) and `before` and `after` of the evidence are added. */
  readonly note: Omit<OperationNote, "branch">;
}

/** One operation that stores commits and moves a branch, if its tip is still where it was. */
export function branchChange(engine: Engine, write: BranchWrite): ChangeSet {
  const { site, branch, planned, note } = write;
  const commits = planned.chain.map((row) => row.commit);
  const before = site.head?.hash ?? null;
  const after = write.head ?? commits.at(-1)?.hash ?? before;
  const change = operationChange(engine, site, {
    results: commits.map((made) => made.hash),
    ...note,
    branch,
    evidence: { before, after, ...note.evidence },
  });
  return {
    ...change,
    contents: planned.contents,
    contentTypes: customTypes(engine, planned),
    commits,
    annotations: [...planned.annotations, ...(write.annotations ?? [])],
    expect: { refs: [], annotationSequence: write.isJudged ? (site.tract?.annotationSequence ?? 0) : null },
    refMoves: [
      {
        kind: "branch",
        name: branch,
        before: site.branchExists ? { commit: before } : null,
        after: { commit: after },
      },
    ],
  };
}

/** Custom types among the contents, so that the tract knows them without their code. */
function customTypes(engine: Engine, planned: PlannedCommits): readonly ContentTypeRecord[] {
  const names = new Set(planned.contents.map((content) => content.type));
  return [...names].flatMap((name) => engine.contentTypes.get(name)?.record ?? []);
}
