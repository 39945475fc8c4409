/** Finds out which transcript format a source has, by its shape and never by its file name. */
import { TractError } from "../../errors.ts";
import { TRANSCRIPT_FORMATS, type TranscriptFormat } from "../parsed-transcript.ts";
import type { SourceValue } from "../source-text.ts";
import { looksLikeOpenAi } from "./openai.ts";
import { looksLikeSweAgent } from "./swe-agent.ts";
import { looksLikeTauBench } from "./tau-bench.ts";

/**
 * @returns the format of the JSON value, or of the first line of JSON Lines that looks like one.
 * @throws TractError `invalid-argument` when it looks like none.
 */
export function detectFormat(source: SourceValue): TranscriptFormat {
  const values = source.kind === "json" ? [source.value] : source.lines.map((line) => line.value);
  for (const value of values) {
    const format = formatOf(value);
    if (format !== null) return format;
  }
  throw new TractError(
    "invalid-argument",
    "the transcript is JSON, but in none of the formats that can be imported",
    {
      hint: "Send an OpenAI chat list (JSON or JSON Lines), a SWE-agent .traj or tau-bench trajectories.",
      data: { formats: TRANSCRIPT_FORMATS },
    },
  );
}

/** The most telling shape first: a run of SWE-agent or tau-bench holds chat messages too. */
function formatOf(value: unknown): TranscriptFormat | null {
  if (looksLikeSweAgent(value)) return "swe-agent";
  if (looksLikeTauBench(value)) return "tau-bench";
  return looksLikeOpenAi(value) ? "openai" : null;
}
