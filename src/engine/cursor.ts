/** Opaque cursors of paged lists: each goes on only in the query that gave it (spec 8). */
import type { z } from "zod";
import type { Json } from "../storage/records.ts";
import { canonicalJson } from "./content/canonical-json.ts";
import { sha256 } from "./content/hashes.ts";
import { TractError } from "./errors.ts";
import type { Limits } from "./limits.ts";

/** What is paged through. */
export interface PagedQuery {
  /** Kind of list: "operations", "log", "search", "ledger". */
  readonly kind: string;
  /** Everything that decides what the list holds and in which order: tract, resolved refs, filters; not limit or cursor. JSON. */
  readonly query: Readonly<Record<string, unknown>>;
}

/** A text that a caller gives back to go on after `position`. */
export function encodeCursor(paged: PagedQuery, position: Json): string {
  const cursor = [CURSOR_VERSION, paged.kind, fingerprint(paged), position];
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
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
  const parts = cursor.length > CURSOR_CHARS_MAX ? null : readParts(cursor);
  if (parts === null) throw unusable("this is no cursor", paged);
  const [, kind, print, at] = parts;
  if (kind !== paged.kind) throw unusable("this cursor belongs to another list", paged);
  if (print !== fingerprint(paged)) throw unusable("this cursor belongs to another query", paged);
  const parsed = position.safeParse(at);
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
const CURSOR_VERSION = 1;
/** Longer ones are never made. */
const CURSOR_CHARS_MAX = 2_000;
/** Enough to tell queries apart; a cursor grants nothing, so nobody gains by a collision. */
const FINGERPRINT_CHARS = 16;

function fingerprint(paged: PagedQuery): string {
  return sha256(`tract.cursor.v${CURSOR_VERSION}\n${canonicalJson(paged.query)}`).slice(0, FINGERPRINT_CHARS);
}

function readParts(cursor: string): readonly unknown[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    return Array.isArray(parts) && parts.length === 4 && parts[0] === CURSOR_VERSION ? parts : null;
  } catch {
    return null;
  }
}

function unusable(what: string, paged: PagedQuery): TractError {
  return new TractError("invalid-argument", `cursor: ${what}`, {
    hint: "Use next_cursor of the page before with the same arguments, or leave the cursor out to start anew.",
    data: { path: "cursor", list: paged.kind },
  });
}
