/** Canonical JSON after RFC 8785 (JCS): the bytes that hashes cover (spec 1.3). */
import canonicalize from "canonicalize";
import { invariant } from "../invariant.ts";

/**
 * The one canonical text of a JSON value. Equal values give equal text, whatever the order of their keys.
 *
 * @param value JSON that `json-rules` has accepted; undefined members are left out.
 */
export function canonicalJson(value: unknown): string {
  // RFC 8785 takes over how JSON.stringify writes values (its 3.2.2) and only orders the keys: what is in order needs no more.
  const text = isInOrder(value) ? JSON.stringify(value) : canonicalize(value);
  invariant(text !== undefined, "a value to be hashed is JSON");
  return text;
}

/** True when all keys are enumerated in the order of their UTF-16 code units, at every depth. */
function isInOrder(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  let previous = "";
  for (const key in value) {
    if (key < previous) return false;
    if (!isInOrder(value[key as keyof typeof value])) return false;
    previous = key;
  }
  return true;
}
