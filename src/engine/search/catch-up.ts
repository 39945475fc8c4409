/** Brings the search index up to date: before a search answers, and in idle time (spec 3.1). */
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { createRest } from "../long-work.ts";

/**
 * Indexes what has been committed since the last time, in batches of `limits.searchIndexBatch`. Several processes may do so at once; a
 * store that cannot be written to is left as it is.
 *
 * @throws TractError `cancelled`; what was indexed until then stays.
 */
export async function catchUpSearchIndex(
  engine: Engine,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { limits, store } = engine;
  if (store.isReadonly) return;
  const rest = createRest(engine, options.signal);
  let left = Number.POSITIVE_INFINITY;
  while (left > 0) {
    await rest();
    left = await store.indexForSearch({ limit: limits.searchIndexBatch, textOf: storedText });
  }
}
