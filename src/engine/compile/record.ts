/** Compile records: a recipe and a digest, from which the exact messages can be made again (spec 2.6; spec 9, 12). */

import { emptyChange } from "../../storage/change-set.ts";
import type { CompileRecord, Encoding, Hash, JsonObject } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow } from "../history/publish.ts";
import { CredentialFound, type Hit, type Screen, screenJson } from "../history/screen.ts";
import { COMPILER_VERSION } from "../versions.ts";
import type { CompilePoint } from "./cache.ts";
import { compose } from "./compose.ts";
import { type CompiledSize, type Composition, commitCountOf } from "./context.ts";
import { digestOf } from "./digest.ts";
import { type CompileOptions, type Format, fromRecipe, toRecipe } from "./options.ts";

export interface RecordedContext {
  readonly point: CompilePoint;
  readonly branch: string | null;
  readonly options: CompileOptions;
  readonly composition: Composition;
  readonly size: CompiledSize;
}

/** A label that holds a credential cannot be replaced: the context would be another one. */
function refuseCredentials(screen: Screen | null, options: JsonObject): void {
  if (screen === null) return;
  const hits: Hit[] = [];
  screenJson(screen, options, "options", hits);
  if (hits[0] !== undefined) throw new CredentialFound(hits[0]);
}

/** Keeps a record and gives its id; null on a store that is read-only, and for a tract that has nothing yet. */
export async function keepRecord(engine: Engine, recorded: RecordedContext): Promise<string | null> {
  const { point, composition } = recorded;
  if (engine.store.isReadonly || (await engine.store.findTract(point.tract)) === null) return null;
  const options = { ...toRecipe(recorded.options), encoding: point.encoding };
  refuseCredentials(await engine.screen(engine, point.head), options);
  const { rendered } = composition;
  const { tokenCount, tokenSource } = recorded.size;
  const record: CompileRecord = {
    id: engine.newId(),
    head: point.head,
    branch: recorded.branch,
    options,
    annotationSequence: point.annotationSequence,
    compilerVersion: COMPILER_VERSION,
    tokenCount,
    tokenSource,
    commitCount: commitCountOf(composition),
    messageCount: rendered.itemCount,
    digest: digestOf(rendered.format, rendered),
    createdAt: isoNow(engine),
  };
  await engine.store.publish({ ...emptyChange(point.tract), compileRecords: [record] });
  return record.id;
}

/**
 * Reads a record.
 *
 * @throws TractError `not-found`.
 */
export async function readRecord(engine: Engine, id: string): Promise<CompileRecord> {
  const record = await engine.store.readCompileRecord(engine.scope.tract, id);
  if (record !== null) return record;
  throw new TractError("not-found", `there is no compile record ${JSON.stringify(id.slice(0, 80))}`, {
    hint: "The record_id of a compile result is meant; the resource compile-records lists them, newest first.",
    data: { record_id: id.slice(0, 80) },
  });
}

/**
 * Makes the context of a record again.
 *
 * @throws TractError `record-not-reproducible` when the result is not, byte for byte, what was recorded.
 */
export async function rebuildRecord(engine: Engine, record: CompileRecord): Promise<RecordedContext> {
  if (record.compilerVersion !== COMPILER_VERSION)
    throw notReproducible(record, `it was made by compiler version ${record.compilerVersion}`);
  const options = fromRecipe(record.options);
  const point: CompilePoint = {
    tract: engine.scope.tract,
    encoding: encodingOf(record.options),
    head: record.head,
    annotationSequence: record.annotationSequence,
  };
  const composition = await compose(engine, point, options);
  const digest: Hash = digestOf(options.format, composition.rendered);
  if (digest !== record.digest) throw notReproducible(record, "the rebuilt messages have another digest");
  const { tokenCount, tokenSource } = record;
  return { point, branch: record.branch, options, composition, size: { tokenCount, tokenSource } };
}

/** Records looked at for one of the same format. */
const RECORDS_TRIED_MAX = 20;

/** The newest record of a branch in a format, or the newest before another one; made again without its digest being checked. */
export async function composePrevious(
  engine: Engine,
  wanted: { readonly branch: string | null; readonly format: Format; readonly before: string | null },
): Promise<Composition | null> {
  const { branch, format, before } = wanted;
  if (branch === null) return null;
  const records = await engine.store.listCompileRecords(engine.scope.tract, {
    branch,
    limit: RECORDS_TRIED_MAX,
    ...(before === null ? {} : { before }),
  });
  const record = records.find(({ options }) => options.format === format);
  if (record === undefined || record.compilerVersion !== COMPILER_VERSION) return null;
  const { head, annotationSequence, options } = record;
  const point = { tract: engine.scope.tract, encoding: encodingOf(options), head, annotationSequence };
  return await compose(engine, point, fromRecipe(options));
}

function encodingOf(recipe: JsonObject): Encoding {
  return recipe.encoding === "cl100k_base" ? "cl100k_base" : "o200k_base";
}

function notReproducible(record: CompileRecord, why: string): TractError {
  return new TractError("record-not-reproducible", `compile record ${record.id} cannot be rebuilt: ${why}`, {
    hint: "The record still says what was compiled: its head, options, counts and digest. Run verify to see whether the history is intact.",
    data: { record_id: record.id, digest: record.digest, compiler_version: record.compilerVersion },
  });
}
