/** Gives the draft of a point in history: from the cache, grown from an earlier point, or cold from the store (spec 2.8). */

import { damagedContent } from "../content/stored-json.ts";
import type { Engine } from "../engine.ts";
import { invariant } from "../invariant.ts";
import { type CompilePoint, lineageKey, pointKey } from "./cache.ts";
import { type Draft, EMPTY_DRAFT, growDraft } from "./draft.ts";
import { kitOf } from "./kit.ts";
import { loadAnnotations } from "./load-annotations.ts";
import type { CompileOptions } from "./options.ts";

/** Earlier points that are tried; each costs one look at the store when it is not an ancestor. */
const BASES_TRIED_MAX = 4;

export async function loadDraft(
  engine: Engine,
  point: CompilePoint,
  options: CompileOptions,
): Promise<Draft> {
  const { drafts } = engine.compileCache;
  const key = pointKey(point, options);
  const known = drafts.get(key);
  if (known !== undefined) return known;
  const draft = (await growKnown(engine, point, options)) ?? (await buildDraft(engine, point, options));
  drafts.set(key, draft, weightOf(draft));
  return draft;
}

/** From nothing: one read of the whole chain, one of the annotations. */
export async function buildDraft(
  engine: Engine,
  point: CompilePoint,
  options: CompileOptions,
): Promise<Draft> {
  const { tract, head, annotationSequence, encoding } = point;
  const kit = kitOf(await engine.tokenCounter(encoding));
  const chain = head === null ? [] : await engine.store.readChain(tract, head);
  invariant(chain !== null, "the whole chain of a head can be read");
  if (head !== null && chain.at(-1)?.commit.hash !== head) throw damagedContent(); // An empty context would be taken for what is there.
  const log = await loadAnnotations(engine, point);
  const annotations = log.between(0, annotationSequence);
  const news = { head, chain, annotationSequence, annotations, newest: log.at(annotationSequence) };
  const draft = growDraft(EMPTY_DRAFT, news, options, kit);
  invariant(draft !== null, "from nothing a draft always grows");
  return draft;
}

/** null when no known draft is an ancestor's, or what came since changes what was settled. */
async function growKnown(
  engine: Engine,
  point: CompilePoint,
  options: CompileOptions,
): Promise<Draft | null> {
  const { tract, head, annotationSequence, encoding } = point;
  if (head === null) return null;
  let tried = 0;
  for (const base of engine.compileCache.drafts.startingWith(lineageKey(point, options))) {
    if (base.head === null || base.annotationSequence > annotationSequence) continue;
    if (tried === BASES_TRIED_MAX) return null;
    tried += 1;
    const chain = base.head === head ? [] : await engine.store.readChain(tract, head, base.head);
    if (chain === null) continue;
    const log = await loadAnnotations(engine, point);
    const annotations = log.between(base.annotationSequence, annotationSequence);
    const kit = kitOf(await engine.tokenCounter(encoding));
    const news = { head, chain, annotationSequence, annotations, newest: log.at(annotationSequence) };
    return growDraft(base, news, options, kit);
  }
  return null;
}

/** Tokens, as a measure of memory; what is out weighs too. */
function weightOf(draft: Draft): number {
  return draft.entries.reduce((sum, entry) => sum + entry.tokens, draft.sealed?.weight ?? 0);
}
