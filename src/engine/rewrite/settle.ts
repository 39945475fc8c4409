/** Gives every edit, reveal and summary of a rewritten history what it belongs to, or says what it becomes without (spec 3.4). Pure. */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { summaryContentOf } from "../history/coverage.ts";
import { type CopyStep, copyStep, hashesOf, type Step } from "./arrange.ts";
import { type OnMissingTarget, type RewriteWarning, short, warn } from "./rewrite-warning.ts";

export interface SettleInput {
  readonly steps: readonly Step[];
  /** Of the range; not made again. */
  readonly dropped: readonly ChainCommit[];
  /** Before the range; not behind the new base. */
  readonly lost: readonly ChainCommit[];
  /** Behind the new base, and a summary there stands for them that the old head did not have. */
  readonly covered: ReadonlySet<Hash>;
  readonly onMissingTarget: OnMissingTarget | undefined;
  readonly force: boolean;
}

export interface Settled {
  readonly steps: readonly Step[];
  readonly warnings: readonly RewriteWarning[];
  /** Warnings that nothing asked for settles: the operation must not happen. */
  readonly refusals: readonly RewriteWarning[];
}

/** What is told of an edit besides its problem. */
const EDIT_BECOMES: Readonly<Record<OnMissingTarget, string>> = {
  error: "",
  as_append: ": it becomes a message of its own",
  with_target: ": the target comes along before it",
  drop: ": it is left out",
};

/** One pass in the new order: what a step belongs to must have been placed by then, or stand outside of what is made again. */
export function settle(input: SettleInput): Settled {
  return new Settling(input).run();
}

class Settling {
  readonly #input: SettleInput;
  readonly #waiting = new Map<Hash, Step>();
  /** Not behind the new head, unless placed. */
  readonly #gone: Map<Hash, ChainCommit>;
  readonly #dropped: Set<Hash>;
  readonly #placed = new Set<Hash>();
  readonly #steps: Step[] = [];
  readonly #warnings: RewriteWarning[] = [];
  readonly #refusals: RewriteWarning[] = [];

  constructor(input: SettleInput) {
    this.#input = input;
    for (const step of input.steps) for (const hash of hashesOf(step)) this.#waiting.set(hash, step);
    this.#gone = new Map([...input.dropped, ...input.lost].map((row) => [row.commit.hash, row]));
    this.#dropped = new Set(input.dropped.map(({ commit }) => commit.hash));
  }

  run(): Settled {
    for (const step of this.#input.steps) if (this.#isWaiting(step)) this.#place(step);
    return { steps: this.#steps, warnings: this.#warnings, refusals: this.#refusals };
  }

  #isWaiting(step: Step): boolean {
    return hashesOf(step).some((hash) => this.#waiting.has(hash));
  }

  #place(step: Step): void {
    if (step.kind === "squash" || step.row.commit.operation === "append") this.#add(step);
    else if (step.row.commit.operation === "summary") this.#placeSummary(step);
    else this.#placePointer(step);
  }

  /** An edit or a reveal. */
  #placePointer(step: CopyStep): void {
    const { editTarget, operation } = step.row.commit;
    if (editTarget !== null && operation === "edit" && this.#input.covered.has(editTarget))
      this.#placeUnseen(step, editTarget);
    else if (editTarget === null || this.#isThere(editTarget)) this.#add(step);
    else if (operation === "reveal") this.#placeReveal(step, editTarget);
    else this.#placeEdit(step, editTarget);
  }

  #add(step: Step): void {
    for (const hash of hashesOf(step)) {
      this.#waiting.delete(hash);
      this.#placed.add(hash);
    }
    this.#steps.push(step);
  }

  #leaveOut(step: CopyStep): void {
    const { hash } = step.row.commit;
    this.#waiting.delete(hash);
    this.#dropped.add(hash);
    this.#gone.set(hash, step.row);
  }

