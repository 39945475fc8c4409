/** Prompts that a person picks in a client: resume a line of work, or write a checkpoint of it (spec 6.2). */
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
import { resumePrompt } from "./prompt-resume.ts";
import type { McpServices } from "./services.ts";
import { protocolFailure } from "./tool-failure.ts";

/** Arguments come as texts, whatever they mean. */
const ARGUMENTS = {
  resume: z.strictObject({
    branch: z.string().optional(),
    budget_tokens: z
      .string()
      .regex(/^[1-9]\d{0,8}$/, "expected a whole number")
      .transform(Number)
      .optional(),
  }),
  checkpoint: z.strictObject({ branch: z.string().optional() }),
};

const tract = { name: "tract", description: "Default: the server's own" };
const worktree = { name: "worktree", description: "Default: the server's own" };
const branch = { name: "branch", description: "Default: the one HEAD is on" };
const PROMPTS: readonly Prompt[] = [
  {
    name: "resume",
    title: "Resume work",
    description: "The compiled context of a branch as messages, to go on where it ended",
    arguments: [
      branch,
      { name: "budget_tokens", description: "Most tokens of the context" },
      tract,
      worktree,
    ],
  },
  {
    name: "checkpoint",
    title: "Write a checkpoint",
    description: "Has the model commit a summary from which the work can be resumed",
    arguments: [branch, tract, worktree],
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
    case "checkpoint":
      return await checkpointPrompt(engine, parseArguments(ARGUMENTS.checkpoint, given, []));
    default:
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown prompt: ${name.slice(0, NAME_CHARS_SHOWN)}`,
      );
  }
}

const NAME_CHARS_SHOWN = 80;
