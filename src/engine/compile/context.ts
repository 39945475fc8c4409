/** A compiled context as callers get it: messages with where they came from, and the same units in any other format (spec 2.3). */
import type { Encoding, Hash, JsonObject } from "../../storage/records.ts";
import type { Item, Repair } from "./canvas.ts";
import { digestOf } from "./digest.ts";
import { type Draft, messageCountOf } from "./draft.ts";
import { gather } from "./drawing.ts";
import { systemText } from "./formats/anthropic.ts";
import { markdownMessages } from "./formats/markdown.ts";
import type { Kit } from "./kit.ts";
import type {
  AnthropicMessage,
  CompiledMessage,
  OpenAiMessage,
  PlainMessage,
  Sendable,
} from "./message-types.ts";
import { type Omitted, omittedOf } from "./omitted.ts";
import type { Format } from "./options.ts";
import type { Prefix } from "./prefix.ts";
import type { Arrangement } from "./stages/fit-budget.ts";
import { type Rendered, render } from "./stages/render.ts";

/** A compiled context. Everything in it is immutable; what costs something is worked out when it is first looked at. */
export interface CompiledContext {
  /** In the shape of the format; `markdown`: one message with the whole text. */
  readonly messages: readonly CompiledMessage[];
  /** Format `anthropic`: the system text, null when there is none. Null in other formats. */
  readonly system: string | null;
  readonly format: Format;
  /** null: unborn. */
  readonly head: Hash | null;
  readonly branch: string | null;
  readonly tokenCount: number;
  /** `counted:<encoding>`, or `api:<prompt>+<completion>` when the count rests on what an API reported. */
  readonly tokenSource: string;
  /** Commits that the messages come from. */
  readonly commitCount: number;
  /** Parallel to `messages`: the commits behind each; none behind what compile added itself. */
  readonly commitHashes: readonly (readonly Hash[])[];
  /** Format `anthropic`: the commits behind `system`. */
  readonly systemCommitHashes: readonly Hash[];
  /** Parallel to `messages`. */
  readonly generationConfigs: readonly (JsonObject | null)[];
  /** In the order of history. */
  readonly omitted: readonly Omitted[];
  readonly repairs: readonly Repair[];
  /** What is the same as in the newest earlier record of this branch and format; null when there is none. */
  readonly prefix: Prefix | null;
  /** null when no record was kept. */
  readonly recordId: string | null;
  readonly digest: Hash;
  /** These give copies, which the caller may change. */
  readonly toDicts: () => Sendable<PlainMessage>[];
  readonly toOpenAI: () => Sendable<OpenAiMessage>[];
  readonly toAnthropic: () => { system: string | null; messages: Sendable<AnthropicMessage>[] };
  readonly toMarkdown: () => string;
}

/** What is left of a draft and how it reads in one format. */
export interface Composition {
  readonly draft: Draft;
  readonly arrangement: Arrangement;
  readonly rendered: Rendered;
  readonly kit: Kit;
}

export interface ContextOrigin {
  readonly branch: string | null;
  readonly size: CompiledSize;
  readonly prefix: Prefix | null;
  readonly recordId: string | null;
}

export interface CompiledSize {
  readonly tokenCount: number;
  readonly tokenSource: string;
}

export function countedSize({ rendered }: Pick<Composition, "rendered">, encoding: Encoding): CompiledSize {
  return { tokenCount: rendered.tokenCount, tokenSource: `counted:${encoding}` };
}

