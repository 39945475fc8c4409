/** Checks what a program without types hands to the library: a wrong or unknown option is told, never ignored (spec 9, 26). */
import { z } from "zod";
import { AGENT_SHAPES, type AgentShape } from "./agent-shapes.ts";
import { AUTOMATION_SHAPES, type AutomationShape } from "./automation-shapes.ts";
import { CHANGE_SHAPES, type ChangeShape } from "./change-shapes.ts";
import { COMMIT_SHAPES, type CommitShape } from "./commit-shapes.ts";
import { CONVERSATION_SHAPES, type ConversationShape } from "./conversation-shapes.ts";
import { ENTRY_SHAPES, type EntryShape } from "./entry-shapes.ts";
import { TractError } from "./errors.ts";
import { invariant } from "./invariant.ts";
import { nearest } from "./nearest.ts";
import { READ_SHAPES, type ReadShape } from "./read-shapes.ts";
import { explainIssue, listNames, namesTold, pathTold } from "./zod-words.ts";

/** Requests of the library, by what takes them. */
export type ShapeName =
  | "text"
  | CommitShape
  | ReadShape
  | ChangeShape
  | AgentShape
  | EntryShape
  | ConversationShape
  | AutomationShape;

const SHAPES: Readonly<Record<ShapeName, z.ZodType>> = {
  text: z.string(),
  ...COMMIT_SHAPES,
  ...READ_SHAPES,
  ...CHANGE_SHAPES,
  ...AGENT_SHAPES,
  ...ENTRY_SHAPES,
  ...CONVERSATION_SHAPES,
  ...AUTOMATION_SHAPES,
};

/**
 * Gives a request back when it has the shape that it must have.
 *
 * @param name How the request is called in errors.
 * @throws TractError `invalid-argument` with the option's path; an unknown option is told with the nearest names.
 */
export function checkShape<Request>(shape: ShapeName, request: Request, name: string): Request {
  const parsed = SHAPES[shape].safeParse(request);
  if (parsed.success) return request;
  const issue = parsed.error.issues[0];
  invariant(issue, "a failed check names an issue");
  const { path: at, problem } = explainIssue(issue, request);
  const path = pathTold([name, ...at.map(String)].join("."));
  if (issue.code === "unrecognized_keys") {
    const known = optionNames(SHAPES[shape]);
    const unknown = namesTold(issue.keys);
    const near = nearest(unknown[0] ?? "", known);
    throw new TractError("invalid-argument", `${path}: there is no option ${listNames(issue.keys)}`, {
      hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `Options: ${known.join(", ")}.`,
      data: { path, unknown, near },
    });
  }
  throw new TractError("invalid-argument", `${path}: ${problem}`, {
    hint: "Correct this option and call again; nothing was done.",
    data: { path },
  });
}

function optionNames(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
