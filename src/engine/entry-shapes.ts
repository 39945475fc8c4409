/** What the library's entry takes, and the tools for an agent's own loop (spec 5.6, 6.3). */
import { z } from "zod";
import { llmOption } from "./conversation-shapes.ts";
import { flag, signal, text } from "./shape-words.ts";

export type EntryShape = "openStore" | "tract" | "toolDefinitions" | "executeTool";

/** Who can have written a commit. */
export const AUTHOR_KINDS = ["user", "agent", "tool", "policy", "import"] as const;

export const ENTRY_SHAPES: Readonly<Record<EntryShape, z.ZodType>> = {
  openStore: z.strictObject({
    durability: z.enum(["full", "normal"]).optional(),
    readonly: flag,
    encoding: z.enum(["o200k_base", "cl100k_base"]).optional(),
    author: z.strictObject({ kind: z.enum(AUTHOR_KINDS).optional(), name: text }).optional(),
    agentClass: text,
    redaction: z.enum(["off", "redact", "reject"]).optional(),
    llm: llmOption.optional(),
  }),
  tract: z.strictObject({ worktree: text }),
  // Profiles are checked by the tools, which know them.
  toolDefinitions: z.strictObject({ profile: text, format: z.enum(["openai", "anthropic", "mcp"]) }),
  executeTool: z.strictObject({ profile: text, signal: signal.optional() }),
};
