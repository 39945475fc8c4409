/** The settings of this version: what each holds, how it is checked, and its flag and environment names (spec 6.1). */
import { z } from "zod";
import { isApiKey, isEndpoint, LLM_TIMEOUT_MS } from "../llm/openai-options.ts";
import type { Encoding } from "../storage/records.ts";
import { PROFILES, type Profile } from "../tools/profiles.ts";
import { isToken, TOKEN_FORM } from "./http/token-form.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";

/** Every setting by its name in the config file; a dot there is a nested object. */
export interface SettingValues {
  /** `sqlite:` and an absolute path. */
  readonly store: string;
  readonly tract: string;
  readonly worktree: string;
  readonly profile: Profile;
  readonly durability: "full" | "normal";
  /** Tokens. */
  readonly compile_budget: number;
  readonly encoding: Encoding;
  readonly default_branch: string;
  /** null: the name that the client gives. */
  readonly "agent.id": string | null;
  /** null: the profile. */
  readonly "agent.class": string | null;
  readonly "ledger.reason_chars": number;
  readonly "ledger.excerpt_chars": number;
  /** Also calls that only read are noted in the ledger. */
  readonly "ledger.tool_reads": boolean;
  /** What happens to credentials in what is written. */
  readonly "redaction.action": "off" | "redact" | "reject";
  readonly log_level: LogLevel;
  /** null: the endpoint takes none, or no LLM is configured. Never shown, and never a flag. */
  readonly "llm.api_key": string | null;
  /** null: OpenAI's own. */
  readonly "llm.base_url": string | null;
  /** null: what the tract keeps, or the call says. */
  readonly "llm.model": string | null;
  /** Milliseconds. */
  readonly "llm.timeout_ms": number;
  /** Absolute path of the folder that import_transcript may read from. */
  readonly import_root: string;
  /** Address or name that `serve --http` listens on. */
  readonly "http.host": string;
  /** 0: any free port. */
  readonly "http.port": number;
  /** null: none but those of the token file. Never shown, and never a flag. */
  readonly "http.token": string | null;
  /** Absolute path; null: there is no such file. */
  readonly "http.token_file": string | null;
  /** Names besides the own ones that clients may call the server by, with commas between. */
  readonly "http.allowed_hosts": string | null;
}
export type SettingName = keyof SettingValues;

export interface Setting<Value> {
  readonly schema: z.ZodType<Value>;
  /** A phrase for help texts. */
  readonly description: string;
  /** Name of the value in help texts. */
  readonly placeholder: string;
  /** Shown in help; null when it depends on the machine. */
  readonly defaultText: string | null;
  /** True: its value is never shown, and it has no flag, as others can read a command line. */
  readonly isSecret: boolean;
}

const profiles = Object.keys(PROFILES) as [Profile, ...Profile[]]; // The keys of PROFILES are exactly the profiles.
const name = z.string().min(1).max(200);
const token = z.string().refine(isToken, `expected ${TOKEN_FORM}`);
const hostNames = z
  .string()
  .regex(/^[\w.:[\]-]+(?:,[\w.:[\]-]+)*$/, "expected names with commas between, like tract.example.com");
const apiKey = z.string().refine(isApiKey, "expected a key of printable characters, without spaces");
const endpoint = z.string().refine(isEndpoint, "expected an http or https address without user and password");

