/** The files of an installed bundle against the hashes that its manifest names (written by `npm run bundle`, checked by `tract doctor`). */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { z } from "zod";

export const MANIFEST_FILE = "manifest.json";
/** The key of our own data in a manifest's `_meta`. */
export const MANIFEST_META_KEY = "io.github.tract-mcp";

/** `sha256:` and 64 hex digits by path, with `/` on every platform. */
export type FileHashes = Readonly<Record<string, string>>;

export interface ShippedFiles {
  /** How many files the manifest names. */
  readonly named: number;
  /** Their content is not what was shipped. */
  readonly changed: readonly string[];
  readonly missing: readonly string[];
  /** They were not shipped. */
  readonly unlisted: readonly string[];
}

const FILE_HASH = /^sha256:[0-9a-f]{64}$/;
/** The part of a manifest that says what was shipped. */
const shipped = z.looseObject({
  _meta: z.looseObject({
    [MANIFEST_META_KEY]: z.looseObject({ files: z.record(z.string(), z.string().regex(FILE_HASH)) }),
  }),
});

/** Compares a folder with what its manifest names; null when the manifest, or the folder, names nothing. */
export async function checkShippedFiles(folder: string): Promise<ShippedFiles | null> {
  const named = await readNamedHashes(folder);
  if (named === null) return null;
  const found = await hashFiles(folder);
  return {
    named: Object.keys(named).length,
    changed: Object.keys(named).filter((path) => Object.hasOwn(found, path) && found[path] !== named[path]),
    missing: Object.keys(named).filter((path) => !Object.hasOwn(found, path)),
    unlisted: Object.keys(found).filter((path) => !Object.hasOwn(named, path)),
  };
}

/** The hash of every file in a folder but its manifest, which cannot name itself; in the order of the paths. */
export async function hashFiles(folder: string): Promise<FileHashes> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => path !== MANIFEST_FILE)
    .sort();
  const hashes: Record<string, string> = {};
  for (const path of paths) {
    const bytes = await readFile(join(folder, path));
    hashes[path] = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  }
  return hashes;
}

/** The folder that Tract is installed in: the nearest above this file that holds a manifest; null in none. */
export function installFolder(): string | null {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, MANIFEST_FILE))) return folder;
    if (dirname(folder) === folder) return null;
  }
}

/** @throws when a manifest that should name files does so in no form that can be read: then nothing vouches for the others. */
async function readNamedHashes(folder: string): Promise<FileHashes | null> {
  const manifest = z
    .looseObject({ _meta: z.unknown().optional() })
    .parse(JSON.parse(await readFile(join(folder, MANIFEST_FILE), "utf8")));
  if (manifest._meta === undefined) return null;
  return shipped.parse(manifest)._meta[MANIFEST_META_KEY]?.files ?? null;
}
