/** A compiled context for people and pipes: a provider's request as JSON, or the context as readable text. */
import { z } from "zod";
import { printableJson } from "../printable-json.ts";
import { asIsView } from "./text-view.ts";
import type { View } from "./view.ts";

const compiled = z.looseObject({ messages: z.unknown().optional(), system: z.unknown().optional() });

/**
 * `--format openai` and `anthropic` print what a provider takes and nothing else, so that it can go into a file (spec 6.4); with
 * `--json` the receipt comes along.
 */
export const compileView: View = (result, terminal, options) => {
  const { format } = options;
  const { system, messages } = compiled.parse(result.structured);
  const isRequest = (format === "openai" || format === "anthropic") && messages !== undefined;
  if (!isRequest) return asIsView(result, terminal, options);
  return printableJson(format === "openai" ? messages : { system, messages });
};
