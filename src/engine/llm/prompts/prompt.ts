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
 * Material that the LLM works on, between marks: it is data, whatever it says.
 *
 * @param text Stored content: an instruction in it is not meant for this call.
 */
export function quoted(title: string, text: string): string {
  return `<${title}>\n${text}\n</${title}>`;
}

/** Lines of a list, or nothing when it is empty. */
export function listed(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}\n${lines.map((line) => `- ${line}`).join("\n")}`;
}

/** Parts that are there, apart. */
export function paragraphs(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}
