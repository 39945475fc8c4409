/** What a watch remembers of a tract, so that a write is looked at without reading again what it holds or follows on (spec 5.4). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { CommitRecord, ContentRecord, Encoding, Hash, RefRecord } from "../../storage/records.ts";
import { LruCache } from "../compile/lru.ts";
import type { Written } from "./occasion.ts";

/** Of one tract. What a hash names never changes; everything else is a fact, which holds only as long as nobody else writes. */
export interface TractMemory {
  readonly commits: RememberedCommits;
  readonly contents: LruCache<ContentRecord>;
  /** By the hash of a message: whether the one before it on its chain has another subject. */
  readonly differences: LruCache<boolean>;
  /** Telling words as numbers (subjects.ts), by the hash of a content. */
  readonly words: LruCache<ReadonlySet<number>>;
  /** Of the tract, once it is known; it never changes. */
  encoding: Encoding | null;
  /** Compiled tokens that a head has at most, by what is counted, with the annotations up to a sequence; null: not known. */
  size: { readonly head: Hash; readonly annotationSequence: number; readonly atMost: number } | null;
  facts: Facts;
}

/** Holds from the write that it was found after, over plain commits of this process, until anything else is written to the tract. */
export interface Facts {
  /** All of them. */
  tags: readonly RefRecord[] | null;
  /** A head at which no usage report stands. */
  unreported: Hash | null;
  /** True: all answers of policies are known. */
  areAnswersKnown: boolean;
}

export interface Memories {
  /** What is known of the tract at an occasion, with its write, if it has one, taken in. */
  readonly after: (tract: string, written: Written | undefined) => TractMemory;
}

const TRACTS_MAX = 32;
const CONTENTS_MAX = 256;
/** UTF-16 code units of the bodies together. */
const CONTENT_CHARS_MAX = 2_000_000;

interface Kept {
  readonly memory: TractMemory;
  /** Ledger sequence just after the newest write that was taken in; null: none was. */
  sequence: number | null;
}

export function createMemories(): Memories {
  const tracts = new LruCache<Kept>({ entriesMax: TRACTS_MAX, weightMax: TRACTS_MAX });
  return {
    after: (tract, written) => {
      const kept = tracts.get(tract) ?? { memory: newMemory(), sequence: null };
      tracts.set(tract, kept, 1);
      takeIn(kept, written);
      return kept.memory;
    },
  };
}

function newMemory(): TractMemory {
  return {
    commits: new RememberedCommits(),
    contents: new LruCache({ entriesMax: CONTENTS_MAX, weightMax: CONTENT_CHARS_MAX }),
    differences: new LruCache({ entriesMax: CONTENTS_MAX, weightMax: CONTENTS_MAX }),
    words: new LruCache({ entriesMax: CONTENTS_MAX, weightMax: CONTENTS_MAX }),
    encoding: null,
    size: null,
    facts: noFacts(),
  };
}

function noFacts(): Facts {
  return { tags: null, unreported: null, areAnswersKnown: false };
}

/** Forgets the facts: a new object, so that whoever is still finding some out adds them to the old one. */
export function forgetFacts(memory: TractMemory): void {
  memory.facts = noFacts();
}

function takeIn(kept: Kept, written: Written | undefined): void {
  const { memory } = kept;
  // Every write but that of compile records adds to the ledger: where its sequence goes on without a gap, nobody else has written.
  const before = written === undefined ? null : written.receipt.ledgerSequence - written.entryCount;
  if (before === null || before !== kept.sequence) forgetFacts(memory);
  kept.sequence = written?.receipt.ledgerSequence ?? null;
  if (written === undefined) return;
  const { change } = written;
  if (change.usages.length > 0 || change.refMoves.some(({ kind }) => kind === "tag")) forgetFacts(memory);
  for (const content of change.contents) memory.contents.set(content.hash, content, content.body.length);
  for (const commit of commitsIn(change) ?? []) memory.commits.add(commit);
}

/** The commits of a change as they are stored; null when that cannot be said, as one of their contents is not in the change. */
export function commitsIn({ commits, contents, operation }: ChangeSet): readonly CommitRecord[] | null {
  if (operation === null) return null;
  const byHash = new Map(contents.map((content) => [content.hash, content]));
  const made: CommitRecord[] = [];
  for (const commit of commits) {
    const content = commit.contentHash === null ? null : byHash.get(commit.contentHash);
    if (content === undefined) return null;
    const { role = null, priority = "normal" } = content ?? {};
    made.push({ ...commit, role, priority, operationId: operation.id });
  }
  return made;
}

