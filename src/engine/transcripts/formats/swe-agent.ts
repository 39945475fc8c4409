/** Reads a SWE-agent run (`.traj`): its `history` as the model saw it, or, without one, the steps of its `trajectory`. */
import type { JsonObject } from "../../../storage/records.ts";
import { isJsonObject } from "../../content/json-rules.ts";
import { TractError } from "../../errors.ts";
import { toBranchName } from "../branch-name.ts";
import { mendJson } from "../mend-json.ts";
import type { ParsedSource, ParseOptions, Skip, TranscriptItem } from "../parsed-transcript.ts";
import type { SourceValue } from "../source-text.ts";
import { type PlacedMessage, readOpenAiMessages } from "./openai-messages.ts";

/**
 * @throws TractError `invalid-argument` when there is neither a history nor a trajectory.
 */
export function parseSweAgent(source: SourceValue, options: ParseOptions): ParsedSource {
  const run = source.kind === "json" ? source.value : undefined;
  if (!isRun(run)) throw notARun();
  const history = listOf(run.history);
  const steps = listOf(run.trajectory);
  const messages =
    history.length > 0 ? history.map(asOpenAi) : [...openingOf(steps), ...steps.flatMap(stepMessages)];
  const placed = messages.map((message, index): PlacedMessage => ({ place: { index }, message }));
  const read = readOpenAiMessages(placed, options.limits);
  const outcome = readOutcome(run, options);
  const transcript = {
    name: toBranchName(options.baseName, "swe-agent"),
    items: [...outcome.items, ...read.items],
    repaired: read.repaired,
    skipped: [...outcome.skipped, ...stepsLeftOut(history, steps), ...read.skipped],
  };
  return { format: "swe-agent", transcripts: [transcript], skipped: [] };
}

/** True for the JSON of a `.traj` file. */
export function looksLikeSweAgent(value: unknown): boolean {
  return isRun(value);
}

function isRun(value: unknown): value is JsonObject {
  return isJsonObject(value) && (listOf(value.history).length > 0 || listOf(value.trajectory).length > 0);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A history message is an OpenAI message with a list of the calls it answers. */
function asOpenAi(message: unknown): unknown {
  if (!isJsonObject(message)) return message;
  const kept = Object.entries(message).filter(([key, value]) => !repeats(key, value, message));
  const [answered] = message.role === "tool" ? listOf(message.tool_call_ids) : [];
  return { ...Object.fromEntries(kept), ...(answered === undefined ? {} : { tool_call_id: answered }) };
}

/** True for a field that says again what the message itself says, or only sorts it. */
function repeats(key: string, value: unknown, message: JsonObject): boolean {
  switch (key) {
    case "message_type":
    case "action":
    case "tool_call_ids":
      return true;
    case "agent":
      return value === "main";
    case "thought":
      return value === message.content;
    default:
      return false;
  }
}

/** Without a history, the first step may tell what the model was asked. */
function openingOf(steps: readonly unknown[]): readonly unknown[] {
  const [first] = steps;
  return isJsonObject(first) ? listOf(first.messages ?? first.query).map(asOpenAi) : [];
}

/** A step is what the model said, the command it ran, and what the shell answered. */
function stepMessages(step: unknown, index: number): readonly unknown[] {
  if (!isJsonObject(step) || typeof step.action !== "string") return [step];
  const text = step.thought ?? step.response;
  const id = `step-${index + 1}`;
  const call = {
    id,
    type: "function",
    function: { name: SHELL, arguments: JSON.stringify({ command: step.action }) },
  };
  return [
    { role: "assistant", content: typeof text === "string" ? text : null, tool_calls: [call] },
    { role: "tool", tool_call_id: id, content: step.observation ?? "" },
  ];
}

/** The tool of runs whose actions are command lines. */
const SHELL = "shell";

/** What the run was and how it ended is a metadata commit before its messages; the replay settings only configure the tool. */
function readOutcome(
  run: JsonObject,
  options: ParseOptions,
): { readonly items: readonly TranscriptItem[]; readonly skipped: readonly Skip[] } {
  const outcome = Object.entries(run).filter(([key]) => !NOT_OUTCOME.has(key));
  const replay = run.replay_config === undefined ? [] : [{ why: "replay_config is not imported" }];
  if (outcome.length === 0) return { items: [], skipped: replay };
  const { value } = mendJson(Object.fromEntries(outcome), options.limits.jsonDepthMax - 2);
  if (!isJsonObject(value))
    return { items: [], skipped: [{ why: "the outcome is nested too deeply" }, ...replay] };
  const content = { content_type: "metadata", kind: "swe-agent", data: value };
  return { items: [{ content, metadata: null, place: {} }], skipped: replay };
}

const NOT_OUTCOME: ReadonlySet<string> = new Set(["history", "trajectory", "replay_config"]);

function stepsLeftOut(history: readonly unknown[], steps: readonly unknown[]): readonly Skip[] {
  if (history.length === 0 || steps.length === 0) return [];
  return [
    {
      why: `trajectory: its ${steps.length} steps repeat the history; their states and times are not imported`,
    },
  ];
}

function notARun(): TractError {
  return new TractError(
    "invalid-argument",
    "the transcript is no SWE-agent run: it has neither history nor trajectory",
    {
      hint: "Leave format out to have it recognised, or name the right one: openai, tau-bench.",
    },
  );
}
