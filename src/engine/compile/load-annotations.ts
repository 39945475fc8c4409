/** Gives the annotations of a moment, reading only those that came since the last look. */
import type { Engine } from "../engine.ts";
import { AnnotationLog } from "./annotation-log.ts";
import { ANNOTATIONS_MAX, type CompilePoint } from "./cache.ts";

/** A log that knows everything up to the point; views of it stay right whatever it learns later. */
export async function loadAnnotations(
  { store, compileCache: { annotationLogs } }: Pick<Engine, "store" | "compileCache">,
  { tract, annotationSequence: upTo }: Pick<CompilePoint, "tract" | "annotationSequence">,
): Promise<AnnotationLog> {
  const log = annotationLogs.get(tract) ?? new AnnotationLog();
  if (log.sequence >= upTo) return log;
  log.add(await store.readAnnotations(tract, { after: log.sequence, upTo }), upTo);
  // The one of the largest tract is kept alone rather than read again by each commit.
  annotationLogs.set(tract, log, Math.min(log.size, ANNOTATIONS_MAX));
  return log;
}
