/** Text that a person gives by a file or a pipe: UTF-8, or refused, because a replaced character would be stored for good. */
import { readFile } from "node:fs/promises";
import { TractError } from "../../engine/errors.ts";

/**
 * The text of a file that `--file` names.
 *
 * @throws TractError `invalid-argument` when it cannot be read or is not UTF-8.
 */
export async function readTextOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new TractError("invalid-argument", `the file given by --file cannot be read (${code})`, {
      hint: "Check its name and your right to read it.",
      cause,
    });
  });
  return decodeText(bytes, "the file given by --file");
}

/**
 * Bytes as text, every one of them kept, also a byte order mark.
 *
 * @param source What the message calls the bytes.
 * @throws TractError `invalid-argument` when they are not UTF-8.
 */
export function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TractError("invalid-argument", `${source} is not UTF-8 text`, {
      hint: "Convert it to UTF-8 first, for example with iconv; nothing was stored.",
      cause,
    });
  }
}
