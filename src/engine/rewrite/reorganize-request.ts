/** What reorganize is asked for, with every commit that it names found (spec 3.4). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { resolveCommit } from "../history/revision.ts";
import type { OnMissingTarget } from "./rewrite-warning.ts";

/** Commits that become one; with a content of its own or, without, their texts joined by blank lines. */
export interface SquashRun {
  readonly refs: readonly string[];
  /** A text, which keeps type and fields of the first, or a content object. */
  readonly content?: unknown;
  /** Default: made from the content. */
  readonly message?: string | undefined;
}

export interface ReorganizeRequest {
  /** The new base (a ref). Default: `from`; without it, where the oldest named commit stands. */
  readonly onto?: string | undefined;
  /**
   * The old base, exclusive (a ref in the branch's history): what is behind it stays as it is. Default: with `onto` all that onto has already,
   * else what comes before the oldest commit that another argument names.
   */
  readonly from?: string | undefined;
  /** These commits in this order, in the places that they have now; all others keep theirs. */
  readonly order?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
  /** Runs of commits next to one another (after `order` and `drop`), of one role. */
  readonly squash?: readonly (readonly string[] | SquashRun)[] | undefined;
  readonly reword?: readonly { readonly ref: string; readonly message: string }[] | undefined;
  /** What an edit becomes whose target is gone or would come later. Default: error; with `force` as_append. */
  readonly onMissingTarget?: OnMissingTarget | undefined;
  /** Goes on although edits lose their targets or tool pairs are split. */
  readonly force?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  /** Default: the worktree's branch. */
  readonly branch?: string | undefined;
}

export interface NamedRun {
  readonly commits: readonly Hash[];
  readonly content: unknown;
  readonly message: string | undefined;
  /** Of the run in the request, for errors. */
  readonly path: string;
}

/** The commits that a request names. */
export interface NamedCommits {
  readonly order: readonly Hash[];
  readonly drop: ReadonlySet<Hash>;
  readonly squash: readonly NamedRun[];
  readonly reword: ReadonlyMap<Hash, string>;
  /** With the argument that names each. */
  readonly all: ReadonlyMap<Hash, string>;
}

/**
 * Finds every named commit and refuses what contradicts itself.
 *
 * @throws TractError `not-found`, `ambiguous-ref`, `invalid-argument` (with the argument's path in data).
 */
export async function readNamedCommits(engine: Engine, request: ReorganizeRequest): Promise<NamedCommits> {
  const find = async (refs: readonly string[], path: string): Promise<readonly Hash[]> => {
    const found = new Set<Hash>();
    for (const ref of refs) {
      const hash = await resolveCommit(engine, { ref, branch: request.branch });
      if (found.has(hash)) throw invalidArgument(path, `names commit ${hash.slice(0, 12)} twice`, [hash]);
      found.add(hash);
    }
    return [...found];
  };
  const order = await find(request.order ?? [], "order");
  const drop = await find(request.drop ?? [], "drop");
  const reworded = await find(
    (request.reword ?? []).map(({ ref }) => ref),
    "reword",
  );
  const squash: NamedRun[] = [];
  for (const [i, run] of (request.squash ?? []).entries()) {
    const path = `squash.${i}`;
    const { refs, content, message } = "refs" in run ? run : { refs: run };
    const commits = await find(refs, path);
    if (commits.length < 2) throw invalidArgument(path, "needs at least two commits", commits);
    checkMessage(engine, message, `${path}.message`);
    squash.push({ commits, content, message, path });
  }
  const reword = new Map<Hash, string>();
  for (const [i, { message }] of (request.reword ?? []).entries()) {
    const hash = reworded[i];
    checkMessage(engine, message, `reword.${i}.message`);
    if (hash !== undefined) reword.set(hash, message);
  }
  refuseContradictions({ drop, squash, reworded });
  const all = new Map<Hash, string>();
  for (const hash of order) all.set(hash, "order");
  for (const hash of drop) all.set(hash, "drop");
  for (const hash of reworded) all.set(hash, "reword");
  for (const { commits, path } of squash) for (const hash of commits) all.set(hash, path);
  return { order, drop: new Set(drop), squash, reword, all };
}

/** A commit has one fate: dropped, joined with others, or kept with another message. */
function refuseContradictions(named: {
  readonly drop: readonly Hash[];
  readonly squash: readonly NamedRun[];
  readonly reworded: readonly Hash[];
}): void {
  const fates = new Map<Hash, string>();
  const note = (hashes: readonly Hash[], path: string): void => {
    for (const hash of hashes) {
      const other = fates.get(hash);
      if (other !== undefined)
        throw invalidArgument(path, `names commit ${hash.slice(0, 12)}, which ${other} names, too`, [hash]);
      fates.set(hash, path);
    }
  };
  note(named.drop, "drop");
  for (const { commits, path } of named.squash) note(commits, path);
  note(named.reworded, "reword");
}

function checkMessage(engine: Engine, message: string | undefined, path: string): void {
  if (message === undefined) return;
  const { messageCharsMax } = engine.limits;
  if (!message.isWellFormed()) throw invalidArgument(path, "is not well-formed Unicode (a lone surrogate)");
  if (message.length > messageCharsMax)
    throw invalidArgument(path, `has more than ${messageCharsMax} characters`);
}

/** Of one refusal. */
const COMMITS_TOLD_MAX = 20;

/** @param commits what it is about; the first of them are told. */
export function invalidArgument(path: string, problem: string, commits: readonly Hash[] = []): TractError {
  return new TractError("invalid-argument", `${path} ${problem}; nothing was changed`, {
    hint: "Correct this argument and call again; log shows the commits of the branch in order.",
    data: { path, commits: commits.slice(0, COMMITS_TOLD_MAX) },
  });
}
