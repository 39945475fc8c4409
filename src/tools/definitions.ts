/** The tools of a profile as MCP and the LLM APIs want to be told of them (spec 5.6, 6.2). */
import { inputSchema, type ObjectSchema, outputSchema } from "./json-schema.ts";
import { ONLY_READ, PROFILES, type Profile } from "./profiles.ts";
import type { Tool } from "./tool.ts";

/** A tool as `tools/list` of MCP gives it. */
export interface McpTool {
  name: string;
  title: string;
  description: string;
  inputSchema: ObjectSchema;
  outputSchema: ObjectSchema;
  annotations: {
    readOnlyHint: boolean;
    destructiveHint: boolean;
    idempotentHint: boolean;
    openWorldHint: boolean;
  };
}

/** A tool of OpenAI's chat completions, and of every endpoint that speaks them. */
export interface OpenAiTool {
  type: "function";
  function: { name: string; description: string; parameters: ObjectSchema };
}

/** A tool of Anthropic's messages. */
export interface AnthropicTool {
  name: string;
  description: string;
  input_schema: ObjectSchema;
}

/** What a tool is told as, by format. */
export interface ToolDefinitionOf {
  openai: OpenAiTool;
  anthropic: AnthropicTool;
  mcp: McpTool;
}
export type ToolFormat = keyof ToolDefinitionOf;

/** The tools that a profile offers, in the order in which they are listed. Each call makes them anew: a caller may change its own. */
export function definitionsOf<Format extends ToolFormat>(
  tools: readonly Tool[],
  profile: Profile,
  format: Format,
): ToolDefinitionOf[Format][] {
  const offered: readonly string[] = PROFILES[profile];
  return tools.filter(({ name }) => offered.includes(name)).map((tool) => FORMATS[format](tool, profile));
}

const FORMATS: {
  readonly [Format in ToolFormat]: (tool: Tool, profile: Profile) => ToolDefinitionOf[Format];
} = {
  openai: (tool, profile) => ({
    type: "function",
    function: {
      name: tool.name,
      description: tool.description,
      parameters: inputSchema(tool, profile),
    },
  }),
  anthropic: (tool, profile) => ({
    name: tool.name,
    description: tool.description,
    input_schema: inputSchema(tool, profile),
  }),
  mcp: (tool, profile) => ({
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: inputSchema(tool, profile),
    outputSchema: outputSchema(tool),
    annotations: hintsOf(tool, profile),
  }),
};

/** All four hints follow from what the tool says of itself, and from what the profile leaves of it. */
function hintsOf({ name, effect, isIdempotent, reachesOut }: Tool, profile: Profile): McpTool["annotations"] {
  const onlyReads = effect === "read" || ONLY_READ[profile].includes(name);
  return {
    readOnlyHint: onlyReads,
    destructiveHint: effect === "destructive" && !onlyReads,
    idempotentHint: onlyReads || isIdempotent,
    openWorldHint: reachesOut,
  };
}
