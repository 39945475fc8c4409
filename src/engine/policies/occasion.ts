/** What the rest of the engine knows of policies: when to call them, where they speak, and what they add to a write (spec 5.4). */
import type { ChangeSet, PublishReceipt } from "../../storage/change-set.ts";
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { Moment } from "./policy.ts";

/** Something has happened at which policies are evaluated. */
export interface Occasion {
  readonly moment: Moment;
  readonly tract: string;
  /** Where it happened; null: where HEAD is. */
  readonly branch: string | null;
  /** Of that branch by now; null: to be looked up. */
  readonly head: Hash | null;
  /** Commits that were made. */
  readonly made: readonly Hash[];
  /** The write that it was, so that nothing of it is read again; left out: none, or it belongs to another tract's. */
  readonly written?: Written;
}

/** A change set as it was published. */
export interface Written {
  readonly change: ChangeSet;
  readonly receipt: PublishReceipt;
  /** Entries that it wrote to the ledger, the beginning of a session included. */
  readonly entryCount: number;
}

/**
 * Evaluates the policies of a moment and does what their autonomy says. It never fails: what set it off is done, whatever comes of it.
 * With no policies in the tract it costs one look into a cache.
 */
export type Watch = (engine: Engine, occasion: Occasion) => Promise<void>;

/** What whoever called is told besides the result. */
export interface Notice {
  /** The policy that says it; null: none. */
  readonly policy: string | null;
  /** A sentence with numbers, never stored content. */
  readonly text: string;
  /** The proposal that it has just made; null: none. */
  readonly proposalId: string | null;
}

/** Adds to the operation of a write what belongs to it: the decision that it follows from, in the same transaction. */
export interface Rider {
  /** Awaited before each try of the write; it throws when that decision is no longer open. Null: nothing is to be added to this one. */
  readonly join: (change: ChangeSet) => Promise<ChangeSet | null>;
  /** The write that it joined is done. */
  readonly landed: () => void;
}
