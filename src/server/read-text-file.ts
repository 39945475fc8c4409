/** Reads a file that a caller named: a regular file of bounded size, inside the folder that settings allow. */
import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { TractError } from "../engine/errors.ts";

export interface FileRules {
  /** Relative paths start here. */
  readonly folder: string;
  /** The file must lie in this folder, links followed; null: anywhere, because a person named it. */
  readonly root: string | null;
  readonly bytesMax: number;
}

/**
 * Makes the reader that a way in lends to tools.
 *
 * @returns A function that throws TractError `not-found` (no such file), `not-allowed` (outside the root), `content-too-large`, or
 *   `invalid-argument` (a folder or device, not readable, not UTF-8). No message holds a path of the machine.
 */
export function createTextFileReader({
  folder,
  root,
  bytesMax,
}: FileRules): (path: string) => Promise<string> {
  return async (path) => {
    const named = resolve(folder, path);
    const real = await realpath(named).catch((cause: unknown) => Promise.reject(unreadable(cause)));
    if (root !== null && !lies(real, await realpath(root).catch(() => root))) throw outside();
    // Opening a pipe for reading would wait for its writer; a device may do anything.
    const file = await open(real, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause: unknown) =>
      Promise.reject(unreadable(cause)),
    );
    try {
      return await readRegularFile(file, bytesMax);
    } finally {
      await file.close();
    }
  };
}

async function readRegularFile(file: FileHandle, bytesMax: number): Promise<string> {
  const stats = await file.stat();
  if (!stats.isFile()) {
    throw new TractError("invalid-argument", "path: this is no regular file", {
      hint: "Name a file that holds a transcript.",
    });
  }
  if (stats.size > bytesMax) throw tooLarge(stats.size, bytesMax);
  const bytes = await file.readFile();
  if (bytes.length > bytesMax) throw tooLarge(bytes.length, bytesMax);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new TractError("invalid-argument", "path: the file is not UTF-8 text", {
      hint: "Convert the file to UTF-8 and import it again; nothing was stored.",
      cause,
    });
  }
}

function lies(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function outside(): TractError {
  return new TractError(
    "not-allowed",
    "path: the file lies outside the folder that files may be imported from",
    {
      hint: "Give the transcript as text, or a person can set import_root (--import-root, TRACT_IMPORT_ROOT).",
    },
  );
}

function tooLarge(bytes: number, bytesMax: number): TractError {
  return new TractError(
    "content-too-large",
    `path: the file has ${bytes} bytes; at most ${bytesMax} are read`,
    {
      hint: "Split the transcript into several files.",
      data: { bytes, bytes_max: bytesMax },
    },
  );
}

function unreadable(cause: unknown): TractError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new TractError("not-found", "path: there is no such file", {
      hint: "Check the name; relative paths start at the server's working folder.",
      cause,
    });
  }
  return new TractError("invalid-argument", `path: the file cannot be read (${code})`, {
    hint: "Give the server the right to read it, or give the transcript as text.",
    cause,
  });
}
