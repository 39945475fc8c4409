/** The LLM of an engine, or the refusal that says what works without one (spec 5; spec 9, 26). */
import type { LLMConfig } from "../content/llm-config.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { LlmAccess } from "./llm-client.ts";

/**
 * Gives the LLM that a call may ask.
 *
 * @param config What the call resolved to; a client of Tract's own needs a model.
 * @param without What does the same without an LLM, in a sentence.
 * @throws TractError `llm-not-configured`.
 */
export function requireLlm(engine: Engine, config: LLMConfig, without: string): LlmAccess {
  const { llm } = engine;
  if (llm === null) {
    throw new TractError("llm-not-configured", "no LLM is configured", {
      hint: `${without} To configure one: TRACT_LLM_API_KEY and TRACT_LLM_MODEL in the server's environment (TRACT_LLM_BASE_URL for other endpoints, local ones need no key), or the option llm of openStore.`,
      data: { missing: "client" },
    });
  }
  if (llm.isOwn && config.model === undefined) {
    throw new TractError("llm-not-configured", "no model is configured, and there is no built-in one", {
      hint: `Give model with the call, keep one with configure (set: {"model": …}), or set TRACT_LLM_MODEL. ${without}`,
      data: { missing: "model" },
    });
  }
  return llm;
}
