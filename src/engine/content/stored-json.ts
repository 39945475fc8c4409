/** Reads JSON that Tract has stored. */
import { TractError } from "../errors.ts";

/**
 * The words of a SyntaxError would quote what is stored, so they are not passed on.
 *
 * @throws TractError `store-corrupt` when it is no JSON any more: its bytes were changed behind Tract's back.
 */
export function parseStored(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw damagedContent();
  }
}

/** A stored content is not what Tract writes: its bytes were changed behind Tract's back. */
export function damagedContent(): TractError {
  return new TractError("store-corrupt", "a stored content is damaged", {
    hint: "Keep the file as it is. Run verify to see what is damaged, and restore a backup beside it if you have one.",
  });
}
