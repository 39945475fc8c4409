/** Reads the `content` of an OpenAI message: a string, null, or a list of parts (text, images, audio, files). */
import type { Json, JsonObject } from "../../../storage/records.ts";
import { isJsonObject } from "../../content/json-rules.ts";

export interface OpenAiContent {
  /** null: no text at all. */
  readonly text: string | null;
  /** Lengths of the text parts that `text` joins; null when the content was a string or held other parts too. */
  readonly textParts: readonly number[] | null;
  /** Artifact contents for parts that carry bytes. */
  readonly artifacts: readonly JsonObject[];
  readonly how: readonly string[];
  readonly lost: readonly string[];
}

/** Between text parts: a blank line, as for merged turns (spec 9, 13). */
const PART_SEPARATOR = "\n\n";

export function readOpenAiContent(content: Json | undefined): OpenAiContent {
  if (typeof content === "string") return { ...NOTHING, text: content };
  if (content === undefined || content === null) return NOTHING;
  if (!Array.isArray(content))
    return { ...NOTHING, lost: ["content that is neither text nor parts cannot be stored"] };
  const parts = content.map(readPart);
  const texts = parts.flatMap((part) => (part.kind === "text" ? [part.text] : []));
  const lost = parts.flatMap((part) => (part.kind === "lost" ? [part.why] : []));
  const how = parts.flatMap((part) => (part.kind !== "lost" && part.how !== null ? [part.how] : []));
  if (texts.length > 1) how.push(`${texts.length} text parts joined by blank lines`);
  return {
    text: texts.length === 0 && parts.length > 0 ? null : texts.join(PART_SEPARATOR),
    textParts: parts.every((part) => part.kind === "text" && part.how === null)
      ? texts.map((text) => text.length)
      : null,
    artifacts: parts.flatMap((part) => (part.kind === "artifact" ? [part.artifact] : [])),
    how,
    lost,
  };
}

const NOTHING: OpenAiContent = { text: null, textParts: null, artifacts: [], how: [], lost: [] };

type Part =
  | { readonly kind: "text"; readonly text: string; readonly how: string | null }
  | { readonly kind: "artifact"; readonly artifact: JsonObject; readonly how: string }
  | { readonly kind: "lost"; readonly why: string };

function readPart(part: Json): Part {
  if (typeof part === "string") return { kind: "text", text: part, how: null };
  if (!isJsonObject(part)) return { kind: "lost", why: "a content part is no object" };
  if (typeof part.text === "string" && isTextType(part.type))
    return { kind: "text", text: part.text, how: null };
  switch (part.type) {
    case "refusal":
      return typeof part.refusal === "string"
        ? asLine(part.refusal, "a refusal part became text")
        : unreadable("refusal");
    case "image_url":
      return readImage(part.image_url);
    case "input_audio":
      return readAudio(part.input_audio);
    case "file":
      return readFile(part.file);
    default:
      return unreadable(String(part.type).slice(0, TYPE_CHARS_SHOWN));
  }
}

const TYPE_CHARS_SHOWN = 40;

function isTextType(type: Json | undefined): boolean {
  return type === "text" || type === "input_text" || type === "output_text";
}

function readImage(image: Json | undefined): Part {
  const url = isJsonObject(image) ? image.url : image;
  if (typeof url !== "string") return unreadable("image_url");
  return (
    readDataUrl(url, "image", null) ?? asLine(`[image: ${url}]`, "an image address became a line of text")
  );
}

function readAudio(audio: Json | undefined): Part {
  if (!isJsonObject(audio) || typeof audio.data !== "string") return unreadable("input_audio");
  const format = typeof audio.format === "string" ? audio.format : "wav";
  return asArtifact({
    artifact_type: "audio",
    content: audio.data,
    media_type: `audio/${format}`,
    path: null,
  });
}

function readFile(file: Json | undefined): Part {
  if (!isJsonObject(file)) return unreadable("file");
  const path = typeof file.filename === "string" ? file.filename : null;
  if (typeof file.file_data === "string")
    return readDataUrl(file.file_data, "file", path) ?? unreadable("file");
  if (typeof file.file_id === "string")
    return asLine(`[file: ${file.file_id}]`, "a file id became a line of text");
  return unreadable("file");
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=.+-]+)*;base64,/;

function readDataUrl(url: string, artifactType: string, path: string | null): Part | null {
  const head = DATA_URL.exec(url.slice(0, DATA_URL_HEAD_CHARS_MAX));
  if (!head?.[1]) return null;
  const artifact = {
    artifact_type: artifactType,
    content: url.slice(head[0].length),
    media_type: head[1],
    path,
  };
  return asArtifact(artifact);
}

/** The media type stands at the front; the rest may be megabytes. */
const DATA_URL_HEAD_CHARS_MAX = 300;

function asArtifact(fields: JsonObject): Part {
  const artifact = { content_type: "artifact", ...fields };
  return { kind: "artifact", artifact, how: `a content part became an artifact (${fields.media_type})` };
}

function asLine(text: string, how: string): Part {
  return { kind: "text", text, how };
}

function unreadable(type: string): Part {
  return { kind: "lost", why: `a content part of type ${JSON.stringify(type)} cannot be stored` };
}
