/** The commits of all tracts of a lineage, newest first, in pages that cost the same however deep they lie (spec 3.6). */
import { z } from "zod";
import type { CommitRecord, Hash, OperationRecord, TractRecord } from "../../storage/records.ts";
import { decodeCursor, encodeCursor, pageLimit } from "../cursor.ts";
import { type Engine, withScope } from "../engine.ts";
import { type CommitEntry, commitEntries } from "../history/commit-entry.ts";
import { invariant } from "../invariant.ts";
import { pagedQuery } from "../paged-query.ts";
import { SPAWNED } from "./child-change.ts";
import { readFamily } from "./family.ts";

export interface TimelineRequest {
  /** Default 20, at most `limits.pageMax`. */
  readonly limit?: number | undefined;
  /** `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface TimelineEntry extends CommitEntry {
  readonly tract: string;
}

export interface Timeline {
  readonly commits: readonly TimelineEntry[];
  /** null: this was the last page. */
  readonly nextCursor: string | null;
}

/**
 * A page of what was committed, in order of time. What was undone is left out, and so are the copies that a spawn made: they stand where they
 * were first said.
 *
 * @throws TractError `invalid-argument` (limit, or a cursor of another list).
 */
export async function timeline(engine: Engine, request: TimelineRequest = {}): Promise<Timeline> {
  const limit = pageLimit(engine.limits, request.limit);
  const { root, tracts } = await readFamily(engine);
  const paged = pagedQuery(engine, "timeline", { root });
  const position = request.cursor === undefined ? null : decodeCursor(request.cursor, paged, POSITION);
  const readers = (await inOrderOfMaking(engine, tracts, position)).map(
    ({ name, operationSequence }, index) =>
      new OperationReader(engine, name, position?.before[index] ?? operationSequence + 1),
  );
  const page: Made[] = [];
  let skip = position?.skip ?? 0;
  let reader = await newest(readers);
  while (reader !== null && page.length < limit) {
    const { commits, tract } = reader;
    const taken = commits.slice(skip, skip + limit - page.length);
    page.push(...taken.map((hash) => ({ tract, hash })));
    skip += taken.length;
    if (skip < commits.length) break;
    reader.take();
    skip = 0;
    reader = await newest(readers);
  }
  const before = readers.map((one) => one.before);
  return {
    commits: await readEntries(engine, page),
    nextCursor: reader === null ? null : encodeCursor(paged, [before, skip]),
  };
}

/** Where a page starts: in each tract before an operation, and so many commits on in the newest of those. */
const POSITION = z
  .tuple([z.array(z.int().min(0)), z.int().min(0)])
  .transform(([before, skip]) => ({ before, skip }));

interface Made {
  readonly tract: string;
  readonly hash: Hash;
}

/** Tracts that were made since the first page are at the end, and newer than all that is left: no page goes on to them. */
async function inOrderOfMaking(
  { store }: Engine,
  names: readonly string[],
  position: { readonly before: readonly number[] } | null,
): Promise<readonly TractRecord[]> {
  const all = await store.listTracts();
  const known = all.filter(({ name }) => names.includes(name)).sort((a, b) => a.id - b.id);
  return position === null ? known : known.slice(0, position.before.length);
}

/** The reader whose next operation is the newest; of equal ones that of the tract made last, which the other one spawned. */
async function newest(readers: readonly OperationReader[]): Promise<OperationReader | null> {
  let found: OperationReader | null = null;
  for (const reader of readers) {
    if (!(await reader.find())) continue;
    if (found === null || reader.time >= found.time) found = reader;
  }
  return found;
}

const OPERATIONS_READ = 50;

/** Goes through the standing operations of a tract that made commits, newest first. */
class OperationReader {
  readonly tract: string;
  /** What was not taken is older than this sequence. */
  before: number;
  readonly #engine: Engine;
  #waiting: OperationRecord[] = [];
  /** Sequence that the next read goes on from. */
  #unread: number | null;

  constructor(engine: Engine, tract: string, before: number) {
    this.#engine = engine;
    this.tract = tract;
    this.before = before;
    this.#unread = before;
  }

  /** False at the end. */
  async find(): Promise<boolean> {
    while (this.#waiting.length === 0 && this.#unread !== null) {
      const page = await this.#engine.store.readOperations(this.tract, {
        standing: true,
        beforeSequence: this.#unread,
        limit: OPERATIONS_READ,
      });
      this.#unread = page.at(-1)?.sequence ?? null;
      this.#waiting = page.filter((operation) => commitsOf(operation).length > 0);
    }
    return this.#waiting.length > 0;
  }

  get time(): string {
    return this.#next().createdAt;
  }

  /** Newest first. */
  get commits(): readonly Hash[] {
    return commitsOf(this.#next()).toReversed();
  }

  take(): void {
    this.before = this.#next().sequence;
    this.#waiting.shift();
  }

  #next(): OperationRecord {
    const [next] = this.#waiting;
    invariant(next, "an operation was found");
    return next;
  }
}

/** Of a spawn the pointer and the purpose: what lies between are copies. */
function commitsOf({ type, params, results }: OperationRecord): readonly Hash[] {
  if (type === SPAWNED) return results.slice(-1);
  if (type !== "spawn") return results;
  return params.as === "branch" ? [...results.slice(0, 1), ...results.slice(-1)] : results;
}

async function readEntries(engine: Engine, page: readonly Made[]): Promise<readonly TimelineEntry[]> {
  const entries = new Map<string, TimelineEntry>();
  for (const tract of new Set(page.map((made) => made.tract))) {
    const inTract = withScope(engine, { tract });
    const hashes = page.flatMap((made) => (made.tract === tract ? made.hash : []));
    const commits: readonly CommitRecord[] = await engine.store.readCommits(tract, hashes);
    for (const entry of await commitEntries(inTract, commits))
      entries.set(`${tract} ${entry.hash}`, { ...entry, tract });
  }
  return page.flatMap(({ tract, hash }) => entries.get(`${tract} ${hash}`) ?? []);
}