export const SETTINGS: { readonly [N in SettingName]: Setting<SettingValues[N]> } = {
  store: setting(z.string().min(1), "where the history is kept: sqlite:PATH", "sqlite:PATH"),
  tract: setting(name, "the tract (repository of context) to work in", "NAME"),
  worktree: setting(name, "the worktree whose HEAD to use; made by its first write", "NAME", "default"),
  profile: setting(z.enum(profiles), `the tools that are offered: ${profiles.join(", ")}`, "PROFILE", "self"),
  durability: setting(
    z.enum(["full", "normal"]),
    "full: an acknowledged commit survives power loss",
    "LEVEL",
    "full",
  ),
  compile_budget: setting(
    wholeNumber(1, 100_000_000),
    "token budget of compile when none is given",
    "TOKENS",
    "8000",
  ),
  encoding: setting(
    z.enum(["o200k_base", "cl100k_base"]),
    "token encoding of new tracts",
    "ENCODING",
    "o200k_base",
  ),
  default_branch: setting(name, "the branch that a new tract starts on", "BRANCH", "main"),
  "agent.id": setting(name.nullable(), "who acts, in authors and the ledger", "ID"),
  "agent.class": setting(name.nullable(), "the kind of agent, in the ledger", "CLASS"),
  "ledger.reason_chars": setting(wholeNumber(1, 100_000), "where query_ledger cuts a reason", "CHARS", "200"),
  "ledger.excerpt_chars": setting(
    wholeNumber(1, 100_000),
    "where query_ledger cuts a metadata value",
    "CHARS",
    "240",
  ),
  "ledger.tool_reads": setting(
    z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")]),
    "note calls that only read in the ledger: true or false",
    "BOOLEAN",
    "false",
  ),
  "redaction.action": setting(
    z.enum(["off", "redact", "reject"]),
    "credentials in what is written: off, redact or reject",
    "ACTION",
    "off",
  ),
  log_level: setting(z.enum(LOG_LEVELS), `what goes to stderr: ${LOG_LEVELS.join(", ")}`, "LEVEL", "warn"),
  "llm.api_key": { ...setting(apiKey.nullable(), "the key of the LLM endpoint", "KEY"), isSecret: true },
  "llm.base_url": setting(endpoint.nullable(), "the OpenAI-compatible endpoint to ask", "URL"),
  "llm.model": setting(name.nullable(), "the model to ask when a tract keeps none", "MODEL"),
  "llm.timeout_ms": setting(
    wholeNumber(1, 3_600_000),
    "how long the LLM may take for one attempt",
    "MS",
    String(LLM_TIMEOUT_MS),
  ),
  import_root: setting(z.string().min(1), "the folder that import_transcript may read from", "FOLDER"),
  "http.host": setting(name, "the address that serve --http listens on", "HOST", "127.0.0.1"),
  "http.port": setting(
    wholeNumber(0, 65_535),
    "the port of serve --http; 0 takes a free one",
    "PORT",
    "7420",
  ),
  "http.token": {
    ...setting(token.nullable(), "the token that HTTP clients must show", "TOKEN"),
    isSecret: true,
  },
  "http.token_file": setting(
    z.string().min(1).nullable(),
    "a file of tokens for HTTP clients; made when missing",
    "FILE",
  ),
  "http.allowed_hosts": setting(
    hostNames.nullable(),
    "further names that HTTP clients call this server by",
    "NAME,…",
  ),
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]; // The keys of SETTINGS are exactly these.
/** Those that the command line may set. */
export const FLAG_SETTINGS: readonly SettingName[] = SETTING_NAMES.filter((each) => !SETTINGS[each].isSecret);

/** `ledger.reason_chars` → `ledger-reason-chars`, without the dashes in front. */
export function flagOf(setting: SettingName): string {
  return setting.replace(/[._]/g, "-");
}

/** `ledger.reason_chars` → `TRACT_LEDGER_REASON_CHARS`. */
export function environmentNameOf(setting: SettingName): string {
  return `TRACT_${setting.replace(/\./g, "_").toUpperCase()}`;
}

function setting<Value>(
  schema: z.ZodType<Value>,
  description: string,
  placeholder: string,
  defaultText: string | null = null,
): Setting<Value> {
  return { schema, description, placeholder, defaultText, isSecret: false };
}

/** Environment and flags give text, the config file gives numbers. */
function wholeNumber(min: number, max: number): z.ZodType<number> {
  const digits = z.string().regex(/^\d+$/, "expected a whole number").transform(Number);
  return z
    .union([z.int(), digits], { error: `expected a whole number from ${min} to ${max}` })
    .pipe(z.number().min(min).max(max));
}
