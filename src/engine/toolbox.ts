/** The tools as the engine sees them: the port through which policies and the orchestrator act as an agent would (spec 5.4, 5.5). */
import type { JsonObject } from "../storage/records.ts";
import type { Engine } from "./engine.ts";

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
        readonly code: string;
        readonly message: string;
        readonly hint: string | null;
        readonly data: JsonObject;
      };
      readonly text: string;
    };

export interface ToolBox {
  /** Tools of a profile, in the order in which they are listed. */
  readonly list: (profile: string) => readonly ToolInfo[];
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
