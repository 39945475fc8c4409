/** Reads tau-bench results: a list of `{ task_id, trial, reward, info, traj }`; each trial of a task is a transcript (spec 9, 33). */
import type { JsonObject } from "../../../storage/records.ts";
import { isJsonObject } from "../../content/json-rules.ts";
import { toBranchName } from "../branch-name.ts";
import { mendJson } from "../mend-json.ts";
import type { ParsedSource, ParsedTranscript, ParseOptions, Place, Skip } from "../parsed-transcript.ts";
import type { SourceValue } from "../source-text.ts";
import { readOpenAiMessages } from "./openai-messages.ts";

/** A run without `traj` is skipped and named; in JSON Lines so is a broken line. */
export function parseTauBench(source: SourceValue, options: ParseOptions): ParsedSource {
  const transcripts: ParsedTranscript[] = [];
  const skipped: Skip[] = [];
  for (const { place, run } of runsOf(source)) {
    if (isRun(run)) transcripts.push(readRun(run, place, options));
    else skipped.push({ ...place, why: run === undefined ? "not JSON" : "no run with traj" });
  }
  return { format: "tau-bench", transcripts, skipped };
}

/** True when a JSON value, or a line of JSON Lines, looks like what parseTauBench reads. */
export function looksLikeTauBench(value: unknown): boolean {
  return isRun(value) || (Array.isArray(value) && value.some(isRun));
}

type Run = JsonObject & { readonly traj: readonly unknown[] };

function isRun(value: unknown): value is Run {
  return isJsonObject(value) && Array.isArray(value.traj);
}

function runsOf(source: SourceValue): readonly { readonly place: Place; readonly run: unknown }[] {
  if (source.kind === "lines")
    return source.lines.map(({ line, value }) => ({ place: { line }, run: value }));
  const runs: readonly unknown[] = Array.isArray(source.value) ? source.value : [source.value];
  return runs.map((run, index) => ({ place: { entry: index + 1 }, run }));
}

/** What the run was and what it scored is a metadata commit before its messages: kept, shown, never compiled. */
function readRun(run: Run, place: Place, options: ParseOptions): ParsedTranscript {
  const { traj, ...outcome } = run;
  const messages = traj.map((message, index) => ({ place: { ...place, index }, message }));
  const read = readOpenAiMessages(messages, options.limits);
  const name = toBranchName(
    `tau-${label(run.task_id)}-${label(run.trial)}`,
    `tau-${place.line ?? place.entry}`,
  );
  const mended = mendJson(outcome, options.limits.jsonDepthMax - 2);
  if (!isJsonObject(mended.value)) {
    return {
      name,
      ...read,
      skipped: [{ ...place, why: "the outcome is nested too deeply" }, ...read.skipped],
    };
  }
  const content = { content_type: "metadata", kind: "tau-bench", data: mended.value };
  return {
    name,
    items: [{ content, metadata: null, place }, ...read.items],
    repaired: [...mended.how.map((how) => ({ ...place, how })), ...read.repaired],
    skipped: read.skipped,
  };
}

function label(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? String(value) : "x";
}
