/** Reads OpenAI chat lists: one list, many, request bodies with `messages`, or JSON Lines of messages or of lists. */
import type { JsonObject } from "../../../storage/records.ts";
import { isJsonObject } from "../../content/json-rules.ts";
import { toBranchName } from "../branch-name.ts";
import { mendJson } from "../mend-json.ts";
import type { ParsedSource, ParsedTranscript, ParseOptions, Place, Skip } from "../parsed-transcript.ts";
import type { SourceLine, SourceValue } from "../source-text.ts";
import { type PlacedMessage, readOpenAiMessages } from "./openai-messages.ts";

/**
 * Lines that are messages form one transcript; each line with `messages` is a transcript of its own, named after the line. A broken line
 * is skipped and named.
 */
export function parseOpenAi(source: SourceValue, options: ParseOptions): ParsedSource {
  const read = source.kind === "json" ? readValue(source.value, options) : readLines(source.lines, options);
  return { format: "openai", ...read };
}

/** True when a JSON value, or a line of JSON Lines, looks like what parseOpenAi reads. */
export function looksLikeOpenAi(value: unknown): boolean {
  if (isMessage(value) || isRequest(value)) return true;
  return (
    Array.isArray(value) &&
    value.some((member) => isMessage(member) || isRequest(member) || isMessageList(member))
  );
}

function isMessage(value: unknown): value is JsonObject {
  return isJsonObject(value) && typeof value.role === "string";
}

/** A request body or a line of fine-tuning data. */
function isRequest(value: unknown): value is JsonObject & { readonly messages: readonly unknown[] } {
  return isJsonObject(value) && Array.isArray(value.messages);
}

function isMessageList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.some(isMessage);
}

type Read = Omit<ParsedSource, "format">;

function readValue(value: unknown, options: ParseOptions): Read {
  if (isMessage(value)) return readValue([value], options);
  if (isRequest(value))
    return { transcripts: [readRequest(value, options.baseName, {}, options)], skipped: [] };
  const members: readonly unknown[] = Array.isArray(value) ? value : [];
  if (!members.some((member) => isRequest(member) || isMessageList(member))) {
    const messages = members.map((message, index) => ({ place: { index }, message }));
    return { transcripts: [readList(messages, options.baseName, options)], skipped: [] };
  }
  return readMany(
    members.map((member, index) => ({ place: { entry: index + 1 }, value: member })),
    options,
  );
}

function readLines(lines: readonly SourceLine[], options: ParseOptions): Read {
  const broken = lines.filter((line) => line.value === undefined);
  const whole = lines.filter((line) => line.value !== undefined);
  const messages = whole.filter((line) => !isRequest(line.value) && !isMessageList(line.value));
  const placed = messages.map(({ line, value }) => ({ place: { line }, message: value }));
  const conversation = placed.length === 0 ? [] : [readList(placed, options.baseName, options)];
  const lists = whole.filter((line) => isRequest(line.value) || isMessageList(line.value));
  const many = readMany(
    lists.map(({ line, value }) => ({ place: { line }, value })),
    options,
  );
  return {
    transcripts: [...conversation, ...many.transcripts],
    skipped: [...broken.map(({ line }) => ({ line, why: "not JSON" })), ...many.skipped],
  };
}

/** Each a transcript of its own: named after its place, which stays the same when others are mended or added. */
function readMany(
  values: readonly { readonly place: Place; readonly value: unknown }[],
  options: ParseOptions,
): Read {
  const transcripts: ParsedTranscript[] = [];
  const skipped: Skip[] = [];
  for (const { place, value } of values) {
    const name = values.length === 1 ? options.baseName : `${options.baseName}-${place.line ?? place.entry}`;
    if (isRequest(value)) transcripts.push(readRequest(value, name, place, options));
    else if (isMessageList(value)) transcripts.push(readList(placeAll(value, place), name, options));
    else skipped.push({ ...place, why: "no list of messages" });
  }
  return { transcripts, skipped };
}

function placeAll(messages: readonly unknown[], place: Place): readonly PlacedMessage[] {
  return messages.map((message, index) => ({ place: { ...place, index }, message }));
}

function readList(messages: readonly PlacedMessage[], name: string, options: ParseOptions): ParsedTranscript {
  return { name: toBranchName(name, "chat"), ...readOpenAiMessages(messages, options.limits) };
}

/** What stands beside the messages (model, tools, ids) is kept as a metadata commit before them. */
function readRequest(
  request: JsonObject & { readonly messages: readonly unknown[] },
  name: string,
  place: Place,
  options: ParseOptions,
): ParsedTranscript {
  const { messages, ...rest } = request;
  const list = readList(placeAll(messages, place), name, options);
  if (Object.keys(rest).length === 0) return list;
  const mended = mendJson(rest, options.limits.jsonDepthMax - 2);
  if (!isJsonObject(mended.value)) {
    return {
      ...list,
      skipped: [{ ...place, why: "the fields beside messages are nested too deeply" }, ...list.skipped],
    };
  }
  const content = { content_type: "metadata", kind: "openai-request", data: mended.value };
  return {
    ...list,
    items: [{ content, metadata: null, place }, ...list.items],
    repaired: [...mended.how.map((how) => ({ ...place, how })), ...list.repaired],
  };
}
