/** Canonical JSON after RFC 8785 (JCS): the bytes that hashes cover (spec 1.3). */
import canonicalize from "canonicalize";
import { invariant } from "../invariant.ts";

/**
 * The one canonical text of a JSON value. Equal values give equal text, whatever the order of their keys.
 *
 * @param value JSON that `json-rules` has accepted; undefined members are left out.
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  invariant(text !== undefined, "a value to be hashed is JSON");
  return text;
}
