/** The option `llm` of openStore: an endpoint with its key, or a client of the caller's own (spec 6.3; spec 9, 27). */
import { TractError } from "../engine/errors.ts";
import type { LlmAccess, LlmClient } from "../engine/llm/llm-client.ts";
import { createOpenAiAccess } from "./openai-client.ts";
import { isApiKey, isEndpoint, LLM_TIMEOUT_MS } from "./openai-options.ts";

export type LlmOption =
  | {
      /** Kept in memory alone. Local endpoints take none. */
      readonly apiKey?: string;
      /** Asked when neither the call nor the tract names a model. */
      readonly model?: string;
      /** An OpenAI-compatible endpoint. Default: OpenAI's own. */
      readonly baseUrl?: string;
      /** Milliseconds for one attempt. Default: 300,000. */
      readonly timeoutMs?: number;
    }
  | {
      /** Used as it is, and not closed by Tract. */
      readonly client: LlmClient;
      readonly model?: string;
    };

/**
 * The LLM that an option leads to.
 *
 * @throws TractError `invalid-argument`: neither key nor address, or one that cannot be used. Never with the key in it.
 */
export function accessTo(option: LlmOption): LlmAccess {
  if ("client" in option) {
    if ("apiKey" in option || "baseUrl" in option || "timeoutMs" in option)
      throw wrong("client", "a client alone, without apiKey, baseUrl and timeoutMs");
    return { client: option.client, model: option.model ?? null, isOwn: false };
  }
  const { apiKey = null, model = null, baseUrl = null, timeoutMs = LLM_TIMEOUT_MS } = option;
  if (apiKey !== null && !isApiKey(apiKey)) throw wrong("apiKey", "printable characters without spaces");
  if (baseUrl !== null && !isEndpoint(baseUrl))
    throw wrong("baseUrl", "an http or https address without user and password");
  const access = createOpenAiAccess({ apiKey, model, baseUrl, timeoutMs });
  if (access === null) throw wrong("apiKey", "a key, or the baseUrl of an endpoint that takes none");
  return access;
}

function wrong(option: string, expected: string): TractError {
  return new TractError("invalid-argument", `options.llm.${option}: expected ${expected}`, {
    hint: "Correct the option llm of openStore, or leave it out to work without an LLM.",
    data: { path: `options.llm.${option}` },
  });
}
