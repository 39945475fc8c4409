/** Finds where on this branch an imported edit applies: to the same commit, or to the copy that an earlier import made (spec 3.4). */
import type { Hash, OperationRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { type Coverage, readCoverage } from "../history/coverage.ts";
import type { Site } from "../history/snapshot.ts";
import { short } from "./rewrite-warning.ts";

/** Type of the operations that import_commit writes: `sources` of its params or its record are parallel to its results. */
export const IMPORT_TYPE = "import_commit";

/** Imports of another tract that are looked through for a copy, newest first. */
const IMPORTS_SEARCHED_MAX = 1_000;

/** What an imported edit applies to here. */
export interface EditedCommit {
  readonly hash: Hash;
  /** Of a summary what it stands for; null for any other commit. */
  readonly sources: readonly Hash[] | null;
}

export class ImportTargets {
  readonly #engine: Engine;
  readonly #head: Hash | null;
  /** null: this tract. */
  readonly #from: string | null;
  #coverage: Coverage | null = null;
  #imports: readonly OperationRecord[] | null = null;

  constructor(engine: Engine, site: Site, from: string | null) {
    this.#engine = engine;
    this.#head = site.head?.hash ?? null;
    this.#from = from;
  }

  /** True for a commit of the source that is in this branch's history itself. */
  async isHere(hash: Hash): Promise<boolean> {
    const { scope, store } = this.#engine;
    if (this.#from !== null || this.#head === null) return false;
    return await store.isReachable(scope.tract, hash, this.#head);
  }

  /**
   * The commit here that stands for one of the source; null when there is none.
   *
   * @throws TractError `edit-target` when a summary stands for it.
   */
  async find(target: Hash): Promise<EditedCommit | null> {
    const found = (await this.isHere(target)) ? target : await this.#findCopy(target);
    if (found === null) return null;
    this.#coverage ??= await readCoverage(this.#engine, this.#head);
    const cover = this.#coverage.covers.get(found);
    if (cover === undefined) return { hash: found, sources: this.#sourcesOfSummary(found) };
    throw new TractError(
      "edit-target",
      `commit ${short(found)} cannot be edited: it is summarised by ${short(cover.by)}; nothing was imported`,
      {
        hint: "Bring its originals back with expand (restore true), or edit the summary.",
        data: { target: found, summary: cover.by },
      },
    );
  }

  #sourcesOfSummary(hash: Hash): readonly Hash[] | null {
    const content = this.#coverage?.contents.get(hash);
    return content === undefined ? null : (content.sources as readonly Hash[]); // The schema of the content type says so.
  }

  async #findCopy(target: Hash): Promise<Hash | null> {
    const { scope, store } = this.#engine;
    if (this.#head === null) return null;
    for (const operation of await this.#importsOf(target)) {
      const copy = operation.results[this.#sourcesOf(operation).indexOf(target)];
      if (copy !== undefined && (await store.isReachable(scope.tract, copy, this.#head))) return copy;
    }
    return null;
  }

  async #importsOf(target: Hash): Promise<readonly OperationRecord[]> {
    const { scope, store } = this.#engine;
    const query = { type: IMPORT_TYPE, limit: IMPORTS_SEARCHED_MAX };
    if (this.#from === null) return await store.readOperations(scope.tract, { ...query, commit: target });
    this.#imports ??= await store.readOperations(scope.tract, query);
    return this.#imports;
  }

  #sourcesOf({ params, sources }: OperationRecord): readonly Hash[] {
    if (this.#from === null) return params.from_tract === null ? sources : [];
    return params.from_tract === this.#from ? (params.sources as readonly Hash[]) : []; // import_commit wrote it.
  }
}
