/** Reads on past rows that cannot be read: a store that is damaged in one place is still verified everywhere else. */
import { StoreError } from "../../../storage/errors.ts";

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: number;
}
/** Gives the rows beyond `after`, at most `limit`; none at the end. */
export type ReadPage<Row> = (after: number, limit: number) => Promise<Page<Row>>;

/**
 * Gives a table page by page; pages that touch a damaged row are shorter.
 *
 * @param unreadable is told the place of each row that cannot be read.
 */
export async function* readPages<Row>(
  read: ReadPage<Row>,
  start: number,
  pageRows: number,
  unreadable: (place: number) => void,
): AsyncGenerator<readonly Row[], void, undefined> {
  let limit = pageRows;
  for (let after = start; ; ) {
    const page = await orDamage(read(after, limit));
    if (page !== undefined) {
      if (page.rows.length === 0) return;
      yield page.rows;
      after = page.next;
      limit = pageRows;
    } else if (limit > 1) {
      limit = Math.ceil(limit / 2);
    } else {
      const place = await placeOfDamage(read, after);
      unreadable(place ?? after + 1);
      if (place === null) return; // Nothing beyond it can be read either, as when a whole table is gone.
      after = place;
      limit = pageRows;
    }
  }
}

/** The first row beyond `after` cannot be read. Where is it? Reading beyond it works again, or meets the next damaged one. */
async function placeOfDamage<Row>(read: ReadPage<Row>, after: number): Promise<number | null> {
  let fails = after;
  let step = 1;
  while ((await orDamage(read(after + step, 1))) === undefined && step < PLACES_MAX) {
    fails = after + step;
    step *= 2;
  }
  if (step >= PLACES_MAX) return null;
  let works = after + step;
  while (works - fails > 1) {
    const middle = Math.floor((fails + works) / 2);
    if ((await orDamage(read(middle, 1))) === undefined) fails = middle;
    else works = middle;
  }
  return works;
}

/** Farther apart two rows are not looked for. */
const PLACES_MAX = 2 ** 40;

/** undefined when what was to be read is damaged; any other failure is thrown. */
export async function orDamage<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** The store says so, or its bytes are not what its decoders take: JSON, packed payloads, times. */
function isDamage(error: unknown): boolean {
  return error instanceof StoreError ? error.failure === "store-corrupt" : error instanceof Error;
}
