/** Reads the text of a transcript file: one JSON value, or JSON Lines with each broken line named. */
import { TractError } from "../errors.ts";
import type { Limits } from "../limits.ts";

export interface SourceLine {
  /** From 1. */
  readonly line: number;
  /** undefined: the line is no JSON. */
  readonly value: unknown;
}

export type SourceValue =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "lines"; readonly lines: readonly SourceLine[] };

/**
 * @param text with or without byte order mark, with LF or CRLF.
 * @throws TractError `content-too-large` over `limits.transcriptBytesMax`; `invalid-argument` when no line is JSON.
 */
export function readSource(text: string, limits: Limits): SourceValue {
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.transcriptBytesMax) throw tooLarge(bytes, limits.transcriptBytesMax);
  const start = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const whole = parseJson(start === 0 ? text : text.slice(start));
  if (whole !== undefined) return { kind: "json", value: whole };
  const lines = [...readLines(text, start)];
  if (lines.every(({ value }) => value === undefined)) throw notJson(lines.length);
  return { kind: "lines", lines };
}

const BYTE_ORDER_MARK = "\ufeff";

/** Blank lines hold nothing and are passed over; everything else is accounted for. */
function* readLines(text: string, start: number): Generator<SourceLine> {
  let line = 0;
  for (let from = start; from < text.length; ) {
    const newline = text.indexOf("\n", from);
    const end = newline === -1 ? text.length : newline;
    const content = text.slice(from, end).trim();
    line += 1;
    from = end + 1;
    if (content !== "") yield { line, value: parseJson(content) };
  }
}

/** undefined when the text is no JSON; JSON itself has no undefined. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tooLarge(bytes: number, bytesMax: number): TractError {
  return new TractError(
    "content-too-large",
    `the transcript has ${bytes} bytes; at most ${bytesMax} are read`,
    {
      hint: "Split the file by lines or transcripts and import the parts.",
      data: { bytes, bytes_max: bytesMax },
    },
  );
}

function notJson(lines: number): TractError {
  return new TractError(
    "invalid-argument",
    "the transcript is neither JSON nor JSON Lines: nothing in it can be used",
    {
      hint: "Send an OpenAI chat list (JSON or JSON Lines), a SWE-agent .traj or tau-bench trajectories.",
      data: { lines },
    },
  );
}
