/** The suite's prompts: with and without arguments, with a resource, with an image, and one that asks first. */
import type {
  GetPromptResult,
  InputRequiredResult,
  Prompt,
  PromptMessage,
  ServerContext,
} from "@modelcontextprotocol/server";
import { PNG } from "./fixture.ts";
import { promptContext } from "./input-tools.ts";

const needed = (name: string) => ({ name, description: `The ${name}`, required: true });

export const PROMPTS: readonly Prompt[] = [
  { name: "test_simple_prompt", description: "Without arguments" },
  {
    name: "test_prompt_with_arguments",
    description: "With two arguments",
    arguments: [needed("arg1"), needed("arg2")],
  },
  {
    name: "test_prompt_with_embedded_resource",
    description: "With a resource",
    arguments: [needed("resourceUri")],
  },
  { name: "test_prompt_with_image", description: "With an image" },
  { name: "test_input_required_result_prompt", description: "Asks the person first" },
];

/** Null when the prompt is none of the suite's. */
export function getFixturePrompt(
  name: string,
  args: Readonly<Record<string, string>>,
  context: ServerContext,
): GetPromptResult | InputRequiredResult | null {
  switch (name) {
    case "test_simple_prompt":
      return { messages: [user("This is a simple prompt for testing.")] };
    case "test_prompt_with_arguments":
      return { messages: [user(`Prompt with arguments: arg1='${args.arg1}', arg2='${args.arg2}'`)] };
    case "test_prompt_with_embedded_resource": {
      const uri = args.resourceUri ?? "";
      const resource = { uri, mimeType: "text/plain", text: "Embedded resource content for testing." };
      return {
        messages: [
          { role: "user", content: { type: "resource", resource } },
          user("Please process the embedded resource above."),
        ],
      };
    }
    case "test_prompt_with_image":
      return {
        messages: [
          { role: "user", content: { type: "image", data: PNG, mimeType: "image/png" } },
          user("Please analyze the image above."),
        ],
      };
    case "test_input_required_result_prompt": {
      const given = promptContext(context);
      return typeof given === "string" ? { messages: [user(`Prompt with context: ${given}`)] } : given;
    }
    default:
      return null;
  }
}

function user(text: string): PromptMessage {
  return { role: "user", content: { type: "text", text } };
}
