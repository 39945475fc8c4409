/** The tools for who calls them from inside: policies, the orchestrator, the loop of an agent in a program (spec 5.4–5.6). */
import { type Engine, withScope } from "../engine/engine.ts";
import type { ToolAction, ToolActionOutcome, ToolBox } from "../engine/toolbox.ts";
import type { JsonObject } from "../storage/records.ts";
import type { CallSite } from "./call-site.ts";
import { definitionsOf } from "./definitions.ts";
import {
  checkMayChange,
  executeTool,
  findTool,
  splitArguments,
  type ToolHost,
  type ToolOutcome,
} from "./execute.ts";
import { expectedFailure, failureText, type ToolFailure } from "./failure.ts";
import { profileNamed } from "./profiles.ts";
import type { Tool } from "./tool.ts";

export interface ToolBoxParts {
  readonly tools: readonly Tool[];
  readonly readTextFile: ToolHost["readTextFile"];
  /** Also calls that only read are noted in the ledger. */
  readonly notesReads: boolean;
}

/** Calls go the way that those of every way in go. */
export function createToolBox({ tools, readTextFile, notesReads }: ToolBoxParts): ToolBox {
  return {
    list: (name) =>
      definitionsOf(tools, profileNamed(name), "anthropic").map(
        ({ name, description, input_schema: schema }) => ({
          name,
          description,
          inputSchema: schema as JsonObject, // zod gives JSON, which TypeScript cannot see.
        }),
      ),
    isRead: (action) => {
      try {
        return isRead(tools, action);
      } catch (error) {
        failureOf(error);
        return true; // It is refused, so it changes nothing.
      }
    },
    check: (action, profile = "full") => check(action, { tools, profile: profileNamed(profile) }),
    call: async (engine, { tool: name, arguments: args }, { profile, signal }) => {
      const engineFor = async (site: CallSite): Promise<Engine> => atSite(engine, site);
      try {
        const host: ToolHost = {
          tools,
          profile: profileNamed(profile),
          engineFor,
          readTextFile,
          notes: { reads: notesReads, openEngine: engineFor },
          reportBug: (error) => {
            throw error; // To the call in which this one happens: a bug is reported once.
          },
        };
        return outcomeOf(await executeTool({ name, args, signal, progress: () => undefined }, host));
      } catch (error) {
        return failed(failureOf(error));
      }
    },
  };
}

/** Tract and worktree of the call, else those of the engine. A worktree that the call names is made by nobody. */
function atSite(engine: Engine, site: CallSite): Engine {
  const isOwn = site.worktree === undefined || site.worktree === engine.scope.worktree;
  return withScope(engine, isOwn ? site : { ...site, createWorktree: false });
}

function isRead(tools: readonly Tool[], { tool: name, arguments: args }: ToolAction): boolean {
  const tool = tools.find((known) => known.name === name);
  return tool === undefined || tool.prepare(splitArguments(args).own).isRead;
}

function check({ tool: name, arguments: args }: ToolAction, host: Pick<ToolHost, "tools" | "profile">): void {
  const tool = findTool(name, host);
  if (!tool.prepare(splitArguments(args).own).isRead) checkMayChange(tool.name, host.profile);
}

/** Bugs rise. */
function failureOf(error: unknown): ToolFailure {
  const failure = expectedFailure(error);
  if (failure === null) throw error;
  return failure;
}

function outcomeOf(outcome: ToolOutcome): ToolActionOutcome {
  if (!outcome.ok) return failed(outcome.failure);
  const { text, structured } = outcome.result;
  return { ok: true, text, structured };
}

function failed(failure: ToolFailure): ToolActionOutcome {
  const { code, message, hint } = failure;
  const data = failure.data as JsonObject; // Facts of errors are names, hashes and numbers.
  return { ok: false, error: { code, message, hint, data }, text: failureText(failure) };
}
