/** The one shape of a tool: what an agent can ask for, from which MCP listing, CLI command, docs and tests are derived. */
import type { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import type { ToolName } from "./profiles.ts";

/** What a call may change. `destructive` is reserved for tools that can remove content for good. */
export type Effect = "read" | "write" | "destructive";

/** A pointer to a resource that holds the whole of what a result cut short. */
export interface ResourceLink {
  readonly uri: string;
  readonly name: string;
  readonly mimeType: string;
}

export interface ToolResult {
  /** snake_case, as spec 8 says; hashes in full. */
  readonly structured: Readonly<Record<string, unknown>>;
  /** The same in short for a model or a person; hashes shortened; ends with the next sensible step. */
  readonly text: string;
  readonly links?: readonly ResourceLink[];
}

/** What a way in gives to a call besides its arguments. */
export interface ToolContext {
  /** Scoped to the tract, worktree and author of the call. */
  readonly engine: Engine;
  readonly signal: AbortSignal;
  /** Reports progress of long work; `total` in the unit of `done`. */
  readonly progress: (done: number, total: number | null, message: string) => void;
  /** Reads a file that the caller named, within what the way in allows. */
  readonly readTextFile: (path: string) => Promise<string>;
}

export interface Tool<Input = unknown> {
  readonly name: ToolName;
  readonly title: string;
  /** First sentence: what it does. Then when to use it. No more: every word is paid for by every session. */
  readonly description: string;
  readonly effect: Effect;
  /** Calling twice with the same arguments changes nothing more. */
  readonly isIdempotent: boolean;
  /** snake_case arguments without tract and worktree, which every tool has. Strict: unknown arguments are refused. */
  readonly input: z.ZodType<Input>;
  /** Arguments not shown in the profile `self` (spec 9, 29); they still work there. */
  readonly hiddenInSelf: readonly string[];
  /** Names and types of the result's fields. */
  readonly output: z.ZodType;
  readonly run: (context: ToolContext, input: Input) => Promise<ToolResult>;
}

/** Lets TypeScript infer the input type of a tool from its schema. */
export function defineTool<Input>(tool: Tool<Input>): Tool<Input> {
  return tool;
}
