/** What every transcript parser gives: messages as contents, with an account of every part of the source. */
import type { JsonObject } from "../../storage/records.ts";
import type { Limits } from "../limits.ts";

export const TRANSCRIPT_FORMATS = ["openai", "swe-agent", "tau-bench"] as const;
export type TranscriptFormat = (typeof TRANSCRIPT_FORMATS)[number];

/** One commit to be: a content object of spec 1.2, checked when it is planned. */
export interface TranscriptItem {
  readonly content: JsonObject;
  /**
   * What the content cannot carry, under the key of its format. Under `openai` compile reads `tool_name_key`: the tool message had the key
   * `name`. The rest is kept so that nothing is lost.
   */
  readonly metadata: JsonObject | null;
  readonly place: Place;
}

/** Where something stood in the source. All absent: the file as a whole. */
export interface Place {
  /** Line of JSON Lines, from 1. */
  readonly line?: number;
  /** Position in a list of transcripts, from 1. */
  readonly entry?: number;
  /** Position in a list of messages, from 0. */
  readonly index?: number;
}

/** Imported, but not as it stood. */
export interface Repair extends Place {
  readonly how: string;
}

/** Not imported. */
export interface Skip extends Place {
  readonly why: string;
}

export interface ParsedTranscript {
  /** A branch name made from the source; free of what git refuses. */
  readonly name: string;
  readonly items: readonly TranscriptItem[];
  readonly repaired: readonly Repair[];
  readonly skipped: readonly Skip[];
}

export interface ParsedSource {
  readonly format: TranscriptFormat;
  /** In the order of the source. */
  readonly transcripts: readonly ParsedTranscript[];
  /** What belongs to no transcript, such as a broken line. */
  readonly skipped: readonly Skip[];
}

/** What a parser needs to know besides the source. */
export interface ParseOptions {
  /** Name for what has none of its own: the file's name without its ending. */
  readonly baseName: string;
  readonly limits: Limits;
}
