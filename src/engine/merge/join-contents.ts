/** Puts two contents into one: side by side under headings, or marked as a conflict that is still open (spec 3.3). Pure. */
import type { ContentRecord, Json, JsonObject } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import { readContent, storedText } from "../content/parse-content.ts";

/** A side's content and how it is called, such as `ours (main)`. */
export interface NamedContent {
  readonly record: ContentRecord;
  readonly label: string;
  /** In place of the content's text. */
  readonly text?: string;
}

/** What marks an open conflict, as git does it: nobody takes it for something that was said. */
export function markedText(
  ours: { label: string; text: string },
  theirs: { label: string; text: string },
): string {
  return `<<<<<<< ${ours.label}\n${ours.text}\n=======\n${theirs.text}\n>>>>>>> ${theirs.label}`;
}

/** One text under another, each under its heading. */
export function headedText(parts: readonly { readonly label: string; readonly text: string }[]): string {
  return parts.map(({ label, text }) => `## ${label}\n\n${text}`).join("\n\n");
}

/**
 * Both contents as one content object of the type of ours, or of theirs where only that has a text: the text holds both, other fields are
 * those of the one taken.
 *
 * @returns null when neither has a text that could hold both (free JSON of different kinds, base64, custom types without a text).
 */
export function joinContents(ours: NamedContent, theirs: NamedContent): JsonObject | null {
  const [our, their] = [objectOf(ours.record), objectOf(theirs.record)];
  const type = our.content_type;
  if ((type === "freeform" || type === "metadata") && their.content_type === type) {
    const field = type === "freeform" ? "payload" : "data";
    return { ...our, [field]: { ours: our[field] ?? null, theirs: their[field] ?? null } };
  }
  const joined = withText(our, their, (field) =>
    headedText([
      { label: ours.label, text: textIn(ours, our, field) },
      { label: theirs.label, text: textIn(theirs, their, field) },
    ]),
  );
  if (joined === null || type !== "session" || their.content_type !== "session") return joined;
  return { ...joined, ...joinedLists(our, their) };
}

/**
 * Both contents as one that shows the conflict. There is always one: what has no text becomes dialogue of the same role, or, where it is not
 * compiled, metadata.
 */
export function markContents(ours: NamedContent, theirs: NamedContent): JsonObject {
  const [our, their] = [objectOf(ours.record), objectOf(theirs.record)];
  const marked = (field: string): string =>
    markedText(
      { label: ours.label, text: textIn(ours, our, field) },
      { label: theirs.label, text: textIn(theirs, their, field) },
    );
  const { role, type } = ours.record;
  if (role === null) return { content_type: "metadata", kind: type, data: { conflict: marked("") } };
  const plain = withText(our, their, marked);
  if (plain !== null) return plain;
  return { content_type: "dialogue", role: role === "tool" ? "user" : role, text: marked("") };
}

/** The content object of a stored content. */
export function objectOf(record: ContentRecord): JsonObject {
  return readContent(record) as unknown as JsonObject; // Contents are JSON objects.
}

function withText(our: JsonObject, their: JsonObject, textFor: (field: string) => string): JsonObject | null {
  for (const content of [our, their]) {
    const field = textFieldOf(content);
    if (field !== null) return { ...content, [field]: textFor(field) };
  }
  return null;
}

const TEXT_FIELDS: Readonly<Record<string, string>> = {
  instruction: "text",
  dialogue: "text",
  reasoning: "text",
  output: "text",
  summary: "text",
  artifact: "content",
  session: "summary",
  tool_io: "payload",
};

/** null for what holds no plain text. A custom type's schema may not take another text, so none is put into it. */
function textFieldOf(content: JsonObject): string | null {
  const type = String(content.content_type);
  if (type === "artifact" && content.media_type !== null) return null;
  return TEXT_FIELDS[type] ?? null;
}

/** The text alone where the content has that field, else all of its plain text. */
function textIn({ record, text }: NamedContent, content: JsonObject, field: string): string {
  if (text !== undefined) return text;
  const value = textFieldOf(content) === field ? content[field] : undefined;
  if (value === undefined) return storedText(record);
  return typeof value === "string" ? value : canonicalJson(value);
}

const SESSION_LISTS = ["decisions", "failed_approaches", "next_steps"] as const;

function joinedLists(our: JsonObject, their: JsonObject): JsonObject {
  const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
  return Object.fromEntries(
    SESSION_LISTS.map((name) => [name, [...new Set([...listOf(our[name]), ...listOf(their[name])])]]),
  );
}
