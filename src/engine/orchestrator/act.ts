/** One step of a run: a tool call that runs, becomes a proposal or is only told, as the autonomy says (spec 5.5). */
import type { JsonObject } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { cancelled } from "../long-work.ts";
import { AUTONOMY_LEVELS, type Autonomy, type Finding } from "../policies/policy.ts";
import type { ToolAction, ToolActionOutcome, ToolBox } from "../toolbox.ts";
import type { StepOutcome } from "./run.ts";

/** Stores a proposal; gives its id, or why there is none. */
export type Propose = (
  engine: Engine,
  finding: Finding,
) => Promise<{ readonly proposalId: string | null; readonly text: string }>;

export interface Hands {
  /** Marked, so that what is done sets off no policy and no run of its own. */
  readonly engine: Engine;
  readonly toolbox: ToolBox;
  /** The one that is looked after. */
  readonly branch: string;
  readonly propose: Propose;
  readonly profile: string;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
}

export interface Acted {
  readonly outcome: StepOutcome;
  readonly operationId: string | null;
  readonly proposalId: string | null;
  readonly error: string | null;
  /** What the tool answered, or what became of the call: for whoever chose it. */
  readonly text: string;
}

/**
 * @param finding with the autonomy that is in force, the ceiling of the run included.
 * @param refused what is wrong with the call before any tool sees it.
 */
export async function act(hands: Hands, finding: Finding, refused: TractError | null): Promise<Acted> {
  const { engine, toolbox, propose, profile, isDryRun } = hands;
  const { action, autonomy } = finding;
  if (refused !== null) return failed(refused);
  if (action.tool === OWN_TOOL) return failed(noRecursion());
  const here = withoutSite(engine, action);
  if (here instanceof TractError) return failed(here);
  if (leaves(hands.branch, here)) return failed(noLeaving());
  // What is refused for its name, arguments or profile is refused now, not when a proposal of it is approved.
  const wrong = problemOf(toolbox, here, profile);
  if (wrong !== null) return failed(wrong);
  if (toolbox.isRead(here)) return called(await call(hands, here), "read");
  if (autonomy === "manual" || isDryRun)
    return { ...NOTHING, outcome: "explained", text: `Not run: ${whyNot(isDryRun)}.` };
  if (autonomy === "collaborative") {
    const { proposalId, text } = await propose(engine, { ...finding, action: here });
    return { ...NOTHING, outcome: proposalId === null ? "explained" : "proposed", proposalId, text };
  }
  return called(await call(hands, here), "done");
}

function problemOf(toolbox: ToolBox, action: ToolAction, profile: string): TractError | null {
  try {
    toolbox.check(action, profile);
    return null;
  } catch (error) {
    if (error instanceof TractError) return error;
    throw error;
  }
}

/** The tool that runs the orchestrator; it is not its own. */
export const OWN_TOOL = "orchestrate";

async function call(
  { engine, toolbox, profile, signal }: Hands,
  action: ToolAction,
): Promise<ToolActionOutcome> {
  if (signal.aborted) return outcomeOf(cancelled());
  return await toolbox.call(engine, action, { profile, signal });
}

const NOTHING = { operationId: null, proposalId: null, error: null };

function called(outcome: ToolActionOutcome, as: "read" | "done"): Acted {
  if (!outcome.ok) return { ...NOTHING, outcome: "failed", error: outcome.error.code, text: outcome.text };
  const id = outcome.structured.operation_id;
  return { ...NOTHING, outcome: as, operationId: typeof id === "string" ? id : null, text: outcome.text };
}

function failed(error: TractError): Acted {
  return called(outcomeOf(error), "done");
}

/** A failure of our own as a tool would tell it. */
function outcomeOf({ code, message, hint }: TractError): Extract<ToolActionOutcome, { ok: false }> {
  return { ok: false, error: { code, message, hint, data: {} }, text: `${code}: ${message}. ${hint}` };
}

/** A run stays in its tract and worktree; saying so once more does no harm. */
function withoutSite({ scope }: Engine, { tool, arguments: args }: ToolAction): ToolAction | TractError {
  const { tract, worktree, ...own } = args;
  if ((tract ?? scope.tract) === scope.tract && (worktree ?? scope.worktree) === scope.worktree)
    return { tool, arguments: own as JsonObject }; // JSON without two of its members.
  return new TractError("not-allowed", "a run of the orchestrator works in its own tract and worktree", {
    hint: "Leave tract and worktree out.",
  });
}

/** Whoever works in this worktree goes on where it was: a run does not put it on another branch, or the branch under another name. */
function leaves(branch: string, { tool, arguments: args }: ToolAction): boolean {
  if (tool === "checkout") return true;
  if (tool !== "branch") return false;
  const { action, name = branch } = args;
  return action === "switch" || args.switch === true || (action === "rename" && name === branch);
}

function noLeaving(): TractError {
  return new TractError(
    "not-allowed",
    "a run of the orchestrator stays on its branch, which keeps its name",
    {
      hint: "Name a branch in the calls that take one.",
    },
  );
}

function noRecursion(): TractError {
  return new TractError("not-allowed", "the orchestrator does not run itself", {
    hint: "Call the tools that do the work.",
  });
}

function whyNot(isDryRun: boolean): string {
  return isDryRun ? "this is a dry run" : "the autonomy is manual; a person reads what you would do";
}

/** The lesser of two. */
export function lesserAutonomy(a: Autonomy, b: Autonomy): Autonomy {
  return AUTONOMY_LEVELS.indexOf(a) <= AUTONOMY_LEVELS.indexOf(b) ? a : b;
}