  #isThere(hash: Hash): boolean {
    return this.#placed.has(hash) || (!this.#waiting.has(hash) && !this.#gone.has(hash));
  }

  /** Brings a commit here that comes later, was dropped, or was left behind. */
  #bring(hash: Hash): void {
    const row = this.#gone.get(hash);
    const step = this.#waiting.get(hash) ?? (row === undefined ? undefined : copyStep(row));
    this.#gone.delete(hash);
    this.#dropped.delete(hash);
    if (step !== undefined) this.#place(step);
  }

  #placeEdit(step: CopyStep, target: Hash): void {
    const { hash } = step.row.commit;
    const { force, onMissingTarget = force ? "as_append" : "error" } = this.#input;
    const about = [hash, target];
    const then = EDIT_BECOMES[onMissingTarget];
    const warning = this.#waiting.has(target)
      ? warn(
          "edit-before-target",
          `edit ${short(hash)} would come before its target ${short(target)}${then}`,
          about,
        )
      : warn("missing-target", `edit ${short(hash)} would lose its target ${short(target)}${then}`, about);
    this.#warnings.push(warning);
    if (onMissingTarget === "error") this.#refusals.push(warning);
    if (onMissingTarget === "with_target") this.#bring(target);
    if (onMissingTarget === "drop") this.#leaveOut(step);
    else this.#add(this.#isThere(target) ? step : { ...step, asAppend: true });
  }

  /** An edit of what a summary stands for shows only once the summary is ended. */
  #placeUnseen(step: CopyStep, target: Hash): void {
    const { hash } = step.row.commit;
    const { force, onMissingTarget = force ? "with_target" : "error" } = this.#input;
    const text = `edit ${short(hash)} would not show: a summary on the new base stands for its target ${short(target)}`;
    const warning = warn("covered-target", text, [hash, target]);
    this.#warnings.push(warning);
    if (onMissingTarget === "error") this.#refusals.push(warning);
    if (onMissingTarget === "drop") this.#leaveOut(step);
    else this.#add(onMissingTarget === "as_append" ? { ...step, asAppend: true } : step);
  }

  /** It can be no message of its own: without its summary it goes. */
  #placeReveal(step: CopyStep, target: Hash): void {
    const { hash } = step.row.commit;
    const about = [hash, target];
    if (this.#waiting.has(target)) this.#refuseEarlyReveal(step, target);
    if (this.#isThere(target)) {
      this.#add(step);
      return;
    }
    const text = `reveal ${short(hash)} went with its summary ${short(target)}`;
    this.#warnings.push(warn("reveal-dropped", text, about));
    this.#leaveOut(step);
  }

  #refuseEarlyReveal({ row }: CopyStep, target: Hash): void {
    const { hash } = row.commit;
    const { force, onMissingTarget = force ? "drop" : "error" } = this.#input;
    const text = `reveal ${short(hash)} would come before its summary ${short(target)}`;
    const warning = warn("edit-before-target", text, [hash, target]);
    this.#warnings.push(warning);
    if (onMissingTarget === "error") this.#refusals.push(warning);
    if (onMissingTarget === "with_target") this.#bring(target);
  }

  #placeSummary(step: CopyStep): void {
    const { hash } = step.row.commit;
    const sources = summaryContentOf(step.row).sources as readonly Hash[]; // The schema of the content type says so.
    const later = sources.filter((source) => this.#waiting.has(source));
    const dropped = sources.filter((source) => this.#dropped.has(source));
    if (later.length > 0) {
      const problem = `summary ${short(hash)} would come before ${later.length} of the commits that it stands for`;
      const warning = warn("source-after-summary", problem, [hash, ...later]);
      this.#warnings.push(warning);
      if (!this.#input.force) this.#refusals.push(warning);
    }
    if (later.length + dropped.length === sources.length) {
      const text = `summary ${short(hash)} went with the commits that it stood for`;
      this.#warnings.push(warn("summary-dropped", text, [hash, ...dropped]));
      this.#leaveOut(step);
      return;
    }
    if (dropped.length > 0) {
      const text = `summary ${short(hash)} still tells of ${dropped.length} commits that were dropped`;
      this.#warnings.push(warn("summary-sources", text, [hash, ...dropped]));
    }
    this.#add(step);
  }
}
