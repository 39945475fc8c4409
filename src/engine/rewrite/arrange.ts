/** Puts the commits of a range into their new order: reordered, without the dropped ones, runs joined (spec 3.4). Pure. */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { ContentItem } from "../history/plan-commit.ts";
import { invalidArgument, type NamedCommits, type NamedRun } from "./reorganize-request.ts";

/** A commit that is made again. */
export interface CopyStep {
  readonly kind: "copy";
  readonly row: ChainCommit;
  /** null: the one it has. */
  readonly message: string | null;
  /** True: an edit that becomes a message of its own. */
  readonly asAppend: boolean;
}

/** Several commits that become one. */
export interface SquashStep {
  readonly kind: "squash";
  readonly run: NamedRun;
  /** In order; what each shows is its newest edit in the range, else itself. */
  readonly members: readonly { readonly row: ChainCommit; readonly shown: ChainCommit }[];
  /** Edits of members: they are part of the result. */
  readonly folded: readonly ChainCommit[];
  /** null until it is made. */
  readonly item: ContentItem | null;
}

export type Step = CopyStep | SquashStep;

export interface Arrangement {
  readonly steps: readonly Step[];
  readonly dropped: readonly ChainCommit[];
}

export function copyStep(row: ChainCommit): CopyStep {
  return { kind: "copy", row, message: null, asAppend: false };
}

/** Old commits that a step stands for. */
export function hashesOf(step: Step): readonly Hash[] {
  if (step.kind === "copy") return [step.row.commit.hash];
  return [...step.members.map(({ row }) => row), ...step.folded].map(({ commit }) => commit.hash);
}

/**
 * @param rows of the range in linear order, without merges.
 * @throws TractError `invalid-argument` for runs that are not next to one another.
 */
export function arrange(rows: readonly ChainCommit[], named: NamedCommits): Arrangement {
  const ordered = reordered(rows, named.order);
  const dropped = ordered.filter(({ commit }) => named.drop.has(commit.hash));
  const left = ordered.filter(({ commit }) => !named.drop.has(commit.hash));
  const runs = named.squash.map((run) => gather(left, run));
  const joined = joinRuns(left, runs);
  const steps = joined.map((step): Step => {
    if (step.kind === "squash") {
      refuseReworded(step, named);
      return step;
    }
    const message = named.reword.get(step.row.commit.hash);
    return message === undefined || message === step.row.commit.message ? step : { ...step, message };
  });
  return { steps, dropped };
}

/** The named commits in their new order take the places that they have together. */
function reordered(rows: readonly ChainCommit[], order: readonly Hash[]): readonly ChainCommit[] {
  if (order.length === 0) return rows;
  const named = new Set(order);
  const byHash = new Map(rows.map((row) => [row.commit.hash, row]));
  const queue = order.flatMap((hash) => byHash.get(hash) ?? []);
  let next = 0;
  return rows.map((row) => (named.has(row.commit.hash) ? (queue[next++] ?? row) : row));
}

function gather(rows: readonly ChainCommit[], run: NamedRun): SquashStep {
  const named = new Set(run.commits);
  const isMember = ({ commit }: ChainCommit): boolean =>
    named.has(commit.hash) && commit.operation !== "edit";
  const members = rows.filter(isMember);
  const targets = new Set(members.map(({ commit }) => commit.hash));
  const folded = rows.filter(
    ({ commit }) =>
      commit.operation === "edit" && commit.editTarget !== null && targets.has(commit.editTarget),
  );
  const stray = rows.find((row) => named.has(row.commit.hash) && !isMember(row) && !folded.includes(row));
  if (stray !== undefined)
    throw invalidArgument(run.path, "names an edit of a commit that is not in the run", [stray.commit.hash]);
  if (members.length < 2)
    throw invalidArgument(run.path, "needs at least two commits that are no edits", run.commits);
  const shown = new Map(folded.map((row) => [row.commit.editTarget, row]));
  return {
    kind: "squash",
    run,
    members: members.map((row) => ({ row, shown: shown.get(row.commit.hash) ?? row })),
    folded,
    item: null,
  };
}

function refuseReworded({ folded, run }: SquashStep, { reword }: NamedCommits): void {
  for (const { commit } of folded)
    if (reword.has(commit.hash))
      throw invalidArgument("reword", `names an edit that becomes part of ${run.path}`, [commit.hash]);
}

function joinRuns(rows: readonly ChainCommit[], runs: readonly SquashStep[]): readonly Step[] {
  const folded = new Set(runs.flatMap((run) => run.folded));
  const runOf = new Map(runs.flatMap((run) => run.members.map(({ row }) => [row, run] as const)));
  const steps: Step[] = [];
  const begun = new Set<SquashStep>();
  for (const row of rows) {
    if (folded.has(row)) continue;
    const run = runOf.get(row);
    if (run === undefined) {
      steps.push(copyStep(row));
    } else if (!begun.has(run)) {
      begun.add(run);
      steps.push(run);
    } else if (steps.at(-1) !== run) {
      const hash = row.commit.hash;
      throw invalidArgument(
        run.run.path,
        `is not a run: other commits stand before ${hash.slice(0, 12)} (move it with order, or name them, too)`,
        [hash],
      );
    }
  }
  return steps;
}
