/** Reads what an import was asked for: the part of the work that does not depend on the store. */
import type { Hash } from "../../storage/records.ts";
import { sha256 } from "../content/hashes.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { checkRefName } from "../history/ref-name.ts";
import type { Rest } from "../long-work.ts";
import { type CheckedTranscript, checkTranscript } from "./checked-transcript.ts";
import { parseTranscript } from "./parse-transcript.ts";
import type { Skip, TranscriptFormat } from "./parsed-transcript.ts";

export interface ImportRequest {
  readonly text: string;
  /** File name; names the branches and stands as the author's name. */
  readonly sourceName?: string | undefined;
  /** Default `auto`: by the shape of the text. */
  readonly format?: TranscriptFormat | "auto" | undefined;
  /** Where the one transcript of the file goes: continued at the tip, or made. Default: a branch of its own for each transcript. */
  readonly branch?: string | undefined;
}

export interface ImportSource {
  readonly format: TranscriptFormat;
  readonly sourceName: string | null;
  /** SHA-256 of the text. */
  readonly digest: Hash;
  /** null: each transcript has a branch of its own. */
  readonly branch: string | null;
  /** Those with something to import; at least one. */
  readonly transcripts: readonly CheckedTranscript[];
  /** What belongs to none of them. */
  readonly skipped: readonly Skip[];
}

/**
 * @throws TractError `invalid-argument` when nothing can be used, or several transcripts are to go to one branch; `content-too-large`;
 *   `invalid-name`; `cancelled` from `rest`.
 */
export async function readImportSource(
  engine: Engine,
  request: ImportRequest,
  rest: Rest,
): Promise<ImportSource> {
  const branch = request.branch ?? null;
  if (branch !== null) checkRefName(engine.limits, branch, "branch");
  const sourceName = fileNameOf(request.sourceName ?? "");
  const format = request.format === undefined || request.format === "auto" ? null : request.format;
  const parsed = parseTranscript({ text: request.text, sourceName, format }, engine.limits);
  const context = { types: engine.contentTypes, limits: engine.limits, rest };
  const checked: CheckedTranscript[] = [];
  for (const transcript of parsed.transcripts) checked.push(await checkTranscript(transcript, context));
  const transcripts = checked.filter((transcript) => transcript.items.length > 0);
  const empty = checked.filter((transcript) => transcript.items.length === 0);
  if (transcripts.length === 0) throw nothingUsable(parsed.format);
  if (branch !== null && transcripts.length > 1) throw severalForOne(branch, transcripts.length);
  return {
    format: parsed.format,
    sourceName,
    digest: sha256(request.text.toWellFormed()),
    branch,
    transcripts,
    skipped: [...parsed.skipped, ...empty.flatMap(skipsOfEmpty)],
  };
}

/** The last part of a path of either kind of slash: where a file lay is nobody's business. null when there is none. */
function fileNameOf(sourceName: string): string | null {
  const name = sourceName.split(/[\\/]/).at(-1)?.slice(0, SOURCE_NAME_CHARS_MAX).toWellFormed() ?? "";
  return name === "" ? null : name;
}

const SOURCE_NAME_CHARS_MAX = 200;

function skipsOfEmpty(transcript: CheckedTranscript): readonly Skip[] {
  return transcript.skipped.length > 0 ? transcript.skipped : [{ why: `${transcript.name} has no messages` }];
}

function nothingUsable(format: TranscriptFormat): TractError {
  return new TractError(
    "invalid-argument",
    `read as ${format}, the transcript has no message that can be imported`,
    {
      hint: "Look at one message of it: it needs a role and content. Nothing was stored.",
      data: { format },
    },
  );
}

function severalForOne(branch: string, count: number): TractError {
  return new TractError(
    "invalid-argument",
    `the file holds ${count} transcripts, and one branch was named for them`,
    {
      hint: "Leave branch out: each transcript then gets a branch of its own, named after the source.",
      data: { branch, transcripts: count },
    },
  );
}
