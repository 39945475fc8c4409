/** Which LLM config a call gets: per field the nearest level that says something, with the level it came from (spec 5.2; spec 9, 26). */
import type { Json, JsonObject } from "../../storage/records.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import { checkLlmConfig, type LlmOperation, type LlmSettings } from "../content/llm-config-check.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";

/**
 * From the nearest to the farthest: an argument of the call, its llm_config, what the tract says for the operation, what it says for all, and what
 * the settings of the server or the open options say.
 */
export type ConfigLevel = "argument" | "llm_config" | "operation" | "default" | "setting";

/** What an operation that asks an LLM takes of its config. */
export interface LlmArguments {
  readonly model?: string | undefined;
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
  /** Any fields of an LLMConfig, in its own spelling; unknown ones are refused. */
  readonly llmConfig?: object | undefined;
}

/** Fields by name, those of `extra` as `extra.<key>`. */
export type ResolvedFields = Readonly<Record<string, { readonly value: Json; readonly from: ConfigLevel }>>;

export interface ResolvedConfig {
  readonly fields: ResolvedFields;
  readonly config: LLMConfig;
}

/**
 * Resolves the config of a call.
 *
 * @param settings The setting `llm` of the branch; null: not set.
 * @throws TractError `invalid-argument` for an unknown or wrong field of the call.
 */
export function resolveLlmConfig(
  engine: Pick<Engine, "llm">,
  wanted: {
    readonly operation: LlmOperation | null;
    readonly settings: LlmSettings | null;
    readonly call: LlmArguments;
  },
): ResolvedConfig {
  const { operation, settings, call } = wanted;
  const model = engine.llm?.model ?? null;
  const levels: readonly (readonly [ConfigLevel, LLMConfig])[] = [
    ["setting", model === null ? {} : { model }],
    ["default", settings?.default ?? {}],
    ["operation", (operation === null ? undefined : settings?.operations?.[operation]) ?? {}],
    ["llm_config", checkLlmConfig(call.llmConfig ?? {}, { path: "llm_config", code: "invalid-argument" })],
    ["argument", checkLlmConfig(ownArguments(call), { path: "", code: "invalid-argument" })],
  ];
  const fields: Record<string, { value: Json; from: ConfigLevel }> = {};
  for (const [from, config] of levels)
    for (const [field, value] of fieldsOf(config)) fields[field] = { value, from };
  return { fields, config: configOf(Object.entries(fields).map(([field, { value }]) => [field, value])) };
}

/**
 * Refuses a config beside a strategy that asks no LLM.
 *
 * @throws TractError `invalid-argument`.
 */
export function refuseConfig(call: LlmArguments, strategy: string): void {
  const { model, temperature, maxTokens, llmConfig } = call;
  const given = { model, temperature, max_tokens: maxTokens, llm_config: llmConfig };
  const first = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (first === undefined) return;
  throw new TractError(
    "invalid-argument",
    `${first}: expected no ${first} with ${strategy}, which asks no LLM`,
    {
      hint: "Leave it out, or choose strategy llm; nothing was stored.",
      data: { path: first },
    },
  );
}

/** True when a call says anything of its config. */
export function saysConfig(call: LlmArguments): boolean {
  return [call.model, call.temperature, call.maxTokens, call.llmConfig].some((given) => given !== undefined);
}

const EXTRA = "extra.";

/** The fields of a config, each key of `extra` as a field of its own. */
export function fieldsOf(config: LLMConfig): readonly (readonly [string, Json])[] {
  const { extra, ...typed } = config;
  return [
    ...Object.entries(typed as JsonObject), // A checked config is JSON without undefined.
    ...Object.entries(extra ?? {}).map(([key, value]) => [`${EXTRA}${key}`, value] as const),
  ];
}

/** The config of such fields. */
export function configOf(fields: readonly (readonly [string, Json])[]): LLMConfig {
  const typed = fields.filter(([field]) => !field.startsWith(EXTRA));
  const extra = fields.flatMap(([field, value]) =>
    field.startsWith(EXTRA) ? [[field.slice(EXTRA.length), value] as const] : [],
  );
  const config = Object.fromEntries(typed);
  return extra.length === 0 ? config : { ...config, extra: Object.fromEntries(extra) };
}

function ownArguments({ model, temperature, maxTokens }: LlmArguments): object {
  return { model: model ?? null, temperature: temperature ?? null, max_tokens: maxTokens ?? null };
}
