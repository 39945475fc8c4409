/** Settings of a branch, from its config commits: per key the commit nearest to the head wins (spec 1.2; spec 9, 9). */
import { z } from "zod";
import type { Hash, JsonObject } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { isJsonObject } from "../content/json-rules.ts";
import { checkLlmSettings, type LlmSettings } from "../content/llm-config-check.ts";
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { nearest } from "../nearest.ts";
import { explainIssue } from "../zod-words.ts";
import { ORCHESTRATE_SETTINGS, type OrchestrateSettings } from "./orchestrate-settings.ts";
import { checkPolicySettings, type PolicySettings } from "./policy-check.ts";
import { partsOf, wholeOf } from "./setting-parts.ts";

/** Tokens that the compiled context of a branch may have, and what happens beyond (spec 1.7). */
export interface Budget {
  readonly max_tokens: number;
  readonly action: "warn" | "reject" | "compact";
}

/** null: not set on this branch. */
export interface TractSettings {
  readonly budget: Budget | null;
  readonly strategy: "full" | "outline" | "adaptive" | null;
  readonly recent: number | null;
  readonly compile_budget: number | null;
  readonly ledger: {
    readonly reason_chars?: number | undefined;
    readonly excerpt_chars?: number | undefined;
  } | null;
  /** LLM configs: for all operations, and for each (spec 5.2). */
  readonly llm: LlmSettings | null;
  /** As stated; a branch that says nothing of a name follows the default branch (spec 5.4). */
  readonly policies: PolicySettings | null;
  readonly orchestrate: OrchestrateSettings | null;
}

export const NO_SETTINGS: TractSettings = {
  budget: null,
  strategy: null,
  recent: null,
  compile_budget: null,
  ledger: null,
  llm: null,
  policies: null,
  orchestrate: null,
};

const tokens = z.int().min(1);
const SCHEMAS = {
  budget: z.strictObject({
    max_tokens: tokens,
    action: z.enum(["warn", "reject", "compact"]).default("warn"),
  }),
  strategy: z.enum(["full", "outline", "adaptive"]),
  recent: z.int().min(0),
  compile_budget: tokens,
  ledger: z.strictObject({
    reason_chars: z.int().min(20).optional(),
    excerpt_chars: z.int().min(20).optional(),
  }),
  llm: z.custom<LlmSettings>(isLlmSettings),
  policies: z.custom<PolicySettings>(isJsonObject, { error: "expected an object" }),
  orchestrate: ORCHESTRATE_SETTINGS,
} as const;
const KEYS = Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[]; // The keys of a literal.

/** A hash names its whole history, so settings by head never go stale, whichever process writes. */
export type SettingsCache = Map<Hash, TractSettings>;
const CACHE_MAX = 1_000;

export function createSettingsCache(): SettingsCache {
  return new Map();
}

/** The settings in force at a head; what is set nowhere is null. */
export async function readSettings(engine: Engine, tract: string, head: Hash | null): Promise<TractSettings> {
  if (head === null) return NO_SETTINGS;
  const known = engine.settingsCache.get(head);
  if (known) return known;
  const read = fromJson(mergeConfigs(await engine.store.readConfigCommits(tract, head)));
  rememberSettings(engine.settingsCache, head, read);
  return read;
}

/** Nearest to the head wins per key, of policies per name; an edit speaks at the place of its target. */
function mergeConfigs(nearestFirst: readonly ChainCommit[]): JsonObject {
  const edits = new Map<Hash, ChainCommit>();
  let parts: JsonObject = {};
  for (const row of nearestFirst) {
    const target = row.commit.editTarget;
    if (target !== null) {
      if (!edits.has(target)) edits.set(target, row);
      continue;
    }
    const { body } = edits.get(row.commit.hash) ?? row;
    const content = body === null ? null : readContent({ body });
    if (content !== null && "settings" in content)
      parts = { ...partsOf(content.settings as JsonObject), ...parts }; // Type config has a settings object.
  }
  return wholeOf(parts);
}

/** Notes the settings of a head that was just made, so that the next call need not read them. */
export function rememberSettings(cache: SettingsCache, head: Hash, settings: TractSettings): void {
  if (cache.size >= CACHE_MAX) cache.clear();
  cache.set(head, settings);
}

/** The settings as they will be with planned commits on top of a head. */
export async function planSettings(
  engine: Engine,
  head: Hash | null,
  planned: readonly ChainCommit[],
): Promise<TractSettings> {
  const { tract } = engine.scope;
  const configs = planned.filter((row) => row.commit.contentType === "config");
  if (configs.length === 0) return await readSettings(engine, tract, head);
  const stored = head === null ? [] : await engine.store.readConfigCommits(tract, head);
  return fromJson(mergeConfigs([...configs.toReversed(), ...stored]));
}

/**
 * Checks the settings of a config commit.
 *
 * @throws TractError `invalid-content` for an unknown key (with the nearest name) or a wrong value.
 */
export function checkSettings(settings: JsonObject, path: string): void {
  for (const [key, value] of Object.entries(settings)) {
    const schema = Object.hasOwn(SCHEMAS, key) ? SCHEMAS[key as keyof typeof SCHEMAS] : undefined; // hasOwn proves it.
    if (schema === undefined) throw unknownKey(key, path);
    // They are taken away one by one: what all of them come to is not this branch's business alone.
    if (key === "policies") checkPolicySettings(value, { path: `${path}.policies`, code: "invalid-content" });
    if (value === null) continue;
    // It names the nearest of its own fields.
    if (key === "llm") checkLlmSettings(value, { path: `${path}.llm`, code: "invalid-content" });
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      invariant(issue, "a failed check names an issue");
      const { path: inside, problem } = explainIssue(issue, value);
      throw invalid([path, key, ...inside.map(String)].join("."), problem);
    }
  }
}

function fromJson(settings: JsonObject): TractSettings {
  const read: Record<string, unknown> = { ...NO_SETTINGS };
  for (const key of KEYS) {
    const value = settings[key];
    if (value === undefined || value === null) continue;
    const parsed = SCHEMAS[key].safeParse(value);
    if (parsed.success) read[key] = parsed.data;
  }
  return read as unknown as TractSettings; // Each key was read by its schema.
}

function isLlmSettings(value: unknown): boolean {
  try {
    checkLlmSettings(value, { path: "llm", code: "invalid-content" });
    return true;
  } catch (error) {
    if (error instanceof TractError) return false;
    throw error;
  }
}

function unknownKey(key: string, path: string): TractError {
  const near = nearest(key, KEYS);
  return new TractError(
    "invalid-content",
    `${path}: there is no setting ${JSON.stringify(key.slice(0, 80))}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Settings: ${KEYS.join(", ")}. Other data belongs in a metadata commit.`,
      data: { path: `${path}.${key}`, settings: KEYS },
    },
  );
}

function invalid(path: string, message: string): TractError {
  return new TractError("invalid-content", `${path}: ${message}`, {
    hint: "Correct this setting and send the commit again; nothing was stored.",
    data: { path },
  });
}
