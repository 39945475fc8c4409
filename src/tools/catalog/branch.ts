/** Tool branch: lists, creates, switches, renames and deletes branches (spec 3.2, 8). */
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import {
  type BranchList,
  type BranchResult,
  createBranch,
  deleteBranch,
  listBranches,
  renameBranch,
  switchBranch,
} from "../../engine/history/branch.ts";
import { assertNever } from "../../engine/invariant.ts";
import { snakeKeys } from "../names.ts";
import { flag, MAYBE_WRITE_FIELDS, text } from "../params.ts";
import { wrongArgument } from "../parse-arguments.ts";
import { answer, columns, count, plural, shortHashes, shortTime } from "../render.ts";
import { defineTool, type InputOf, type Tool, type ToolResult } from "../tool.ts";

const INPUT = {
  action: z.enum(["list", "create", "switch", "rename", "delete"]).default("list"),
  name: text,
  from: text.describe("Ref to start at"),
  switch: flag.describe("When creating"),
  new_name: text,
  force: flag,
};

const entry = z.strictObject({
  name: z.string(),
  head: z.string().nullable(),
  current: z.boolean(),
  ahead: z.int(),
  behind: z.int(),
  last_activity: z.string().nullable(),
});

export const branchTool: Tool = defineTool({
  name: "branch",
  title: "Branches",
  description: "Manage branches. Create one before an experiment: the others stay as they are.",
  effect: "write",
  isIdempotent: false,
  input: INPUT,
  output: {
    branches: z.array(entry).optional(),
    total: z.int().optional(),
    ...MAYBE_WRITE_FIELDS,

    current: z.boolean().optional(),
  },
  readsOnly: ({ action }) => action === "list",
  run: async ({ engine }, input) => {
    if (input.action === "list") {
      refuseGiven(input);
      return await presentList(engine, await listBranches(engine));
    }
    return await presentChange(engine, input.action, await change(engine, input));
  },
});

async function change(engine: Engine, input: InputOf<typeof INPUT>): Promise<BranchResult> {
  const { action, name, from, new_name: newName, force } = input;
  switch (action) {
    case "create":
      return await createBranch(engine, { name: required("name", name), from, switch: input.switch });
    case "switch":
      return await switchBranch(engine, { name: required("name", name) });
    case "rename":
      return await renameBranch(engine, { name, newName: required("new_name", newName) });
    case "delete":
      return await deleteBranch(engine, { name: required("name", name), force });
    case "list":
      throw wrongArgument("action", "a list changes nothing");
    default:
      return assertNever(action);
  }
}

/** Who names a branch wants something done with it: a list would look as if it had been. */
function refuseGiven({ name, from, new_name }: InputOf<typeof INPUT>): void {
  const given = Object.entries({ name, from, new_name }).find(([, value]) => value !== undefined);
  if (given !== undefined)
    throw wrongArgument(given[0], "expected nothing with action list; say create, switch, rename or delete");
}

function required(argument: string, value: string | undefined): string {
  if (value === undefined) throw wrongArgument(argument, "is required for this action");
  return value;
}

async function presentList(engine: Engine, list: BranchList): Promise<ToolResult> {
  const short = await shortHashes(
    engine,
    list.branches.map(({ head }) => head),
  );
  const rows = list.branches.map(({ name, head, current, ahead, behind, lastActivity }) => [
    current ? `* ${name}` : `  ${name}`,
    head === null ? "no commits" : short(head),
    current ? "current" : `${count(ahead)} ahead, ${count(behind)} behind`,
    lastActivity === null ? "" : shortTime(lastActivity),
  ]);
  const more = list.total > list.branches.length ? `… of ${plural(list.total, "branch", "branches")}` : null;
  return {
    structured: snakeKeys(list),
    text: answer(
      [columns(rows), more],
      "branch with action create or switch; log with a branch as ref shows its commits.",
    ),
  };
}

const NEXT: Readonly<Record<Exclude<InputOf<typeof INPUT>["action"], "list">, string>> = {
  create: "branch with action switch moves you there; or commit with branch set.",
  switch: "compile reads the context of this branch.",
  rename: "branch lists all.",
  delete: "undo brings it back.",
};
const DONE = { create: "Created", switch: "Switched to", rename: "Renamed to", delete: "Deleted" } as const;

async function presentChange(
  engine: Engine,
  action: keyof typeof NEXT,
  result: BranchResult,
): Promise<ToolResult> {
  const short = await shortHashes(engine, [result.head]);
  const at = result.head === null ? "which has no commits yet" : `at ${short(result.head)}`;
  const where = result.current && action !== "switch" ? " You are on it." : "";
  const next =
    action === "create" && result.current
      ? "commit here; the other branches stay as they are."
      : NEXT[action];
  return {
    structured: snakeKeys(result),
    text: answer([`${DONE[action]} branch ${result.branch}, ${at}.${where}`], next, result.warnings),
  };
}
