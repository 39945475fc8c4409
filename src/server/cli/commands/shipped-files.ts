/** The files of an installed bundle against the hashes that its manifest names (written by `npm run bundle`, checked by `tract doctor`). */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
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
  const found = new Map<string, string | null>();
  for (const path of await listFiles(folder)) found.set(path, await hashFile(join(folder, path)));
  const paths = Object.keys(named);
  return {
    named: paths.length,
    changed: paths.filter((path) => found.has(path) && found.get(path) !== named[path]),
    missing: paths.filter((path) => !found.has(path)),
    unlisted: [...found.keys()].filter((path) => !Object.hasOwn(named, path)),
  };
}

/**
 * The hash of every file in a folder but its manifest, which cannot name itself; in the order of the paths.
 *
 * @throws when something there is no file that can be read.
 */
export async function hashFiles(folder: string): Promise<FileHashes> {
  const hashes: Record<string, string> = {};
  for (const path of await listFiles(folder)) {
    const hash = await hashFile(join(folder, path));
    if (hash === null) throw new Error(`${path} is no file that can be read`);
    hashes[path] = hash;
  }
  return hashes;
}

async function listFiles(folder: string): Promise<readonly string[]> {
  const paths = await listBelow(folder, "");
  return paths.filter((path) => path !== MANIFEST_FILE).sort();
}

/** A link is listed and never followed: it may lead anywhere, also back. (`recursive` of readdir follows those to folders.) */
async function listBelow(folder: string, prefix: string): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory()) paths.push(...(await listBelow(folder, `${path}/`)));
    else paths.push(path);
  }
  return paths;
}

/** null for what is no file of its own, such as a link, or cannot be read. */
async function hashFile(path: string): Promise<string | null> {
  try {
    if (!(await lstat(path)).isFile()) return null;
    return `sha256:${createHash("sha256")
      .update(await readFile(path))
      .digest("hex")}`;
  } catch {
    return null; // Named among the changed ones: what it holds is not what was shipped.
  }
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
