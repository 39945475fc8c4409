/** Where things are by default on each platform: the project, the user's data and the config files (spec 6.1). */
import { createHash } from "node:crypto";
import type { posix } from "node:path";

/** The rules of paths of one platform: `posix` or `win32` of node:path. */
export type PathRules = typeof posix;

/** What the paths depend on. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly homedir: string;
  readonly platform: NodeJS.Platform;
  readonly exists: (path: string) => boolean;
}

export const CONFIG_FILE = "tract.config.json";

/** The nearest folder at or above the working directory that holds a `.git` or a config file. */
export function findProject({ cwd, exists }: Surroundings, path: PathRules): string | null {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    if (exists(path.join(folder, ".git")) || exists(path.join(folder, CONFIG_FILE))) return folder;
    if (path.dirname(folder) === folder) return null;
  }
}

/** Folder name and 4 hex of the path's hash, so that two projects of one name never share a tract. */
export function projectTractName(folder: string, path: PathRules): string {
  const readable = path
    .basename(folder)
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .slice(0, 60);
  return `${readable || "project"}-${createHash("sha256").update(folder).digest("hex").slice(0, 4)}`;
}

export function dataFolder({ env, homedir, platform }: Surroundings, path: PathRules): string {
  if (platform === "win32")
    return path.join(env.LOCALAPPDATA || path.join(homedir, "AppData", "Local"), "Tract");
  if (platform === "darwin") return path.join(homedir, "Library", "Application Support", "Tract");
  return path.join(absoluteOr(env.XDG_DATA_HOME, path.join(homedir, ".local", "share"), path), "tract");
}

export function configFolder({ env, homedir, platform }: Surroundings, path: PathRules): string {
  if (platform === "win32")
    return path.join(env.APPDATA || path.join(homedir, "AppData", "Roaming"), "Tract");
  if (platform === "darwin") return path.join(homedir, "Library", "Application Support", "Tract");
  return path.join(absoluteOr(env.XDG_CONFIG_HOME, path.join(homedir, ".config"), path), "tract");
}

/** The XDG rules say that a relative path there is to be ignored. */
function absoluteOr(value: string | undefined, fallback: string, path: PathRules): string {
  return value !== undefined && path.isAbsolute(value) ? value : fallback;
}
