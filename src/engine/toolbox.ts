/** The tools as the engine sees them: the port through which policies and the orchestrator act as an agent would (spec 5.4, 5.5). */
import type { JsonObject } from "../storage/records.ts";
import type { Engine } from "./engine.ts";
import type { ErrorCode } from "./errors.ts";

/**
 * Which tools an agent gets (spec 5.6): `self` what it needs for its own context, `supervisor` what it needs to look after the contexts of
 * others, `observer` what only reads, `full` everything.
 */
export type ToolProfile = "self" | "supervisor" | "observer" | "full";

/** A call of a tool as data: what a policy proposes, what the orchestrator does. Arguments by their snake_case names (spec 8). */
export interface ToolAction {
  readonly tool: string;
  readonly arguments: JsonObject;
}

/** A tool as an LLM is told of it. */
export interface ToolInfo {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly inputSchema: JsonObject;
}

export type ToolActionOutcome =
  | { readonly ok: true; readonly text: string; readonly structured: Readonly<Record<string, unknown>> }
  | {
      readonly ok: false;
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly hint: string | null;
        readonly data: JsonObject;
      };
      readonly text: string;
    };

export interface ToolBox {
  /**
   * Tools of a profile, in the order in which they are listed.
   *
   * @throws TractError `invalid-argument` for an unknown profile; a call with one is refused in the same words.
   */
  readonly list: (profile: string) => readonly ToolInfo[];
  /** True when the call, as it stands, could change nothing: it only reads, or is refused for its name or arguments anyway. */
  readonly isRead: (action: ToolAction) => boolean;
  /**
   * Looks whether a call is sound as far as its tool and arguments tell, without making it.
   *
   * @param profile default: full.
   * @throws TractError `not-found` for the tool, `not-allowed` for what the profile does not offer, `invalid-argument` or `invalid-content`
   *   with the path of the argument.
   */
  readonly check: (action: ToolAction, profile?: string) => void;
  /**
   * Runs a tool in the scope of the engine. The profile is enforced here, whatever was listed. Never throws but for bugs: a failure is an
   * outcome.
   */
  readonly call: (
    engine: Engine,
    action: ToolAction,
    options: { readonly profile: string; readonly signal: AbortSignal },
  ) => Promise<ToolActionOutcome>;
}
