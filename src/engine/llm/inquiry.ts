/** What one operation asks an LLM: several questions at a time, each once however often the write is planned, and all of them in the ledger. */

import { emptyChange } from "../../storage/change-set.ts";
import type { ContentRecord, Hash, JsonObject, LedgerBody } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import type { LlmOperation } from "../content/llm-config-check.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { type Planned, publish, publishPlan } from "../history/publish.ts";
import type { Screen } from "../history/screen.ts";
import { readSettings } from "../history/settings.ts";
import { invariant } from "../invariant.ts";
import { digestOfMessages } from "../ledger/prompt-recipe.ts";
import { asTractError } from "../store-failure.ts";
import { type Answer, ask } from "./ask.ts";
import { badResponse, type LlmAccess } from "./llm-client.ts";
import type { Prompt } from "./prompts/prompt.ts";
import { recordPrompt, type Shown } from "./record-prompt.ts";
import { requireLlm } from "./require-llm.ts";
import { type LlmArguments, resolveLlmConfig, saysConfig } from "./resolve-config.ts";

/** What operations take whose strategy llm asks an LLM. */
export interface InquiryRequest extends LlmArguments {
  readonly signal?: AbortSignal | undefined;
  /** Told of each text that the LLM has written. */
  readonly progress?: ((done: number, total: number | null, message: string) => void) | undefined;
}

export interface InquiryWords {
  readonly operation: LlmOperation;
  /** What does the same without an LLM, in a sentence. */
  readonly without: string;
  /** What can be done when a call failed. */
  readonly afterFailure: string;
}

/** What the LLM wrote, and the config that it had, with the model that the response names. */
export interface Written {
  readonly text: string;
  readonly config: JsonObject;
}