export function createContext(composition: Composition, origin: ContextOrigin): CompiledContext {
  const { draft, rendered } = composition;
  const items = once(() => allItems(rendered));
  const messages = once(() => messagesIn(rendered));
  const commitHashes = once(() => perMessage(rendered.format, items(), commitsOf));
  const generationConfigs = once(() => perMessage(rendered.format, items(), configOf));
  const omitted = once(() => omittedOf(draft, composition.arrangement));
  const repairs = once(() => gather(rendered.before, (drawing) => drawing.repairs, rendered.repairs));
  const digest = once(() => digestOf(rendered.format, rendered));
  return {
    get messages() {
      return messages();
    },
    system: systemText(rendered.system),
    format: rendered.format,
    head: draft.head,
    branch: origin.branch,
    tokenCount: origin.size.tokenCount,
    tokenSource: origin.size.tokenSource,
    commitCount: commitCountOf(composition),
    get commitHashes() {
      return commitHashes();
    },
    systemCommitHashes: rendered.system.map(({ commit }) => commit),
    get generationConfigs() {
      return generationConfigs();
    },
    get omitted() {
      return omitted();
    },
    get repairs() {
      return repairs();
    },
    prefix: origin.prefix,
    recordId: origin.recordId,
    get digest() {
      return digest();
    },
    ...conversions(composition, messages),
  };
}

type Conversions = Pick<CompiledContext, "toDicts" | "toOpenAI" | "toAnthropic" | "toMarkdown">;

/** Pure: they render the same units again, in another format. */
function conversions(
  { draft, arrangement, rendered, kit }: Composition,
  messages: () => readonly CompiledMessage[],
): Conversions {
  const inFormat = (format: Format): Rendered =>
    format === rendered.format ? rendered : render(draft, arrangement, format, kit);
  const messagesOf = (other: Rendered): readonly CompiledMessage[] =>
    other === rendered ? messages() : messagesIn(other);
  return {
    // The writer of a format gives messages of its own type.
    toDicts: () => copied(messagesOf(inFormat("messages")) as readonly PlainMessage[]),
    toOpenAI: () => copied(messagesOf(inFormat("openai")) as readonly OpenAiMessage[]),
    toAnthropic: () => {
      const turns = inFormat("anthropic");
      const messages = copied(messagesOf(turns) as readonly AnthropicMessage[]);
      return { system: systemText(turns.system), messages };
    },
    toMarkdown: () => {
      const [text] = messagesOf(inFormat("markdown"));
      return typeof text?.content === "string" ? text.content : "";
    },
  };
}

/** Messages are JSON, and those that were drawn once are drawn from again. */
function copied<Value>(value: Value): Sendable<Value> {
  return copyOf(value) as Sendable<Value>; // A copy of JSON has its type, and belongs to nobody else.
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyOf(member)]));
}

/** The messages with where they came from; sections of the one text in `markdown`. */
export function allItems({ before, items }: Rendered): readonly Item[] {
  return gather(before, (drawing) => drawing.items, items);
}

function messagesIn({ format, before, items }: Rendered): readonly CompiledMessage[] {
  const messages = gather(
    before,
    (drawing) => drawing.messages,
    items.map(({ message }) => message),
  );
  return format === "markdown" ? markdownMessages(messages.map(({ content }) => String(content))) : messages;
}

/** One value per message; all sections of `markdown` are one message. */
function perMessage<Value>(
  format: Format,
  items: readonly Item[],
  of: (items: readonly Item[]) => Value,
): readonly Value[] {
  if (format === "markdown") return items.length === 0 ? [] : [of(items)];
  return items.map((item) => of([item]));
}

function commitsOf(items: readonly Item[]): readonly Hash[] {
  const [only] = items;
  return items.length === 1 && only !== undefined ? only.commits : items.flatMap(({ commits }) => commits);
}

function configOf(items: readonly Item[]): JsonObject | null {
  return items.find(({ generationConfig }) => generationConfig !== null)?.generationConfig ?? null;
}

export function commitCountOf({ draft, arrangement }: Pick<Composition, "draft" | "arrangement">): number {
  if (arrangement.kind === "whole") return messageCountOf(draft);
  return arrangement.pieces.reduce(
    (sum, piece) => (piece.kind === "gap" ? sum : sum + piece.entries.length),
    0,
  );
}

/** Works a value out when it is first asked for. */
function once<Value>(workOut: () => Value): () => Value {
  let known: { readonly value: Value } | null = null;
  return () => {
    known ??= { value: workOut() };
    return known.value;
  };
}
