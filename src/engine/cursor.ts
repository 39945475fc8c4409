/** Opaque cursors of paged lists: each goes on only in the query that gave it (spec 8). */
import type { z } from "zod";
import type { Json } from "../storage/records.ts";
import { canonicalJson } from "./content/canonical-json.ts";
import { sha256 } from "./content/hashes.ts";
import { packPosition, unpackPosition } from "./cursor-bytes.ts";
import { TractError } from "./errors.ts";
import type { Limits } from "./limits.ts";

/** What is paged through. */
export interface PagedQuery {
  /** Kind of list: "operations", "log", "search", "ledger". */
  readonly kind: string;
  /** Everything that decides what the list holds and in which order: tract, resolved refs, filters; not limit or cursor. JSON. */
  readonly query: Readonly<Record<string, unknown>>;
}

/** A text that a caller gives back to go on after `position`; the shorter the position, the shorter the text. */
export function encodeCursor(paged: PagedQuery, position: Json): string {
  return Buffer.concat([fingerprint(paged), packPosition(position)]).toString("base64url");
}

/**
 * The position in a cursor that a caller gave back.
 *
 * @param position what this list's positions look like; a cursor is outside data.
 * @throws TractError `invalid-argument` for a text that is no cursor, or one of another list or query.
 */
export function decodeCursor<Position>(
  cursor: string,
  paged: PagedQuery,
  position: z.ZodType<Position>,
): Position {
  const bytes = Buffer.from(cursor.slice(0, CURSOR_CHARS_MAX), "base64url");
  // Decoding skips what it does not know; only the text that was given is taken back.
  if (bytes.toString("base64url") !== cursor || bytes[0] !== CURSOR_VERSION || bytes.length < PRINT_BYTES)
    throw unusable("this is no cursor", paged);
  if (!bytes.subarray(0, PRINT_BYTES).equals(fingerprint(paged)))
    throw unusable("this cursor belongs to another list or query", paged);
  const parsed = position.safeParse(unpackPosition(bytes.subarray(PRINT_BYTES)));
  if (!parsed.success) throw unusable("this is no cursor", paged);
  return parsed.data;
}

/**
 * How many entries a page has.
 *
 * @throws TractError `invalid-argument` unless 1 to `limits.pageMax`.
 */
export function pageLimit(limits: Limits, limit: number | undefined): number {
  if (limit === undefined) return PAGE_DEFAULT;
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= limits.pageMax) return limit;
  throw new TractError("invalid-argument", `limit: expected a whole number from 1 to ${limits.pageMax}`, {
    hint: "Ask for fewer entries and go on with next_cursor.",
    data: { path: "limit", expected: `1 to ${limits.pageMax}` },
  });
}

const PAGE_DEFAULT = 20;
/** The first byte of every cursor. */
const CURSOR_VERSION = 2;
/** Longer ones are never made. */
const CURSOR_CHARS_MAX = 2_000;
/** Version and hash. Enough to tell queries apart; a cursor grants nothing, so nobody gains by a collision. */
const PRINT_BYTES = 7;

function fingerprint({ kind, query }: PagedQuery): Buffer {
  const hash = sha256(`tract.cursor.v${CURSOR_VERSION}\n${kind}\n${canonicalJson(query)}`);
  return Buffer.concat([Buffer.of(CURSOR_VERSION), Buffer.from(hash, "hex").subarray(0, PRINT_BYTES - 1)]);
}

function unusable(what: string, paged: PagedQuery): TractError {
  return new TractError("invalid-argument", `cursor: ${what}`, {
    hint: "Use next_cursor of the page before with the same arguments, or leave the cursor out to start anew.",
    data: { path: "cursor", list: paged.kind },
  });
}
