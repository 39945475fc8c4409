/** Tool policy: the rules that watch over a branch, and what they find (spec 5.4, 8). */
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import { assertNever } from "../../engine/invariant.ts";
import { pausePolicy, removePolicy, resumePolicy, setPolicy } from "../../engine/policies/change-policy.ts";
import {
  evaluateNow,
  listPolicies,
  type PolicyFindings,
  type PolicyResult,
} from "../../engine/policies/list-policies.ts";
import type { PolicyEntry } from "../../engine/policies/policy-entries.ts";
import { snakeKeys } from "../names.ts";
import { MAYBE_WRITE_FIELDS, type Optional, text } from "../params.ts";
import { wrongArgument } from "../parse-arguments.ts";
import { answer, columns, oneLine } from "../render.ts";
import { defineTool, type InputOf, type Tool, type ToolResult } from "../tool.ts";

/** The rest is checked where policies are read. */
interface Given {
  readonly name?: string | undefined;
  readonly branch?: string | undefined;
  readonly [field: string]: unknown;
}
const fields: z.ZodType<Given> = z.looseObject({ name: text, branch: text });
/** A name alone stands for the object with it; an object may come as JSON, as from a command line. */
const policy: Optional<Given> = z
  .union([z.string().transform(fromText).pipe(fields), fields])
  .meta({ listed: { type: "object" } })
  .optional();

function fromText(text: string, context: z.RefinementCtx): unknown {
  if (!text.trimStart().startsWith("{")) return { name: text };
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "expected a name, or a policy as well-formed JSON" });
    return z.NEVER;
  }
}

const INPUT = {
  action: z.enum(["list", "set", "remove", "pause", "resume", "evaluate"]).default("list"),
  policy: policy.describe("name; kind, params, autonomy, trigger…"),
  branch: text,
};

const entry = z.strictObject({
  name: z.string(),
  kind: z.string(),
  trigger: z.string(),
  priority: z.int(),
  params: z.record(z.string(), z.unknown()),
  autonomy: z.string(),
  cooldown: z.int(),
  enabled: z.boolean(),
  branch: z.string().nullable(),
});
const finding = z.strictObject({
  policy: z.string(),
  kind: z.string(),
  autonomy: z.string(),
  target: z.string(),
  reason: z.string(),
  gain: z.int(),
  action: z.strictObject({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) }),
});

export const policyTool: Tool = defineTool({
  name: "policy",
  title: "Policies",
  description:
    "Rules that watch a branch by themselves: auto-compress, auto-pin, auto-branch, auto-archive, checkpoint, secret-scan, retention.",
  effect: "write",
  isIdempotent: true,
  input: INPUT,
  output: { policies: z.array(entry), findings: z.array(finding).optional(), ...MAYBE_WRITE_FIELDS },
  readsOnly: ({ action }) => action === "list" || action === "evaluate",
  run: async ({ engine }, input) => {
    const { action, policy: about, branch = about?.branch } = input;
    if (action === "list") {
      if (about !== undefined) throw wrongArgument("policy", "expected nothing with action list");
      return presentList((await listPolicies(engine, { branch })).policies);
    }
    if (action === "evaluate")
      return presentFindings(await evaluateNow(engine, { name: about?.name, branch }));
    return presentChange(action, await change(engine, action, input));
  },
});

type Change = Exclude<InputOf<typeof INPUT>["action"], "list" | "evaluate">;

async function change(engine: Engine, action: Change, input: InputOf<typeof INPUT>): Promise<PolicyResult> {
  const { policy: about, branch = about?.branch } = input;
  if (about === undefined) throw wrongArgument("policy", "is required for this action");
  if (action === "set") return await setPolicy(engine, { ...about, branch });
  const { name } = about;
  if (name === undefined) throw wrongArgument("policy.name", "is required for this action");
  switch (action) {
    case "remove":
      return await removePolicy(engine, { name, branch });
    case "pause":
      return await pausePolicy(engine, { name, branch });
    case "resume":
      return await resumePolicy(engine, { name, branch });
    default:
      return assertNever(action);
  }
}

function presentList(policies: readonly PolicyEntry[]): ToolResult {
  return {
    structured: snakeKeys({ policies }),
    text: answer(
      [policies.length === 0 ? "No policies." : table(policies)],
      policies.length === 0
        ? "policy with action set makes one: { kind: checkpoint }."
        : "policy with action evaluate says what they find now.",
    ),
  };
}

const DONE: Readonly<Record<Change, string>> = {
  set: "Set policy",
  remove: "Removed policy",
  pause: "Paused policy",
  resume: "Resumed policy",
};

function presentChange(action: Change, { policies, ...write }: PolicyResult): ToolResult {
  const isWritten = write.operationId !== null;
  return {
    structured: snakeKeys({ policies, ...write }),
    text: answer(
      [
        isWritten ? `${DONE[action]} on ${write.branch}` : "It is so already; nothing was written",
        table(policies),
      ],
      isWritten ? "undo takes it back." : "policy lists what is in force.",
      write.warnings,
    ),
  };
}

function presentFindings({ policies, findings }: PolicyFindings): ToolResult {
  const lines = findings.map(
    ({ policy: name, reason, action }) =>
      `${name}: ${reason}. ${action.tool} ${oneLine(JSON.stringify(action.arguments), ARGUMENTS_CHARS)}`,
  );
  return {
    structured: snakeKeys({ policies, findings }),
    text: answer(
      [findings.length === 0 ? "The policies find nothing now." : lines.join("\n")],
      findings.length === 0
        ? "policy lists what is in force."
        : "call the tool named, or leave it to the policy.",
    ),
  };
}

function table(policies: readonly PolicyEntry[]): string {
  return columns(
    policies.map(({ name, kind, trigger, autonomy, enabled, params }) => [
      name,
      kind,
      trigger,
      autonomy,
      enabled ? "on" : "paused",
      oneLine(JSON.stringify(params), PARAMS_CHARS),
    ]),
  );
}

const PARAMS_CHARS = 80;
const ARGUMENTS_CHARS = 120;
