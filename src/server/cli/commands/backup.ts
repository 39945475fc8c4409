/** `tract backup FILE`: copies the store while others go on working with it (spec 9, 22). */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { TractError } from "../../../engine/errors.ts";
import { StoreError } from "../../../storage/errors.ts";
import { openForInspection } from "../../compose.ts";
import type { Config } from "../../config.ts";
import { printableJson } from "../printable-json.ts";
import type { Terminal } from "../terminal.ts";

/**
 * Writes the backup and prints its size.
 *
 * @throws TractError `not-found` (no store yet), `exists` (a file is there already), `invalid-argument` (it cannot be made there).
 */
export async function backUpStore(
  file: string,
  host: { readonly config: Config; readonly terminal: Terminal; readonly json: boolean },
): Promise<void> {
  const { config, terminal, json } = host;
  const target = resolve(config.cwd, file);
  if (existsSync(target)) {
    throw new TractError("exists", "there is a file of this name already; it was left as it is", {
      hint: "Name a file that is not there yet.",
    });
  }
  const store = await openForInspection(config);
  if (store === null) {
    throw new TractError("not-found", "there is no store yet, so nothing to back up", {
      hint: "See the store's location with tract doctor, or name another with --store.",
    });
  }
  try {
    const bytes = await store.backupTo(target).catch((error: unknown) => Promise.reject(inWords(error)));
    const size = bytes.toLocaleString("en");
    terminal.out(json ? printableJson({ bytes }) : `Backed up: ${size} bytes. Open it with --store FILE.\n`);
  } finally {
    await store.close();
  }
}

/** The general hint of an unusable store is about the store, and here it is the backup's place. */
function inWords(error: unknown): unknown {
  if (!(error instanceof StoreError) || error.failure !== "store-unusable") return error;
  return new TractError("invalid-argument", error.message, {
    hint: "Name a file that is not there yet, in a folder that you may write.",
    cause: error,
  });
}
