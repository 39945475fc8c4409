/** The part of the library's handle that an agent's own loop calls: tools by name, as an LLM asks for them (spec 5.6). */
import type { Run } from "./conversing.ts";
import { invariant } from "./invariant.ts";
import { checkShape } from "./request-shapes.ts";
import type { ToolAction, ToolActionOutcome, ToolProfile } from "./toolbox.ts";

export interface ExecuteToolOptions {
  /** What may be called, whatever the LLM was told of. Default: `self`. */
  readonly profile?: ToolProfile;
  readonly signal?: AbortSignal;
}

export interface ToolCalling {
  /**
   * Runs a tool as an LLM asked for it. What goes wrong is an outcome with code, message, hint and data, and a text of the same to
   * give back to the LLM, also when the tool or its arguments are not what they should be.
   *
   * @param args Arguments by their snake_case names, or the JSON text of them, as OpenAI's API gives it.
   * @throws TractError when the options are wrong or the handle is closed.
   * @example
   * const { text } = await tract.executeTool("commit", { content: "The flake is in the dispatcher." });
   */
  executeTool(name: string, args?: object | string, options?: ExecuteToolOptions): Promise<ToolActionOutcome>;
}

export function toolCalling(run: Run): ToolCalling {
  return {
    executeTool: (name, args = {}, options = {}) =>
      run(async (on) => {
        const { profile = "self", signal = new AbortController().signal } = checkShape(
          "executeTool",
          options,
          "options",
        );
        invariant(on.toolbox, "a handle that is asked for tools has them");
        return await on.toolbox.call(
          on,
          { tool: checkShape("text", name, "name"), arguments: argumentsOf(args) },
          { profile, signal },
        );
      }),
  };
}

function argumentsOf(args: object | string): ToolAction["arguments"] {
  const given: unknown = typeof args === "string" ? parsed(args) : args;
  return given as ToolAction["arguments"]; // What an LLM wrote; the tool refuses what is no object of JSON.
}

/** What is no JSON is left as it is, and refused as no object. Some endpoints send nothing where nothing is to be said. */
function parsed(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
