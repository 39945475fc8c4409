/** Does what a policy says through the ordinary tool, in the policy's name, and writes the decision with the operation it led to (spec 5.4). */

import { type ChangeSet, emptyChange } from "../../storage/change-set.ts";
import { type Engine, withScope } from "../engine.ts";
import { TractError } from "../errors.ts";
import { publishPlan } from "../history/publish.ts";
import type { ToolAction, ToolActionOutcome } from "../toolbox.ts";

/** What is written with the operation, or after an action that left none (then `operationId` is null). */
export type Sequel = (operationId: string | null) => Promise<Pick<ChangeSet, "plans" | "ledger">>;

export interface ActRequest {
  /** Name of the policy: the author. */
  readonly policy: string;
  readonly action: ToolAction;
  readonly sequel: Sequel;
  readonly signal: AbortSignal;
}

export interface Acted {
  /** Not ok, and yet with an operation: it was done, and then the tool could not tell of it. */
  readonly outcome: ToolActionOutcome;
  /** null: it failed, or left no operation. */
  readonly operationId: string | null;
}

/**
 * Runs the action. Operation and sequel are one transaction; an action that fails writes neither.
 *
 * @throws TractError `not-allowed` when no tools are at hand; whatever the sequel throws for an action that left no operation.
 */
export async function act(engine: Engine, { policy, action, sequel, signal }: ActRequest): Promise<Acted> {
  const { toolbox, scope } = engine;
  if (toolbox === null) throw noTools(action);
  let joined: string | null = null;
  let isLanded = false;
  const on = withScope(engine, {
    author: { kind: "policy", name: policy, session_id: scope.author.session_id },
    byPolicy: true,
    rider: {
      join: async (change) => {
        // A second operation of the same tool goes alone.
        if (isLanded || change.tract !== scope.tract || change.operation === null) return null;
        joined = change.operation.id;
        return withSequel(change, await sequel(joined));
      },
      landed: () => {
        isLanded = true;
      },
    },
  });
  const outcome = await toolbox.call(on, action, { profile: "full", signal });
  if (isLanded) return { outcome, operationId: joined };
  if (!outcome.ok) return { outcome, operationId: null };
  await publishPlan(engine, async () => ({
    change: withSequel(emptyChange(scope.tract), await sequel(null)),
    result: () => undefined,
  }));
  return { outcome, operationId: null };
}

function withSequel(change: ChangeSet, { plans, ledger }: Pick<ChangeSet, "plans" | "ledger">): ChangeSet {
  return { ...change, plans: [...change.plans, ...plans], ledger: [...change.ledger, ...ledger] };
}

function noTools({ tool }: ToolAction): TractError {
  return new TractError("not-allowed", `there are no tools here to carry out ${tool}`, {
    hint: "Call the operation yourself, or use the command line: tract proposals.",
    data: { tool },
  });
}
