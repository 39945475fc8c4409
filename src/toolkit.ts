/** The tools as definitions, for a program that runs its own agent loop; `tract.executeTool` runs what the LLM asks for (spec 5.6). */
import { TractError } from "./engine/errors.ts";
import { checkShape } from "./engine/request-shapes.ts";
import type { ToolBox, ToolProfile } from "./engine/toolbox.ts";
import type { ToolDefinitionOf, ToolFormat } from "./tools/definitions.ts";

export interface ToolDefinitionsOptions<Format extends ToolFormat> {
  /** Which API is to be told: `openai` (chat completions), `anthropic` (messages) or `mcp` (tools/list). */
  readonly format: Format;
  /** Default: `self`. Give the same one to executeTool, which enforces it. */
  readonly profile?: ToolProfile;
}

/**
 * The tools of a profile as an LLM API takes them. Each call makes them anew.
 *
 * @throws TractError `invalid-argument` for an unknown format or profile.
 * @example
 * const tools = await toolDefinitions({ format: "anthropic" });
 * const reply = await anthropic.messages.create({ model, max_tokens: 1024, tools, messages });
 */
export async function toolDefinitions<Format extends ToolFormat>(
  options: ToolDefinitionsOptions<Format>,
): Promise<ToolDefinitionOf[Format][]> {
  const { format, profile = "self" } = checkShape("toolDefinitions", options, "options");
  // Loaded on first use: most programs that import the library need no tools.
  const [{ definitionsOf }, { profileNamed }, { TOOLS }] = await Promise.all([
    import("./tools/definitions.ts"),
    import("./tools/profiles.ts"),
    import("./tools/registry.ts"),
  ]);
  return definitionsOf(TOOLS, profileNamed(profile), format);
}

/** For an open store. Files are the program's business: an agent in its loop names none. */
export async function loadToolBox(): Promise<ToolBox> {
  const [{ createToolBox }, { TOOLS }] = await Promise.all([
    import("./tools/toolbox.ts"),
    import("./tools/registry.ts"),
  ]);
  return createToolBox({ tools: TOOLS, readTextFile: refuseFile, notesReads: false });
}

async function refuseFile(): Promise<string> {
  throw new TractError("not-allowed", "this program gives no files to its agents", {
    hint: "Give the transcript as text.",
  });
}
