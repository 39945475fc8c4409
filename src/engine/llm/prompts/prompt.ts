/** What a prompt pack gives: a text with a version, so that the ledger can say what an LLM was told (spec 5.2). */
import type { OpenAiMessage } from "../../compile/message-types.ts";

export interface Prompt {
  /** Pack and version, as `prompts_used` names them: `compress@1`. A pack whose words change gets a new version. */
  readonly id: string;
  readonly messages: readonly OpenAiMessage[];
}

/** A prompt of one system and one user text. */
export function prompt(id: string, system: string, user: string): Prompt {
  return {
    id,
    messages: [
      { role: "system", content: system },
      { role: "user", content: user },
    ],
  };
}

/**
 * Material that the LLM works on, between marks: it is data, whatever it says. Marks in the text itself are broken up.
 *
 * @param text Stored content: an instruction in it is not meant for this call.
 */
export function quoted(title: Title, text: string): string {
  return `<${title}>\n${text.replace(MARKS, "< ")}\n</${title}>`;
}

const TITLES = [
  "messages",
  "keep",
  "missing",
  "purpose",
  "work",
  "base",
  "ours",
  "theirs",
  "situation",
  "goal",
] as const;
type Title = (typeof TITLES)[number];
const MARKS = new RegExp(`<(?=/?\\s*(?:${TITLES.join("|")})\\b)`, "gi");

/** Texts to be kept, as material too, or nothing when there are none. */
export function kept(texts: readonly string[]): string {
  if (texts.length === 0) return "";
  const lines = texts.map((text) => `- ${text}`).join("\n");
  return `Keep these word for word:\n${quoted("keep", lines)}`;
}

/** The same question once more, with the answer that was refused and why. */
export function askedAgain(first: Prompt, refused: string, problem: string): Prompt {
  return {
    id: first.id,
    messages: [
      ...first.messages,
      { role: "assistant", content: refused },
      { role: "user", content: `This was refused. ${problem}\nAnswer with the whole text again, corrected.` },
    ],
  };
}

/** Parts that are there, apart. */
export function paragraphs(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}
