/** Prompts that a person picks in a client: resume a line of work, check, shrink or hand it over (spec 6.2). */
import {
  type GetPromptResult,
  type Prompt,
  ProtocolError,
  ProtocolErrorCode,
  type Server,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import { requireTract, splitArguments } from "../../tools/execute.ts";
import { parseArguments } from "../../tools/parse-arguments.ts";
import { checkpointPrompt } from "./prompt-checkpoint.ts";
import { compressPrompt } from "./prompt-compress.ts";
import { handoffPrompt } from "./prompt-handoff.ts";
import { resumePrompt } from "./prompt-resume.ts";
import { reviewBranchPrompt } from "./prompt-review-branch.ts";
import type { McpServices } from "./services.ts";
import { protocolFailure } from "./tool-failure.ts";

/** Arguments come as texts, whatever they mean. */
const name = z.string().optional();
const tokens = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, "expected a whole number")
  .transform(Number)
  .optional();
const ARGUMENTS = {
  resume: z.strictObject({ branch: name, budget_tokens: tokens }),
  handoff: z.strictObject({ branch: name, budget_tokens: tokens }),
  checkpoint: z.strictObject({ branch: name }),
  compress: z.strictObject({ branch: name, target_tokens: tokens }),
  "review-branch": z.strictObject({ branch: name, base: name }),
};

const tract = { name: "tract", description: "Default: the server's own" };
const worktree = { name: "worktree", description: "Default: the server's own" };
const branch = { name: "branch", description: "Default: the one HEAD is on" };
const budget = { name: "budget_tokens", description: "Most tokens of the context" };
const PROMPTS: readonly Prompt[] = [
  {
    name: "resume",
    title: "Resume work",
    description: "The compiled context of a branch as messages, to go on where it ended",
    arguments: [branch, budget, tract, worktree],
  },
  {
    name: "handoff",
    title: "Hand over",
    description: "The newest handoff with the context, for the agent that takes over, or how to write one",
    arguments: [branch, budget, tract, worktree],
  },
  {
    name: "checkpoint",
    title: "Write a checkpoint",
    description: "Has the model commit a summary from which the work can be resumed",
    arguments: [branch, tract, worktree],
  },
  {
    name: "compress",
    title: "Compress the context",
    description: "Says what makes the context large, and has the model make it smaller",
    arguments: [branch, { name: "target_tokens", description: "Tokens to come down to" }, tract, worktree],
  },
  {
    name: "review-branch",
    title: "Review a branch",
    description: "What a branch has that its base has not, and what to check before it is merged",
    arguments: [branch, { name: "base", description: "Default: the default branch" }, tract, worktree],
  },
];

export function registerPrompts(server: Server, services: McpServices): void {
  server.setRequestHandler("prompts/list", () => ({ prompts: [...PROMPTS] }));
  server.setRequestHandler("prompts/get", async ({ params }) => {
    try {
      // Clients with a form send what was left empty as "".
      const given = Object.entries(params.arguments ?? {}).filter(([, value]) => value !== "");
      const { site, own } = splitArguments(Object.fromEntries(given));
      const engine = await services.engineFor(site);
      if (site.tract !== undefined) await requireTract(engine);
      return await getPrompt(engine, params.name, own);
    } catch (error) {
      throw protocolFailure(error, services.log);
    }
  });
}

async function getPrompt(
  engine: Engine,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Promise<GetPromptResult> {
  switch (name) {
    case "resume":
      return await resumePrompt(engine, parseArguments(ARGUMENTS.resume, given, []));
    case "handoff":
      return await handoffPrompt(engine, parseArguments(ARGUMENTS.handoff, given, []));
    case "checkpoint":
      return await checkpointPrompt(engine, parseArguments(ARGUMENTS.checkpoint, given, []));
    case "compress":
      return await compressPrompt(engine, parseArguments(ARGUMENTS.compress, given, []));
    case "review-branch":
      return await reviewBranchPrompt(engine, parseArguments(ARGUMENTS["review-branch"], given, []));
    default:
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown prompt: ${name.slice(0, NAME_CHARS_SHOWN)}`,
      );
  }
}

const NAME_CHARS_SHOWN = 80;
