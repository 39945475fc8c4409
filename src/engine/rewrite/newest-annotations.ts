/** The newest annotation of every commit of a tract, for what takes commits along to another place (spec 1.6). */
import type { AnnotationRecord, Hash, TractRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { AnnotationState } from "../history/annotation-state.ts";

export type AnnotationOf = (hash: Hash) => AnnotationState | null;

/** One read, however many commits are asked for. */
export async function readNewestAnnotations(
  { store }: Engine,
  tract: TractRecord | null,
): Promise<AnnotationOf> {
  const upTo = tract?.annotationSequence ?? 0;
  if (tract === null || upTo === 0) return () => null;
  const newest = new Map<Hash, AnnotationRecord>();
  for (const row of await store.readAnnotations(tract.name, { after: 0, upTo })) newest.set(row.commit, row);
  return (hash) => {
    const row = newest.get(hash);
    return row === undefined ? null : { priority: row.priority, retain: row.retain, labels: row.labels };
  };
}
