/** The only place that reads environment, arguments and the config file: it turns them into checked settings, each with its source. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { posix, win32 } from "node:path";
import { DEFAULT_SETTINGS } from "../engine/default-settings.ts";
import { TractError } from "../engine/errors.ts";
import { LLM_TIMEOUT_MS } from "../llm/openai-options.ts";
import {
  environmentLayer,
  fileLayer,
  flagLayer,
  type Given,
  type Layer,
  type SettingSource,
  unknownEnvironmentNames,
} from "./config-layers.ts";
import {
  CONFIG_FILE,
  configFolder,
  dataFolder,
  findProject,
  type PathRules,
  projectTractName,
  type Surroundings,
} from "./default-paths.ts";
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingValues } from "./settings.ts";

export interface Config {
  readonly settings: SettingValues;
  readonly sources: { readonly [N in SettingName]: SettingSource };
  /** The project that the working directory lies in. */
  readonly projectFolder: string | null;
  readonly cwd: string;
  /** What does not stop a start but a person should know. */
  readonly warnings: readonly string[];
}

/** What the outside world says, as data, so that tests need no real one. */
export interface ConfigInputs extends Surroundings {
  /** Values of settings' flags, by setting. */
  readonly flags: { readonly [N in SettingName]?: string };
  /** Text of a file; null when there is none. */
  readonly readFile: (path: string) => string | null;
  /** Whether users other than its owner may read a file. Default: no. */
  readonly isOpenToOthers?: (path: string) => boolean;
}

/** The inputs of this process. */
export function readProcessInputs(flags: ConfigInputs["flags"]): ConfigInputs {
  return {
    flags,
    env: process.env,
    cwd: process.cwd(),
    homedir: homedir(),
    platform: process.platform,
    readFile: readTextIfThere,
    // Windows keeps access elsewhere than in the mode.
    isOpenToOthers: (path) => process.platform !== "win32" && (statSync(path).mode & OTHERS_BITS) !== 0,
    exists: existsSync,
  };
}

const OTHERS_BITS = 0o077;

/** The command line after the program's name. */
export function readArguments(): readonly string[] {
  return process.argv.slice(2);
}

/** Whether a stream gets colours: NO_COLOR and FORCE_COLOR win, else a terminal does that is able to. */
export function wantsColors(env: ConfigInputs["env"], isTerminal: boolean): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "" && env.FORCE_COLOR !== "0") return true;
  return isTerminal && env.TERM !== "dumb";
}

/**
 * Settles every setting: defaults, then the user's config file, the project's, the environment, and flags (spec 6.1).
 *
 * @throws TractError `invalid-argument` naming the setting and its source: an unknown key, or a value that does not fit.
 */
export function resolveConfig(inputs: ConfigInputs): Config {
  const path = inputs.platform === "win32" ? win32 : posix;
  const projectFolder = findProject(inputs, path);
  const given: Layer = {
    ...readFileLayer(configFolder(inputs, path), "the user's", inputs, path),
    ...(projectFolder === null ? {} : readFileLayer(projectFolder, "the project's", inputs, path)),
    ...environmentLayer(inputs.env, inputs.cwd),
    ...flagLayer(inputs.flags, inputs.cwd),
  };
  const defaults = defaultValues(inputs, projectFolder, path);
  const settings: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  for (const name of SETTING_NAMES) {
    const entry = given[name];
    settings[name] = entry === undefined ? defaults[name] : checkedValue(name, entry, inputs.homedir, path);
    sources[name] = entry?.source ?? { kind: "default" };
  }
  return {
    settings: settings as unknown as SettingValues, // Every name has its default or a value that its own schema accepted.
    sources: sources as Config["sources"], // Every name was set above.
    projectFolder,
    cwd: inputs.cwd,
    warnings: unknownEnvironmentNames(inputs.env),
  };
}

