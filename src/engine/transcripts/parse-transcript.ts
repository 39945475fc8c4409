/** Turns the text of a transcript file into contents, whatever its format (spec 6.5). Pure. */
import { invariant } from "../invariant.ts";
import type { Limits } from "../limits.ts";
import { detectFormat } from "./formats/detect-format.ts";
import { parseOpenAi } from "./formats/openai.ts";
import { parseSweAgent } from "./formats/swe-agent.ts";
import { parseTauBench } from "./formats/tau-bench.ts";
import type { ParsedSource, ParseOptions, TranscriptFormat } from "./parsed-transcript.ts";
import { readSource, type SourceValue } from "./source-text.ts";

export interface TranscriptText {
  readonly text: string;
  /** File name; its base without ending names the branches. */
  readonly sourceName: string | null;
  /** null: by the shape of the text. */
  readonly format: TranscriptFormat | null;
}

const PARSERS: Readonly<
  Record<TranscriptFormat, (source: SourceValue, options: ParseOptions) => ParsedSource>
> = {
  openai: parseOpenAi,
  "swe-agent": parseSweAgent,
  "tau-bench": parseTauBench,
};

/**
 * Every part of the text is accounted for: in a transcript's items, repaired, or skipped with the reason.
 *
 * @throws TractError `content-too-large` over `limits.transcriptBytesMax`; `invalid-argument` when the text is no JSON or of no known format.
 */
export function parseTranscript(input: TranscriptText, limits: Limits): ParsedSource {
  const source = readSource(input.text, limits);
  const format = input.format ?? detectFormat(source);
  const parsed = PARSERS[format](source, { baseName: baseNameOf(input.sourceName), limits });
  invariant(parsed.format === format, "a parser gives its own format");
  return parsed;
}

/** The last part of a path of either kind of slash, without its ending. */
function baseNameOf(sourceName: string | null): string {
  const name = sourceName?.split(/[\\/]/).at(-1) ?? "";
  const dot = name.lastIndexOf(".");
  const base = dot > 0 ? name.slice(0, dot) : name;
  return base === "" ? "transcript" : base;
}
