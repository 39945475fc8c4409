/** The layers that settings come in: config files, environment and flags, each value with where it was given (spec 6.1). */
import { TractError } from "../engine/errors.ts";
import { nearest } from "../engine/nearest.ts";
import { CONFIG_FILE, type PathRules } from "./default-paths.ts";
import {
  environmentNameOf,
  FLAG_SETTINGS,
  flagOf,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
} from "./settings.ts";

/** Where a value came from. */
export type SettingSource =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "environment"; readonly name: string }
  | { readonly kind: "flag"; readonly name: string };

/** A value as given, where it was given in words, and the folder that its relative paths start from. */
export interface Given {
  readonly value: unknown;
  readonly source: SettingSource;
  readonly where: string;
  readonly folder: string;
}
export type Layer = { readonly [N in SettingName]?: Given };

export interface ConfigFile {
  readonly path: string;
  /** null: there is no such file. */
  readonly text: string | null;
  readonly whose: "the user's" | "the project's";
  /** True: users other than its owner may read it. */
  readonly isOpenToOthers: boolean;
}

/** @throws TractError `invalid-argument`: no JSON object, or a key that is no setting. */
export function fileLayer(file: ConfigFile, path: PathRules): Layer {
  if (file.text === null) return {};
  const where = `${file.whose} ${CONFIG_FILE}`;
  const layer: Record<string, Given> = {};
  for (const [name, value] of flattened(parseObject(file.text, where))) {
    if (!isSettingName(name)) throw unknownSetting(name, where);
    if (SETTINGS[name].isSecret && file.isOpenToOthers) throw openSecret(name, where);
    layer[name] = {
      value,
      source: { kind: "file", path: file.path },
      where,
      folder: path.dirname(file.path),
    };
  }
  return layer;
}

/** An empty variable counts as not set: container tools set such; also a placeholder that a host did not fill, as nobody gave a value. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>, cwd: string): Layer {
  const layer: Record<string, Given> = {};
  for (const setting of SETTING_NAMES) {
    const name = environmentNameOf(setting);
    const value = env[name];
    if (value === undefined || value === "" || UNFILLED.test(value)) continue;
    layer[setting] = { value, source: { kind: "environment", name }, where: name, folder: cwd };
  }
  return layer;
}

export function flagLayer(flags: { readonly [N in SettingName]?: string }, cwd: string): Layer {
  const layer: Record<string, Given> = {};
  for (const setting of FLAG_SETTINGS) {
    const value = flags[setting];
    if (value === undefined) continue;
    const name = `--${flagOf(setting)}`;
    layer[setting] = { value, source: { kind: "flag", name }, where: name, folder: cwd };
  }
  return layer;
}

/** The environment is shared with other programs, so an unknown name there is a warning, not a refusal. */
export function unknownEnvironmentNames(
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const known = SETTING_NAMES.map((setting) => environmentNameOf(setting).slice(PREFIX.length));
  return Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name.slice(PREFIX.length)))
    .sort()
    .map((name) => {
      const near = nearest(name.slice(PREFIX.length), known).map((each) => PREFIX + each);
      const question = near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
      return `environment variable ${name} is no setting of this version${question}`;
    });
}

const PREFIX = "TRACT_";
/** As manifest.json writes what a user may leave open. */
const UNFILLED = /^\$\{user_config\.\w+\}$/;

function parseObject(text: string, where: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TractError("invalid-argument", `${where} is not valid JSON`, {
      hint: "Correct the file: it holds one JSON object with settings.",
      cause,
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new TractError("invalid-argument", `${where} holds no JSON object`, {
    hint: 'Write settings as an object, like { "profile": "full" }.',
  });
}

/** `{ agent: { id } }` → `agent.id`; one level deep, as the names are. `$schema` is an editor's business. */
function flattened(settings: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(settings)
    .filter(([key]) => key !== "$schema")
    .flatMap(([key, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(value).map(([inner, own]) => [`${key}.${inner}`, own] as const)
        : [[key, value] as const],
    );
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** A key in a file that others can read is everybody's key. */
function openSecret(name: SettingName, where: string): TractError {
  return new TractError("invalid-argument", `${where} holds ${name}, and other users may read the file`, {
    hint: `Make the file readable by its owner alone (chmod 600), or give it as ${environmentNameOf(name)}.`,
    data: { setting: name, source: where },
  });
}

function unknownSetting(name: string, where: string): TractError {
  const near = nearest(name, SETTING_NAMES);
  const question = near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : "";
  return new TractError(
    "invalid-argument",
    `${where}: there is no setting ${JSON.stringify(name.slice(0, 80))}`,
    {
      hint: `${question}Settings: ${SETTING_NAMES.join(", ")}.`,
      data: { setting: name.slice(0, 80), source: where, near },
    },
  );
}
