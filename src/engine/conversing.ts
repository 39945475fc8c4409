/** The part of the library's handle that talks with an LLM (spec 5.2, 5.3). */
import { type ChatRequest, chat } from "./conversation/chat.ts";
import type { GenerateResult } from "./conversation/commit-reply.ts";
import { type GenerateRequest, generate } from "./conversation/generate.ts";
import type { Engine } from "./engine.ts";
import { type ConfigureRequest, type ConfigureResult, configure } from "./llm/configure.ts";
import { checkShape } from "./request-shapes.ts";

export interface Conversing {
  /** Says something and commits the LLM's answer; `onDelta` gets it piece by piece. */
  chat(text: string, options?: Omit<ChatRequest, "text">): Promise<GenerateResult>;
  /** Asks the LLM to go on from here; after a failed chat, too. */
  generate(request?: GenerateRequest): Promise<GenerateResult>;
  /** Shows or changes the LLM configs that this tract keeps. */
  configure(request?: ConfigureRequest): Promise<ConfigureResult>;
}

/** Runs an operation of the handle while it is open; failures of the store become TractErrors. */
export type Run = <Result>(operation: (engine: Engine) => Promise<Result>) => Promise<Result>;

export function conversing(run: Run): Conversing {
  return {
    chat: (text, options = {}) =>
      run((on) =>
        chat(on, { ...checkShape("chat", options, "options"), text: checkShape("text", text, "text") }),
      ),
    generate: (request = {}) => run((on) => generate(on, checkShape("generate", request, "request"))),
    configure: (request = {}) => run((on) => configure(on, checkShape("configure", request, "request"))),
  };
}
