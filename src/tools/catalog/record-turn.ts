/** Tool record_turn: records a message and its response as one turn of the session (spec 4.2, 8). */
import { z } from "zod";
import { type RecordTurnResult, recordTurn } from "../../engine/history/record-turn.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { flag, jsonObject, oneOrMore, text, WRITE_FIELDS } from "../params.ts";
import { answer } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const recordTurnTool: Tool = defineTool({
  name: "record_turn",
  title: "Record a turn",
  description: "Commit a user message and its response as the next turn of the session.",
  effect: "write",
  isIdempotent: false,
  input: {
    user_message: z.string(),
    response: z.string(),
    session: text.describe("To go on with"),
    commit: flag.describe("false: ledger only"),
    generation_config: jsonObject,
    usage: jsonObject,
    prompts_used: oneOrMore,
    branch: text,
  },
  contentArguments: ["user_message", "response"],
  hiddenInSelf: ["session", "commit", "generation_config", "usage", "prompts_used", "branch"],
  output: {
    ...WRITE_FIELDS,
    turn_number: z.int(),
    session_id: z.string(),
    ledger_id: z.string(),
    commits: z.array(
      z.strictObject({
        hash: z.string(),
        message: z.string(),
        content_type: z.string().nullable(),
        tokens: z.int(),
      }),
    ),
  },
  run: async ({ engine }, { usage, generation_config, ...input }) => {
    const result = await recordTurn(engine, {
      ...camelKeys(input),
      generationConfig: generation_config,
      usage: usage as Parameters<typeof recordTurn>[1]["usage"], // The operation checks it.
    });
    return {
      structured: { ...snakeKeys(result), commits: result.commits.map(commitFields) },
      text: answer(
        [told(result)],
        "go on; compile gives the context, query_ledger what happened.",
        result.warnings,
      ),
    };
  },
});

function commitFields({ hash, message, contentType, tokens }: RecordTurnResult["commits"][number]): object {
  return { hash, message, content_type: contentType, tokens };
}

function told({ turnNumber, sessionId, branch, commits }: RecordTurnResult): string {
  const where = commits.length === 0 ? "in the ledger alone" : `on ${branch}`;
  return `Turn ${turnNumber} of ${sessionId} recorded ${where}.`;
}
