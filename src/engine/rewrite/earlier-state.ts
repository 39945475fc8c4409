/** Reads what a history showed at an earlier commit, and what came since: what `restore` goes back to (spec 3.7). */
import type { AnnotationRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { type Coverage, coverageOf } from "../history/coverage.ts";
import { linearize } from "../history/linearize.ts";
import type { Site } from "../history/snapshot.ts";
import { invariant } from "../invariant.ts";

export interface EarlierState {
  readonly ref: Hash;
  /** Everything behind the earlier commit, in linear order. */
  readonly order: readonly ChainCommit[];
  /** What came since, in linear order. */
  readonly since: readonly ChainCommit[];
  readonly coverageThen: Coverage;
  readonly coverageNow: Coverage;
  /** The row that each edited commit shows, by the commit. */
  readonly shownThen: ReadonlyMap<Hash, ChainCommit>;
  readonly shownNow: ReadonlyMap<Hash, ChainCommit>;
  /** The newest annotation of every annotated commit. */
  readonly annotationsThen: ReadonlyMap<Hash, AnnotationRecord>;
  readonly annotationsNow: ReadonlyMap<Hash, AnnotationRecord>;
}

/** null when the commit is not behind the head. */
export async function readEarlierState(
  engine: Engine,
  at: { readonly site: Site; readonly ref: Hash; readonly expression: string },
): Promise<EarlierState | null> {
  const { store, scope } = engine;
  const { site, ref } = at;
  const head = site.head?.hash ?? null;
  if (head === null || !(await store.isReachable(scope.tract, ref, head))) return null;
  const chain = await store.readChain(scope.tract, ref);
  invariant(chain !== null, "the whole chain of a commit can be read");
  const order = linearize(chain, ref);
  const since = linearize(await store.readSide(scope.tract, head, ref), head);
  const whole = [...order, ...since];
  return {
    ref,
    order,
    since,
    coverageThen: coverageOf(order),
    coverageNow: coverageOf(whole),
    shownThen: lastEdits(order),
    shownNow: lastEdits(whole),
    annotationsThen: await newestUpTo(engine, await annotationsOf(engine, ref, at.expression)),
    annotationsNow: await newestUpTo(engine, site.tract?.annotationSequence ?? 0),
  };
}

function lastEdits(order: readonly ChainCommit[]): ReadonlyMap<Hash, ChainCommit> {
  const edits = new Map<Hash, ChainCommit>();
  for (const row of order)
    if (row.commit.operation === "edit" && row.commit.editTarget !== null)
      edits.set(row.commit.editTarget, row);
  return edits;
}

async function newestUpTo(
  { store, scope }: Engine,
  upTo: number,
): Promise<ReadonlyMap<Hash, AnnotationRecord>> {
  const rows = upTo === 0 ? [] : await store.readAnnotations(scope.tract, { after: 0, upTo });
  return new Map(rows.map((row) => [row.commit, row]));
}

/** A tag means the moment when it was made, `@{n}` the one n operations ago, anything else the one when the commit was made. */
async function annotationsOf({ store, scope }: Engine, ref: Hash, expression: string): Promise<number> {
  const ago = /^@\{(\d{1,9})\}$/.exec(expression);
  if (ago !== null) {
    const newest = (await store.findTract(scope.tract))?.operationSequence ?? 0;
    const beforeSequence = newest - Number(ago[1]) + 1;
    const [operation] = await store.readOperations(scope.tract, { beforeSequence, limit: 1 });
    return operation?.annotationsTo ?? 0;
  }
  if ((await store.readRef(scope.tract, "branch", expression)) === null) {
    const [tagged] = await store.readOperations(scope.tract, {
      ref: { kind: "tag", name: expression },
      limit: 1,
    });
    if (tagged !== undefined) return tagged.annotationsTo;
  }
  const [commit] = await store.readCommits(scope.tract, [ref]);
  const maker = commit === undefined ? null : await store.findOperation(scope.tract, commit.operationId);
  return maker?.annotationsTo ?? 0;
}
