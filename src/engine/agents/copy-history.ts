/** Copies a whole history for a child in a tract of its own: the same commits with the same hashes, and what annotations say of them (spec 3.6). */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { CompilePoint } from "../compile/cache.ts";
import { loadAnnotations } from "../compile/load-annotations.ts";
import type { Engine } from "../engine.ts";
import { type AnnotationState, NO_ANNOTATION, sameState } from "../history/annotation-state.ts";
import { invariant } from "../invariant.ts";

export interface CopiedHistory {
  /** Parents before children; contents are in the store already. */
  readonly copied: readonly ChainCommit[];
  /** The state in force of each commit that has one. */
  readonly judgements: readonly { readonly commit: Hash; readonly state: AnnotationState }[];
}

/** Everything reachable from the head of a point. */
export async function readHistory(engine: Engine, point: CompilePoint): Promise<CopiedHistory> {
  const { tract, head, annotationSequence: upTo } = point;
  if (head === null) return { copied: [], judgements: [] };
  const chain = await engine.store.readChain(tract, head);
  invariant(chain !== null, "the whole chain of a head can be read");
  const annotations = (await loadAnnotations(engine, point)).at(upTo);
  return {
    copied: chain,
    judgements: chain.flatMap(({ commit }) => {
      const row = annotations.get(commit.hash);
      if (row === undefined || sameState(row, NO_ANNOTATION)) return [];
      const { priority, retain, labels } = row;
      return [{ commit: commit.hash, state: { priority, retain, labels } }];
    }),
  };
}
