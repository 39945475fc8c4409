/** Tool status: says where a worktree stands (spec 3.1, 8). */
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import { inboxOf } from "../../engine/history/inbox.ts";
import { shortTarget } from "../../engine/history/open-conflicts.ts";
import { operationEntry } from "../../engine/history/operations.ts";
import { type StatusResult, status } from "../../engine/history/status.ts";
import { ENTRY_FIELDS, entryCells, entryOf } from "../entries.ts";
import { snakeKeys } from "../names.ts";
import { flag, text } from "../params.ts";
import { answer, columns, count, plural, shortHashes, shortTime } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";
import { operationCells, operationFields, operationFieldsOf } from "./operations.ts";

const budget = z.strictObject({
  max_tokens: z.int(),
  used: z.int(),
  percent: z.number(),
  action: z.string(),
});
const tract = z.strictObject({
  name: z.string(),
  created_at: z.string(),
  last_activity: z.string().nullable(),
  branches: z.int(),
  operations: z.int(),
});

export const statusTool: Tool = defineTool({
  name: "status",
  title: "Status",
  description:
    "Say where you are: branch, head, context size against budget, latest commits and operations. Start here.",
  effect: "read",
  isIdempotent: true,
  input: { branch: text, tracts: flag.describe("List all") },
  output: {
    tract: z.string(),
    worktree: z.string(),
    branch: z.string().nullable(),
    detached: z.boolean(),
    head: z.string().nullable(),
    commits: z.int(),
    tokens: z.int(),
    token_source: z.string(),
    budget: budget.nullable(),
    conflicts: z.array(z.strictObject({ kind: z.string(), target: z.string(), merge: z.string() })),
    proposals: z.array(
      z.strictObject({
        plan_id: z.string(),
        kind: z.string(),
        policy: z.string().nullable(),
        reason: z.string().nullable(),
        branch: z.string(),
        created_at: z.string(),
      }),
    ),
    unread: z.int(),
    recent: z.array(z.strictObject(ENTRY_FIELDS)),
    operations: z.array(operationFields),
    store: z.strictObject({ kind: z.string(), bytes: z.int() }),
    tracts: z.array(tract).optional(),
  },
  run: async ({ engine }, input) => {
    const result = await status(engine, input);
    const { recent, operations, ...rest } = result;
    const structured = {
      ...snakeKeys(rest),
      recent: recent.map(entryOf),
      operations: operations.map(operationEntry).map(operationFieldsOf),
    };
    return { structured, text: await described(engine, result) };
  },
});

async function described(engine: Engine, result: StatusResult): Promise<string> {
  const { recent, operations, tracts } = result;
  const short = await shortHashes(engine, [
    result.head,
    ...recent.flatMap((entry) => [entry.hash, entry.editTarget]),
  ]);
  const place = result.detached
    ? `HEAD detached at ${short(result.head)}`
    : `branch ${result.branch}, ${result.head === null ? "no commits yet" : `at ${short(result.head)}`}`;
  return answer(
    [
      `Tract ${result.tract}, worktree ${result.worktree}: ${place}.`,
      `${plural(result.commits, "commit")}; context: ${count(result.tokens)} tokens (${result.tokenSource})${budgetText(result)}.`,
      conflictsText(result),
      proposalsText(result),
      unreadText(result),
      section("Recent commits", columns(recent.map((entry) => entryCells(entry, short)))),
      section("Recent operations", columns(operations.map(operationEntry).map(operationCells))),
      tracts === undefined
        ? null
        : section(
            "Tracts",
            columns(
              tracts.map(({ name, branches, operations: done, lastActivity }) => [
                name,
                plural(branches, "branch", "branches"),
                plural(done, "operation"),
                lastActivity === null ? "" : shortTime(lastActivity),
              ]),
            ),
          ),
    ],
    nextStep(result),
  );
}

function section(title: string, lines: string): string {
  return lines === "" ? "" : `${title}:\n${lines}`;
}

function conflictsText({ conflicts }: StatusResult): string {
  if (conflicts.length === 0) return "";
  const shown = conflicts
    .slice(0, CONFLICTS_SHOWN)
    .map(({ kind, target, merge }) => `${kind} of ${shortTarget(target)} (merge ${merge.slice(0, 12)})`);
  const more = conflicts.length > shown.length ? `; … ${count(conflicts.length)} in all` : "";
  return `Open conflicts: ${shown.join("; ")}${more}. merge with source (that merge) and resolutions ends them.`;
}

const CONFLICTS_SHOWN = 5;

function proposalsText({ proposals: [newest, ...others] }: StatusResult): string {
  if (newest === undefined) return "";
  const more = others.length === 0 ? "" : `, and ${count(others.length)} more`;
  const { kind, planId, branch, policy, reason } = newest;
  if (policy !== null)
    return `Waiting proposals: ${planId} of policy ${policy} (${reason})${more}. proposals with action approve or reject and id decides.`;
  const words = kind === "collapse" ? "summary" : "summaries";
  return `Waiting plans: ${kind} ${planId} for ${branch}${more}. ${kind} with plan_id and ${words}, or action approve, applies one; action reject ends it.`;
}

function unreadText({ unread, worktree }: StatusResult): string {
  if (unread === 0) return "";
  const inbox = inboxOf(worktree);
  return `${plural(unread, "unread message")}: compile with ref ${inbox} shows them, merge with source ${inbox} takes them in.`;
}

function budgetText({ budget: limit }: StatusResult): string {
  return limit === null
    ? ""
    : `, ${limit.percent} % of the budget of ${count(limit.maxTokens)} (${limit.action})`;
}

function nextStep({ commits, detached, budget: limit }: StatusResult): string {
  if (detached) return "branch with action create and switch true to commit from here.";
  if (commits === 0) return "commit what must survive.";
  return limit !== null && limit.percent > 100
    ? `compress with target_tokens ${Math.floor(limit.maxTokens * ROOM_SHARE)} makes room; annotate with priority skip takes out what is no longer needed.`
    : "compile reads the context.";
}

/** Below the budget, so that the next commits fit, too. */
const ROOM_SHARE = 0.75;
