/** Turns what a caller sent into a checked, hashed content, or says which field is wrong and what was expected (spec 1.2). */
import type { z } from "zod";
import type { ContentRecord } from "../../storage/records.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import type { Limits } from "../limits.ts";
import { nearest } from "../nearest.ts";
import { explainIssue, listNames, namesTold, pathTold } from "../zod-words.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { AnyContent, ContentTypes, CustomContent } from "./content-types.ts";
import { hashContent } from "./hashes.ts";
import { findJsonProblem, isJsonObject } from "./json-rules.ts";
import { plainText } from "./plain-text.ts";
import { parseStored } from "./stored-json.ts";

/** A content ready to be stored, with what planning a commit needs of it. */
export interface ParsedContent {
  readonly content: AnyContent;
  readonly record: ContentRecord;
  /** Plain text, for tokens and the auto message. */
  readonly text: string;
  /** True: it is committed again as it is. */
  readonly isStored: boolean;
}

/** What parsing needs to know; `path` names the content in errors, like `items[3].content`. */
export interface ParseContext {
  readonly types: ContentTypes;
  readonly limits: Limits;
  readonly path: string;
  /** Also internal types, for the operations that make them. */
  readonly internal?: boolean;
}

/**
 * Checks a content and fills in its defaults.
 *
 * @throws TractError `invalid-content` (unknown type; missing, wrong or unknown field; lone surrogate; inexact number),
 *   `content-too-large` (canonical JSON over `limits.contentBytesMax`).
 */
export function parseContent(input: unknown, context: ParseContext): ParsedContent {
  const { limits, path } = context;
  if (!isJsonObject(input)) throw invalid(path, "a content object with content_type");
  const problem = findJsonProblem(input, path, limits.jsonDepthMax);
  if (problem) throw invalid(problem.path, problem.expected);
  const type = typeOf(input.content_type, context);
  const parsed = type.schema.safeParse(input);
  if (!parsed.success) throw invalidField(parsed.error, input, { path, type: type.name });
  const content = parsed.data as AnyContent; // The type's own schema accepted it.
  const body = canonicalJson(content);
  const bytes = Buffer.byteLength(body);
  if (bytes > limits.contentBytesMax) throw tooLarge(path, bytes, limits.contentBytesMax);
  const ownText = type.toText === null ? null : type.toText(content as CustomContent);
  const record: ContentRecord = {
    hash: hashContent(body),
    type: type.name,
    role: type.roleOf(content),
    priority: type.priority,
    body,
    text: ownText,
  };
  return { content, record, text: ownText ?? plainText(content), isStored: false };
}

/** A stored content as compile and show read it. */
export function readContent(record: { readonly body: string }): AnyContent {
  return parseStored(record.body) as AnyContent; // Only parseContent writes bodies.
}

/** A stored content, to be committed again as it is. */
export function storedContent(record: ContentRecord): ParsedContent {
  return { content: readContent(record), record, text: storedText(record), isStored: true };
}

/** Text of a stored content: the custom type's own where it gave one. */
export function storedText(record: { readonly body: string; readonly text: string | null }): string {
  return record.text ?? plainText(readContent(record));
}

function typeOf(
  name: unknown,
  { types, path, internal }: ParseContext,
): NonNullable<ReturnType<ContentTypes["get"]>> {
  const type = typeof name === "string" ? types.get(name) : undefined;
  if (type && (!type.isInternal || internal === true)) return type;
  const offered = [...types.values()].flatMap((type) => (type.isInternal ? [] : type.name));
  if (typeof name !== "string") throw invalid(`${path}.content_type`, `one of ${offered.join(", ")}`);
  if (type) throw internalType(name, path);
  const near = nearest(name, offered);
  throw new TractError(
    "invalid-content",
    `${path}.content_type: there is no content type ${JSON.stringify(name.slice(0, 80))}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Content types: ${offered.join(", ")}.`,
      data: { path: `${path}.content_type`, expected: offered },
    },
  );
}

function internalType(name: string, path: string): TractError {
  return new TractError("invalid-content", `${path}.content_type: ${name} is made by compress alone`, {
    hint: "Summarise commits with compress; to change the text of a summary, edit it with a plain text.",
    data: { path: `${path}.content_type` },
  });
}

function invalid(path: string, expected: string): TractError {
  return new TractError("invalid-content", `${path}: expected ${expected}`, {
    hint: "Correct this field and send the content again; nothing was stored.",
    data: { path, expected },
  });
}

function invalidField(
  error: z.ZodError,
  input: unknown,
  { path, type }: { readonly path: string; readonly type: string },
): TractError {
  const issue = error.issues[0];
  invariant(issue, "a failed check names an issue");
  const { path: inside, problem } = explainIssue(issue, input);
  const at = pathTold([path, ...inside].map(String).join("."));
  if (issue.code === "unrecognized_keys") {
    return new TractError("invalid-content", `${at}: ${type} has no field ${listNames(issue.keys)}`, {
      hint: "Remove the field, or put extra data into the commit's metadata; nothing was stored.",
      data: { path: at, unknown: namesTold(issue.keys) },
    });
  }
  return new TractError("invalid-content", `${at}: ${problem}`, {
    hint: `Correct this field of the ${type} content and send it again; nothing was stored.`,
    data: { path: at, expected: problem.replace(/^expected /, "") },
  });
}

function tooLarge(path: string, bytes: number, bytesMax: number): TractError {
  return new TractError(
    "content-too-large",
    `${path}: the content has ${bytes} bytes of JSON; at most ${bytesMax} are stored`,
    {
      hint: "Split it into several commits, or store it elsewhere and commit its path and hash.",
      data: { path, bytes, bytes_max: bytesMax },
    },
  );
}
