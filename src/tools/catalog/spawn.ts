/** Tool spawn: starts a child agent with a worktree of its own (spec 3.6, 8). */
import { z } from "zod";
import { INHERITS, type SpawnResult, spawn } from "../../engine/agents/spawn.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { stringList, text, tokens, WRITE_FIELDS } from "../params.ts";
import { answer, count } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const PRIORITIES = ["skip", "normal", "important", "pinned"] as const;
const filter = z
  .strictObject({ types: stringList, labels: stringList, priorities: z.array(z.enum(PRIORITIES)).optional() })
  .meta({ listed: { type: "object" } })
  .optional()
  .describe("For selective: {types, labels, priorities}");

/** Where somebody works, as results name it. */
export const childPlace: z.ZodType = z.strictObject({
  tract: z.string(),
  branch: z.string(),
  worktree: z.string(),
});

export const spawnTool: Tool = defineTool({
  name: "spawn",
  title: "Spawn a child",
  description:
    "Start a child agent that inherits context, in a worktree of its own. collapse brings its result back.",
  effect: "write",
  isIdempotent: false,
  input: {
    purpose: z.string().describe("Its user message"),
    inherit: z.enum(INHERITS).default("head"),
    filter,
    budget_tokens: tokens,
    name: text,
    as: z.enum(["branch", "tract"]).default("branch"),
    branch: text,
  },
  output: { child: childPlace, tokens: z.int(), commit: z.string(), ...WRITE_FIELDS },
  run: async ({ engine }, input) => {
    const result = await spawn(engine, camelKeys(input));
    return {
      structured: snakeKeys(result),
      text: answer([described(result)], nextStep(result), result.warnings),
    };
  },
});

function described({ child, tokens: size }: SpawnResult): string {
  return `Spawned ${child.worktree}: tract ${child.tract}, branch ${child.branch}, worktree ${child.worktree}; ${count(size)} tokens of context.`;
}

function nextStep({ child }: SpawnResult): string {
  return `the child works with tract ${JSON.stringify(child.tract)} and worktree ${JSON.stringify(child.worktree)}; then collapse with child ${JSON.stringify(child.worktree)}.`;
}