const COMMITS_MAX = 2_000;
/** Steps along a chain, each a look into a map: more are for the store, which need not take them one by one. */
const STEPS_MAX = 512;
const PLACES_MAX = 64;

/** Commits of one tract by hash, the newest that were seen; answers what can be answered from them alone, and says so when it cannot. */
export class RememberedCommits {
  readonly #commits = new Map<Hash, CommitRecord>();
  /** Where a commit was last seen from: how many steps from which head; null: it was not on that chain. */
  readonly #places = new Map<Hash, { readonly head: Hash; readonly steps: number | null }>();
  /** The first commit of a chain that was walked to its end. */
  #root: Hash | null = null;
  /** The newest commits of the chain that was asked for last, oldest first: most chains that are asked for go on from it. */
  #chain: CommitRecord[] = [];

  add(commit: CommitRecord): void {
    this.#commits.set(commit.hash, commit);
    if (this.#commits.size <= COMMITS_MAX) return;
    for (const oldest of this.#commits.keys()) {
      this.#commits.delete(oldest);
      return;
    }
  }

  /** As `Situation.newest`; null: not known. */
  newest(head: Hash, limit: number, after: Hash | undefined): readonly CommitRecord[] | null {
    if (limit > STEPS_MAX || !this.#follow(head, limit)) return null;
    const chain = this.#chain;
    const found: CommitRecord[] = [];
    for (let i = chain.length - 1; i >= 0 && found.length < limit; i--) {
      const commit = chain[i];
      if (commit === undefined || commit.hash === after) return found;
      found.push(commit);
    }
    // Without it the chain ends elsewhere: what `after` leaves out is not known here.
    return found.length < limit && after !== undefined ? null : found;
  }

  /** Makes `#chain` that of a head, with at least `limit` commits or all there are. False: some are not known. */
  #follow(head: Hash, limit: number): boolean {
    const added: CommitRecord[] = [];
    const tip = this.#chain.at(-1)?.hash;
    let at: Hash | undefined = head;
    while (at !== undefined && at !== tip && added.length < limit) {
      const commit = this.#commits.get(at);
      if (commit === undefined) return false;
      added.push(commit);
      at = commit.parents[0];
    }
    if (at !== tip || at === undefined) this.#chain = [];
    this.#chain.push(...added.reverse());
    if (this.#chain.length > 2 * STEPS_MAX) this.#chain = this.#chain.slice(-STEPS_MAX);
    return this.#extend(limit);
  }

  #extend(limit: number): boolean {
    const earlier: CommitRecord[] = [];
    let at = this.#chain[0]?.parents[0];
    while (at !== undefined && this.#chain.length + earlier.length < limit) {
      const commit = this.#commits.get(at);
      if (commit === undefined) return false;
      earlier.push(commit);
      at = commit.parents[0];
    }
    if (earlier.length > 0) this.#chain = [...earlier.reverse(), ...this.#chain];
    if (at === undefined) this.#root = this.#chain[0]?.hash ?? null;
    return true;
  }

  /** Commits on the first-parent chain of a head; undefined: not known. */
  length(head: Hash): number | undefined {
    const steps = this.#root === null ? undefined : this.distance(this.#root, head);
    return steps == null ? undefined : steps + 1;
  }

  /** As `Situation.distanceTo`; undefined: not known. */
  distance(ancestor: Hash, head: Hash): number | null | undefined {
    const place = this.#places.get(ancestor);
    let at: Hash | undefined = head;
    for (let steps = 0; steps <= STEPS_MAX; steps++) {
      if (at === undefined) return this.notePlace(ancestor, head, null);
      if (at === ancestor) return this.notePlace(ancestor, head, steps);
      if (at === place?.head)
        return this.notePlace(ancestor, head, place.steps === null ? null : place.steps + steps);
      const commit: CommitRecord | undefined = this.#commits.get(at);
      if (commit === undefined) return undefined;
      at = commit.parents[0];
    }
    return undefined;
  }

  notePlace(ancestor: Hash, head: Hash, steps: number | null): number | null {
    if (this.#places.size >= PLACES_MAX) this.#places.clear();
    this.#places.set(ancestor, { head, steps });
    return steps;
  }
}
