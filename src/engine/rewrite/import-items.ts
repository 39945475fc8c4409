/** Makes the commits of an import: each as it is, with edits and summaries pointing to what stands for their originals here (spec 3.4). */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { RESTORE_STRATEGY } from "../content/content-types.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { summaryContentOf } from "../history/coverage.ts";
import type { CommitItem, LateItem } from "../history/plan-commit.ts";
import { invariant } from "../invariant.ts";
import { appendItem, type CopyOptions, editItem, summaryCopy, summaryEdit } from "./copy-item.ts";
import type { ImportedCommits } from "./import-source.ts";
import type { EditedCommit, ImportTargets } from "./import-targets.ts";
import { type OnMissingTarget, type RewriteWarning, short, warn } from "./rewrite-warning.ts";

export interface ImportItems {
  /** Parallel: what each item is the copy of. */
  readonly from: readonly ChainCommit[];
  readonly items: readonly LateItem[];
  /** Left out, as asked. */
  readonly dropped: readonly Hash[];
  readonly warnings: readonly RewriteWarning[];
}

/** @throws TractError `edit-target` for edits whose target is not on this branch, with all of them in data. */
export async function importItems(
  engine: Engine,
  source: ImportedCommits,
  targets: ImportTargets,
  onMissingTarget: OnMissingTarget,
): Promise<ImportItems> {
  const importing = new Importing(engine, source, targets, onMissingTarget);
  for (const row of source.rows) await importing.add(row);
  return importing.finish();
}

class Importing {
  readonly #engine: Engine;
  readonly #source: ImportedCommits;
  readonly #targets: ImportTargets;
  readonly #onMissingTarget: OnMissingTarget;
  readonly #from: ChainCommit[] = [];
  readonly #items: LateItem[] = [];
  /** Place among the items, and how it came, by the hash in the source. */
  readonly #places = new Map<Hash, { readonly index: number; readonly isSummary: boolean }>();
  readonly #dropped: Hash[] = [];
  readonly #missing: { readonly edit: Hash; readonly target: Hash }[] = [];
  readonly #warnings: RewriteWarning[] = [];

  constructor(
    engine: Engine,
    source: ImportedCommits,
    targets: ImportTargets,
    onMissingTarget: OnMissingTarget,
  ) {
    this.#engine = engine;
    this.#source = source;
    this.#targets = targets;
    this.#onMissingTarget = onMissingTarget;
  }

  async add(row: ChainCommit): Promise<void> {
    const { editTarget, operation } = row.commit;
    // An edit may have brought it along already.
    if (this.#places.has(row.commit.hash)) return;
    if (operation === "summary") await this.#addSummary(row);
    else if (editTarget === null) this.#addAppend(row);
    else await this.#addEdit(row, editTarget);
  }

  finish(): ImportItems {
    if (this.#missing.length > 0) throw missingTargets(this.#missing);
    return { from: this.#from, items: this.#items, dropped: this.#dropped, warnings: this.#warnings };
  }

  #push(row: ChainCommit, isSummary: boolean, item: (made: readonly CommitRecord[]) => CommitItem): void {
    this.#places.set(row.commit.hash, { index: this.#items.length, isSummary });
    this.#from.push(row);
    this.#items.push(item);
  }

  #addAppend(row: ChainCommit): void {
    const options = this.#optionsOf(row);
    this.#push(row, false, () => appendItem(this.#engine, row, options));
  }

  async #addSummary(row: ChainCommit): Promise<void> {
    const { hash } = row.commit;
    const content = summaryContentOf(row);
    const sources = content.sources as readonly Hash[]; // The schema of the content type says so.
    if (!(await this.#areHere(sources))) {
      if (content.strategy === RESTORE_STRATEGY) {
        const text = `summary ${short(hash)} was left out: what it hides is not on this branch`;
        this.#warnings.push(warn("summary-dropped", text, [hash]));
        this.#dropped.push(hash);
        return;
      }
      const text = `summary ${short(hash)} came as a message: what it stands for is not on this branch`;
      this.#warnings.push(warn("summary-as-message", text, [hash]));
      this.#addAppend(row);
      return;
    }
    const options = this.#optionsOf(row);
    this.#push(row, true, (made) => summaryCopy(this.#engine, row, this.#locateAll(sources, made), options));
  }

  async #areHere(hashes: readonly Hash[]): Promise<boolean> {
    for (const hash of hashes)
      if (!this.#places.has(hash) && !(await this.#targets.isHere(hash))) return false;
    return true;
  }

  async #addEdit(row: ChainCommit, target: Hash): Promise<void> {
    const { hash } = row.commit;
    const options = this.#optionsOf(row);
    if (!this.#places.has(target)) {
      const found = await this.#targets.find(target);
      if (found !== null) {
        this.#push(row, false, () => this.#editOf(row, found, options));
        return;
      }
      switch (this.#onMissingTarget) {
        case "drop":
          this.#dropped.push(hash);
          return;
        case "as_append":
          this.#addAppend(row);
          return;
        case "error":
          this.#missing.push({ edit: hash, target });
          return;
        case "with_target":
          await this.add(await this.#source.read(target));
      }
    }
    this.#push(row, false, (made) => this.#editOf(row, this.#madeTarget(row, target, made), options));
  }

  /** Of this import. */
  #madeTarget(row: ChainCommit, target: Hash, made: readonly CommitRecord[]): EditedCommit {
    const place = this.#places.get(target);
    const hash = made[place?.index ?? -1]?.hash;
    invariant(place !== undefined && hash !== undefined, "an edit comes after its target");
    if (!place.isSummary) return { hash, sources: null };
    const sources = summaryContentOf(row).sources as readonly Hash[]; // The schema of the content type says so.
    return { hash, sources: this.#locateAll(sources, made) };
  }

  /** An edit of a summary that came as a message is a message, too. */
  #editOf(row: ChainCommit, { hash, sources }: EditedCommit, options: CopyOptions): CommitItem {
    if (row.commit.contentType !== "summary") return editItem(row, hash, options);
    if (sources !== null) return summaryEdit(this.#engine, row, { editTarget: hash, sources }, options);
    return { ...appendItem(this.#engine, row, options), operation: "edit", editTarget: hash };
  }

  #locateAll(hashes: readonly Hash[], made: readonly CommitRecord[]): readonly Hash[] {
    return hashes.map((hash) => made[this.#places.get(hash)?.index ?? -1]?.hash ?? hash);
  }

  #optionsOf(row: ChainCommit): CopyOptions {
    return { annotation: this.#source.annotationOf(row.commit.hash) };
  }
}

/** Of one refusal. */
const MISSING_TOLD_MAX = 20;

function missingTargets(missing: readonly { readonly edit: Hash; readonly target: Hash }[]): TractError {
  const [first] = missing;
  const more = missing.length > 1 ? ` (and ${missing.length - 1} more like it)` : "";
  return new TractError(
    "edit-target",
    `edit ${first === undefined ? "" : short(first.edit)} replaces ${first === undefined ? "" : short(first.target)}, which is not on this branch${more}; nothing was imported`,
    {
      hint: "Choose with on_missing_target: as_append imports the edit as a message of its own, with_target imports its target before it, drop leaves the edit out.",
      data: {
        missing: missing.slice(0, MISSING_TOLD_MAX),
        missing_count: missing.length,
        choices: ["as_append", "with_target", "drop"],
      },
    },
  );
}