function readFileLayer(
  folder: string,
  whose: "the user's" | "the project's",
  { readFile, isOpenToOthers = () => false }: ConfigInputs,
  path: PathRules,
): Layer {
  const file = path.join(folder, CONFIG_FILE);
  const text = readFile(file);
  return fileLayer({ path: file, text, whose, isOpenToOthers: text !== null && isOpenToOthers(file) }, path);
}

function defaultValues(inputs: ConfigInputs, projectFolder: string | null, path: PathRules): SettingValues {
  return {
    store: `sqlite:${path.join(dataFolder(inputs, path), "tract.db")}`,
    tract: projectFolder === null ? "default" : projectTractName(projectFolder, path),
    worktree: "default",
    profile: "self",
    durability: "full",
    compile_budget: DEFAULT_SETTINGS.compileBudget,
    encoding: DEFAULT_SETTINGS.encoding,
    default_branch: DEFAULT_SETTINGS.defaultBranch,
    "agent.id": null,
    "agent.class": null,
    "ledger.reason_chars": DEFAULT_SETTINGS.ledger.reasonChars,
    "ledger.excerpt_chars": DEFAULT_SETTINGS.ledger.excerptChars,
    "ledger.tool_reads": false,
    "redaction.action": "off",
    log_level: "warn",
    "llm.api_key": null,
    "llm.base_url": null,
    "llm.model": null,
    "llm.timeout_ms": LLM_TIMEOUT_MS,
    // The workspace: transcripts usually lie beside the project, not in it.
    import_root: path.dirname(projectFolder ?? inputs.cwd),
    "http.host": "127.0.0.1",
    "http.port": 7_420,
    "http.token": null,
    "http.token_file": null,
    "http.allowed_hosts": null,
  };
}

function checkedValue(name: SettingName, given: Given, homedir: string, path: PathRules): unknown {
  const parsed = SETTINGS[name].schema.safeParse(given.value);
  if (!parsed.success) {
    const problem = parsed.error.issues[0]?.message ?? "not valid";
    throw new TractError("invalid-argument", `${given.where}: setting ${name}: ${problem}`, {
      hint: `${name} is ${SETTINGS[name].description}.`,
      data: { setting: name, source: given.where },
    });
  }
  if (name === "store") return absoluteStore(String(parsed.data), given, homedir, path);
  return FILE_SETTINGS.has(name) && typeof parsed.data === "string"
    ? absolutePath(parsed.data, given, homedir, path)
    : parsed.data;
}

const FILE_SETTINGS: ReadonlySet<SettingName> = new Set(["import_root", "http.token_file"]);

/** `sqlite:PATH` or a plain path, made absolute. */
function absoluteStore(store: string, given: Given, homedir: string, path: PathRules): string {
  const file = store.startsWith("sqlite:") ? store.slice("sqlite:".length) : store;
  if (file !== "" && !/^[a-z][a-z0-9+.-]*:\/\//i.test(file))
    return `sqlite:${absolutePath(file, given, homedir, path)}`;
  throw new TractError("invalid-argument", `${given.where}: setting store: expected sqlite:PATH`, {
    hint: "This version keeps its history in an SQLite file, like sqlite:./tract.db.",
    data: { setting: "store", source: given.where },
  });
}

/** Relative paths start at the folder of the file that names them, else at the working directory; `~` is the user's home. */
function absolutePath(file: string, given: Given, homedir: string, path: PathRules): string {
  if (file === "~" || /^~[\\/]/.test(file)) return path.join(homedir, file.slice(1));
  return path.resolve(given.folder, file);
}

/** Absent, or a folder of that name: null. */
function readTextIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    if (["ENOENT", "ENOTDIR", "EISDIR"].includes(code)) return null;
    throw new TractError("invalid-argument", `${CONFIG_FILE} cannot be read (${code})`, {
      hint: "Give the user that starts Tract the right to read its config file.",
      cause,
    });
  }
}
