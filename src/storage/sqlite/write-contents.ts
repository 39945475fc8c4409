/** Writing contents: each stored once per store, large ones compressed. */
import { StoreConflict } from "../errors.ts";
import type { ContentRecord, Hash } from "../records.ts";
import { packPayload } from "./codec.ts";
import { hasCollected } from "./collect-reads.ts";
import type { Database } from "./database.ts";
import { ROWS_PER_STEP } from "./steps.ts";

export interface PackedContent {
  readonly content: ContentRecord;
  readonly body: string | Uint8Array;
  readonly text: string | Uint8Array | null;
}

export function packContents(contents: readonly ContentRecord[]): readonly PackedContent[] {
  return contents.map((content) => ({
    content,
    body: packPayload(content.body),
    text: content.text === null ? null : packPayload(content.text),
  }));
}

/** Where a content stands: its row, and the kind that commits of it share. */
export interface ContentPlace {
  readonly id: number;
  readonly kind: number;
}

export function* writeContents(
  database: Database,
  contents: readonly PackedContent[],
): Generator<void, Map<Hash, ContentPlace>, void> {
  const places = new Map<Hash, ContentPlace>();
  const insert = database.sql(
    "INSERT INTO contents (hash, kind_id, body, text) VALUES (unhex(?), ?, ?, ?) ON CONFLICT (hash) DO NOTHING",
  );
  for (const [index, { content, body, text }] of contents.entries()) {
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield;
    const kind = database.interned.contentKinds.idOf(content);
    const { changes, lastInsertRowid } = insert.run(content.hash, kind, body, text);
    if (changes > 0) places.set(content.hash, { id: Number(lastInsertRowid), kind });
  }
  return places;
}

export function requireContent(
  database: Database,
  places: Map<Hash, ContentPlace>,
  hash: Hash,
): ContentPlace {
  let place = places.get(hash);
  if (place !== undefined) return place;
  const row = database
    .sql<[number, number]>("SELECT id, kind_id FROM contents WHERE hash = unhex(?)")
    .get(hash);
  if (row === undefined && hasCollected(database)) throw new StoreConflict({ what: "content", hash });
  if (row === undefined)
    throw new Error("a commit names a content that is neither in the store nor in the change set");
  place = { id: row[0], kind: row[1] };
  places.set(hash, place);
  return place;
}
