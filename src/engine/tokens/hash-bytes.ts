/** A fast hash of a few bytes, for tables in memory. */

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a, with its high bits mixed into the low ones, which tables take their slots from. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = OFFSET;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ (bytes[index] ?? 0), PRIME);
  return hash ^ (hash >>> 15);
}
