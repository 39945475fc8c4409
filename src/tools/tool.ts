/** The one shape of a tool: what an agent can ask for, from which MCP listing, CLI command, docs and tests are derived. */
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import { parseArguments } from "./parse-arguments.ts";
import type { Profile, ToolName } from "./profiles.ts";

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
  /** What the caller may call; a tool that calls tools lets it call no others. */
  readonly profile: Profile;
  /** Reports progress of long work; `total` in the unit of `done`. */
  readonly progress: (done: number, total: number | null, message: string) => void;
  /** Reads a file that the caller named, within what the way in allows. */
  readonly readTextFile: (path: string) => Promise<string>;
}

/** Arguments by their snake_case names; each field is a zod schema. */
export type InputShape = Readonly<Record<string, z.ZodType>>;
/** What `run` gets: checked arguments, defaults filled in. */
export type InputOf<Shape extends InputShape> = z.output<z.ZodObject<Shape, z.core.$strict>>;

/** What a file of the catalog says about its tool. */
export interface ToolDefinition<Shape extends InputShape> {
  readonly name: ToolName;
  readonly title: string;
  /** First sentence: what it does. Then when to use it. No more: every word is paid for by every session. */
  readonly description: string;
  readonly effect: Effect;
  /** Calling twice with the same arguments changes nothing more. */
  readonly isIdempotent: boolean;
  /** True: it asks an LLM, so what it gives depends on more than the store. */
  readonly reachesOut?: boolean;
  /** Arguments without tract and worktree, which every tool has. */
  readonly input: Shape;
  /** Arguments that are part of a content: what is wrong with them is `invalid-content`. */
  readonly contentArguments?: readonly string[];
  /** Arguments not shown in the profile `self` (spec 9, 29); they still work there. */
  readonly hiddenInSelf?: readonly string[];
  /** Arguments that agents are not told of in any profile, because another one says the same; they still work. */
  readonly unlisted?: readonly string[];
  /** Fields of a successful result; optional ones may be missing. */
  readonly output: InputShape;
  /** True for arguments with which a writing tool only reads, such as action list. */
  readonly readsOnly?: (input: InputOf<Shape>) => boolean;
  readonly run: (context: ToolContext, input: InputOf<Shape>) => Promise<ToolResult>;
}

/** A tool as the ways in see it: its arguments are checked by `prepare`, so the type of its input stays its own business. */
export interface Tool {
  readonly name: ToolName;
  readonly title: string;
  readonly description: string;
  readonly effect: Effect;
  readonly isIdempotent: boolean;
  readonly reachesOut: boolean;
  /** Strict: unknown arguments are refused. */
  readonly input: z.ZodObject;
  readonly hiddenInSelf: readonly string[];
  readonly unlisted: readonly string[];
  readonly output: z.ZodObject;
  /**
   * Checks the arguments, tract and worktree left out.
   *
   * @throws TractError `invalid-argument` or `invalid-content` with the path of the field.
   */
  readonly prepare: (args: Readonly<Record<string, unknown>>) => PreparedCall;
}

/** A call whose arguments are sound. */
export interface PreparedCall {
  readonly isRead: boolean;
  readonly run: (context: ToolContext) => Promise<ToolResult>;
}

/** Makes a tool from its definition; TypeScript infers the type of `run`'s input from the schemas. */
export function defineTool<Shape extends InputShape>(definition: ToolDefinition<Shape>): Tool {
  const { name, title, description, effect, isIdempotent } = definition;
  const input = z.strictObject(definition.input);
  return {
    name,
    title,
    description,
    effect,
    isIdempotent,
    reachesOut: definition.reachesOut ?? false,
    input,
    hiddenInSelf: definition.hiddenInSelf ?? [],
    unlisted: definition.unlisted ?? [],
    output: z.strictObject(definition.output),
    prepare: (args) => {
      const checked = parseArguments(input, args, definition.contentArguments ?? []);
      return {
        isRead: effect === "read" || definition.readsOnly?.(checked) === true,
        run: async (context) => await definition.run(context, checked),
      };
    },
  };
}
