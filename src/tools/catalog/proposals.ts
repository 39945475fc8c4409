/** Tool proposals: what waits for a decision, and the decision (spec 5.4, 8). */
import { z } from "zod";
import type { Engine } from "../../engine/engine.ts";
import { assertNever } from "../../engine/invariant.ts";
import { approveProposal, type Decided, editProposal, rejectProposal } from "../../engine/policies/decide.ts";
import type { Proposal } from "../../engine/policies/proposal.ts";
import {
  type Effect,
  listProposals,
  type ShownProposal,
  showProposal,
} from "../../engine/policies/proposals.ts";
import { cutArguments } from "../cut-arguments.ts";
import { jsonObject, MAYBE_WRITE_FIELDS, text } from "../params.ts";
import { wrongArgument } from "../parse-arguments.ts";
import { answer, columns, count, oneLine, plural, shortTime } from "../render.ts";
import { defineTool, type InputOf, type Tool, type ToolResult } from "../tool.ts";

const proposal = z.strictObject({
  id: z.string(),
  kind: z.string(),
  state: z.string(),
  branch: z.string(),
  policy: z.string().nullable(),
  target: z.string().nullable(),
  reason: z.string().nullable(),
  gain: z.number().nullable(),
  action: z.strictObject({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) }).nullable(),
  operation_id: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  effect: z
    .strictObject({
      words: z.string(),
      tokens_before: z.int().nullable(),
      tokens_after: z.int().nullable(),
    })
    .nullable()
    .optional(),
});

const INPUT = {
  action: z.enum(["list", "show", "approve", "reject", "edit"]).default("list"),
  id: text,
  reason: text,
  changes: jsonObject.describe("Arguments to merge (edit)"),
};

export const proposalsTool: Tool = defineTool({
  name: "proposals",
  title: "Proposals",
  description:
    "What policies propose, and plans of compress and collapse: show tries one out; approve does it.",
  effect: "write",
  isIdempotent: false,
  reachesOut: true,
  input: INPUT,
  output: { proposals: z.array(proposal), outcome: z.string().optional(), ...MAYBE_WRITE_FIELDS },
  readsOnly: ({ action }) => action === "list" || action === "show",
  run: async ({ engine, signal }, input) => {
    const { action } = input;
    if (action === "list") return presentList(await listProposals(engine));
    const id = given("id", input);
    if (action === "show") return presentShown(await showProposal(engine, { id }));
    return presentDecided(action, await decide(engine, { ...input, action, id }, signal));
  },
});

type Input = InputOf<typeof INPUT>;
type Decision = Exclude<Input["action"], "list" | "show">;

async function decide(
  engine: Engine,
  input: Input & { readonly action: Decision; readonly id: string },
  signal: AbortSignal,
): Promise<Decided> {
  const { action, id, changes } = input;
  switch (action) {
    case "approve":
      return await approveProposal(engine, { id, signal });
    case "reject":
      return await rejectProposal(engine, { id, reason: given("reason", input) });
    case "edit":
      if (changes === undefined) throw wrongArgument("changes", "is required for this action");
      return await editProposal(engine, { id, changes });
    default:
      return assertNever(action);
  }
}

function given(name: "id" | "reason", input: Input): string {
  const value = input[name];
  if (value === undefined) throw wrongArgument(name, "is required for this action");
  return value;
}

function presentList(proposals: readonly Proposal[]): ToolResult {
  const shown = proposals
    .slice(0, SHOWN)
    .map((one) => [
      one.id,
      one.policy ?? one.kind,
      one.branch,
      shortTime(one.createdAt),
      oneLine(one.reason ?? `plan to ${one.kind}`, REASON_CHARS),
    ]);
  const more = proposals.length > shown.length ? `… of ${plural(proposals.length, "proposal")}` : null;
  return {
    structured: { proposals: proposals.map((one) => fieldsOf(brief(one))) },
    text: answer(
      [proposals.length === 0 ? "Nothing waits for a decision." : columns(shown), more],
      proposals.length === 0
        ? "policy lists what may propose."
        : "proposals with action show and id says what approving does.",
    ),
  };
}

/** What show tells whole. */
function brief(one: Proposal): Proposal {
  const { action } = one;
  return action === null ? one : { ...one, action: { ...action, arguments: cutArguments(action.arguments) } };
}

const SHOWN = 30;
const REASON_CHARS = 120;

function presentShown({ proposal: shown, effect }: ShownProposal): ToolResult {
  const { id, state, reason } = shown;
  return {
    structured: {
      proposals: [{ ...fieldsOf(shown), effect: effect === null ? null : effectFields(effect) }],
    },
    text: answer(
      [`${headline(shown)}, ${state}.`, reason, effect === null ? null : `Approving ${effectWords(effect)}.`],
      state === "pending"
        ? `proposals with action approve, reject (with reason) or edit (with changes) and id ${id}.`
        : "proposals lists what waits.",
    ),
  };
}

function headline({ id, kind, policy, action, branch }: Proposal): string {
  return policy === null
    ? `Plan ${id} to ${kind} on ${branch}`
    : `Proposal ${id} of policy ${policy}: ${action?.tool ?? kind} on ${branch}`;
}

/** What approving would do, as a sentence goes on after `Approving`. */
export function effectWords({ words, tokensBefore, tokensAfter }: Effect): string {
  if (tokensBefore === null || tokensAfter === null) return words;
  return `${words}; context ${count(tokensBefore)} → ${count(tokensAfter)} tokens`;
}

function effectFields({ words, tokensBefore, tokensAfter }: Effect): Record<string, unknown> {
  return { words, tokens_before: tokensBefore, tokens_after: tokensAfter };
}

const DONE: Readonly<Record<Decision, string>> = { approve: "Approved", reject: "Rejected", edit: "Edited" };

function presentDecided(action: Decision, decided: Decided): ToolResult {
  const { proposal: after, outcome, operationId, branch, head, warnings } = decided;
  const done = outcome === null ? null : withoutNext(outcome);
  return {
    structured: {
      proposals: [fieldsOf(after)],
      ...(done === null ? {} : { outcome: done }),
      operation_id: operationId,
      branch,
      head,
      warnings,
    },
    text: answer(
      [`${DONE[action]}: ${headline(after)}.`, done],
      action === "edit"
        ? `proposals with action show and id ${after.id} says what it does now.`
        : operationId === null
          ? "proposals lists what else waits."
          : `undo with operation ${operationId} takes it back.`,
      warnings,
    ),
  };
}

/** What the tool said, without the next step that it offered. */
function withoutNext(outcome: string): string {
  return outcome
    .split("\n")
    .filter((line) => !line.startsWith("Next: ") && !line.startsWith("Warning: "))
    .join("\n");
}

/** Arguments of an action are spelled as the tool takes them. */
function fieldsOf(one: Proposal): Record<string, unknown> {
  const { operationId, createdAt, updatedAt, ...rest } = one;
  return { ...rest, operation_id: operationId, created_at: createdAt, updated_at: updatedAt };
}