/** Lives as long as its operation. The answers are kept until the operation is published, so a lost race pays for nothing twice. */
export class Inquiry {
  readonly #engine: Engine;
  readonly #request: InquiryRequest;
  readonly #words: InquiryWords;
  readonly #answers = new Map<string, Answer>();
  #ready: {
    readonly llm: LlmAccess;
    readonly config: LLMConfig;
    readonly screen: Screen | null;
  } | null = null;
  #signal: AbortSignal;
  #isFiled = false;

  constructor(engine: Engine, request: InquiryRequest, words: InquiryWords) {
    this.#engine = engine;
    this.#request = request;
    this.#words = words;
    this.#signal = request.signal ?? new AbortController().signal;
  }

  /**
   * Resolves the config for a head; before `ask`, in each plan.
   *
   * @throws TractError `llm-not-configured`, `invalid-argument` (the call's config).
   */
  async prepare(head: Hash | null): Promise<void> {
    const config = await this.#configAt(head);
    const llm = requireLlm(this.#engine, config, this.#words.without);
    this.#ready = { llm, config, screen: await this.#engine.screen(this.#engine, head) };
  }

  /**
   * `prepare` if there is an LLM, or the call says how to ask it. False: there is none, and nobody said so.
   *
   * @throws TractError like `prepare`.
   */
  async prepareIfConfigured(head: Hash | null): Promise<boolean> {
    const { llm } = this.#engine;
    const isMeant = saysConfig(this.#request);
    if (!isMeant && llm === null) return false;
    if (!isMeant && llm?.isOwn === true && (await this.#configAt(head)).model === undefined) return false;
    await this.prepare(head);
    return true;
  }

  /**
   * Asks, or gives the answer to the same question again.
   *
   * @param shown What the prompt shows.
   * @throws TractError `llm-bad-response` (no text, or one that was cut off), and all that `ask` throws.
   */
  async ask(written: Prompt, shown: Shown): Promise<Written> {
    const { store } = this.#engine;
    const { inputs } = shown;
    invariant(this.#ready !== null, "an inquiry is prepared before it asks");
    const { llm, config, screen } = this.#ready;
    const prompt = screened(screen, written);
    const digest = digestOfMessages(prompt.messages);
    const key = [digest, canonicalJson({ ...config } as JsonObject), ...inputs].join(" "); // A checked config is JSON without undefined.
    const known = this.#answers.get(key);
    if (known !== undefined) return writtenBy(known);
    if (store.isReadonly) throw readonlyStore();
    const { operation, afterFailure } = this.#words;
    const { sent, contents } = await recordPrompt(this.#engine, prompt.messages, shown);
    const answer = await ask(this.#engine, {
      ...{ llm, operation, config, afterFailure, signal: this.#signal },
      messages: prompt.messages,
      promptsUsed: [prompt.id],
      sent,
      contents,
    });
    this.#answers.set(key, answer);
    return writtenBy(answer);
  }

  /** Works on all items, `limits.llmCallsAtOnce` at a time. After the first failure no other begins, and those under way are cancelled. */
  async each<Item, Result>(
    items: readonly Item[],
    act: (item: Item, index: number) => Promise<Result>,
  ): Promise<readonly Result[]> {
    const { progress = () => undefined } = this.#request;
    const outer = this.#signal;
    const stop = new AbortController();
    this.#signal = AbortSignal.any([outer, stop.signal]);
    const results = new Map<number, Result>();
    const waiting = items.entries();
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (const [index, item] of waiting) {
        if (failures.length > 0) return;
        try {
          results.set(index, await act(item, index));
          progress(results.size, items.length, `${results.size} of ${items.length} texts written`);
        } catch (error) {
          failures.push(error);
          stop.abort();
        }
      }
    };
    const { llmCallsAtOnce } = this.#engine.limits;
    await Promise.all(Array.from({ length: Math.min(llmCallsAtOnce, items.length) }, work));
    this.#signal = outer;
    if (failures.length > 0) throw failures[0];
    return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
  }

  /** `publishPlan`, with the calls in the ledger: under the operation (or plan) that they were for, or as failed when nothing came of them. */
  async publish<Result>(plan: () => Promise<Planned<Result>>): Promise<Result> {
    let result: Result;
    try {
      result = await publishPlan(this.#engine, async () => this.#filedWith(await plan()));
    } catch (thrown) {
      // Where nobody was asked there is no call to note.
      const error = this.#answers.size === 0 ? thrown : asTractError(thrown);
      throw error instanceof TractError ? await this.#failed(error) : error;
    }
    if (!this.#isFiled && this.#answers.size > 0) {
      const { scope } = this.#engine;
      const ledger = this.#entries(scope.provenance.session_id ?? scope.tract);
      const contents = this.#contents();
      await publish(this.#engine, { change: { ...emptyChange(scope.tract), contents, ledger } });
    }
    return result;
  }

  async #configAt(head: Hash | null): Promise<LLMConfig> {
    const engine = this.#engine;
    const { llm: settings } = await readSettings(engine, engine.scope.tract, head);
    const { operation } = this.#words;
    return resolveLlmConfig(engine, { operation, settings, call: this.#request }).config;
  }

  #filedWith<Result>(planned: Planned<Result>): Planned<Result> {
    const { change } = planned;
    const submission = change?.operation?.id ?? change?.plans[0]?.id;
    this.#isFiled = change !== null && submission !== undefined;
    if (change === null || submission === undefined) return planned;
    const ledger = [...change.ledger, ...this.#entries(submission)];
    return { ...planned, change: { ...change, contents: [...change.contents, ...this.#contents()], ledger } };
  }

  #contents(): readonly ContentRecord[] {
    return [...this.#answers.values()].flatMap(({ contents }) => contents);
  }

  #entries(submissionId: string): readonly LedgerBody[] {
    return [...this.#answers.values()].map((answer) => answer.entry(submissionId));
  }

  /** Every paid call is noted; the error says where, unless it is the one of a call that was noted already. */
  async #failed(error: TractError): Promise<TractError> {
    const noted: TractError[] = [];
    for (const answer of this.#answers.values()) noted.push(await answer.fail(error));
    return error.data.ledger_id === undefined ? (noted[0] ?? error) : error;
  }
}

/** What must not get into the store is not sent either: the recipe of the prompt holds the caller's own words. */
function screened(screen: Screen | null, prompt: Prompt): Prompt {
  if (screen === null) return prompt;
  const messages = prompt.messages.map((message) =>
    typeof message.content === "string"
      ? { ...message, content: screen.redact(message.content, null)?.text ?? message.content }
      : message,
  );
  return { ...prompt, messages };
}

function writtenBy({ reply, config }: Answer): Written {
  const facts = { finish_reason: reply.finishReason };
  if (reply.finishReason === "length") throw badResponse("the LLM's answer was cut off at its length", facts);
  const text = reply.text.trim();
  if (text === "") throw badResponse("the LLM answered with a tool call instead of a text", facts);
  return { text, config: { ...config } as JsonObject }; // A checked config is JSON without undefined.
}

function readonlyStore(): TractError {
  return new TractError(
    "store-readonly",
    "this store can be read, but what an LLM writes cannot be stored in it",
    {
      hint: "Open the store for writing.",
    },
  );
}
