/** Asks the LLM once for any operation: times it, checks the reply, and notes a failure in the ledger before telling it (spec 5.1). */

import { emptyChange } from "../../storage/change-set.ts";
import type { ContentRecord, JsonObject, LedgerBody } from "../../storage/records.ts";
import type { OpenAiMessage } from "../compile/message-types.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { isoNow, publish } from "../history/publish.ts";
import { type LlmCall, llmCallEntry } from "./call-entry.ts";
import { guardedCallback } from "./caller-callback.ts";
import { type CheckedReply, checkReply, type LlmAccess, type LlmTool, readReply } from "./llm-client.ts";

export interface Question {
  readonly llm: LlmAccess;
  /** `chat`, `generate`, `compress`, …, for the ledger. */
  readonly operation: string;
  readonly messages: readonly OpenAiMessage[];
  readonly tools?: readonly LlmTool[] | undefined;
  readonly config: LLMConfig;
  readonly promptsUsed: readonly string[];
  /** What was sent, as the ledger names it: `{ compile_record, digest }`, or what `recordPrompt` gives. */
  readonly sent: JsonObject;
  /** What `sent` names and the store need not have yet; to be published with the entry. */
  readonly contents?: readonly ContentRecord[] | undefined;
  /** What a failed call is filed under, as no operation came of it; default: the session, else the tract. */
  readonly failedUnder?: string | undefined;
  /** What can be done when the call failed; added to the error's hint. */
  readonly afterFailure: string;
  readonly signal?: AbortSignal | undefined;
  readonly onDelta?: ((text: string) => void) | undefined;
}

export interface Answer {
  readonly reply: CheckedReply;
  /** All resolved fields, with the model that the response names. */
  readonly config: LLMConfig;
  readonly latencyMs: number;
  /** Those of the question. */
  readonly contents: readonly ContentRecord[];
  /** LLM_CALL, to be published with its contents and what came of the call. */
  readonly entry: (submissionId: string) => LedgerBody;
  /** Notes that nothing came of the paid call, and gives the error to throw. */
  readonly fail: (error: TractError) => Promise<TractError>;
}

/**
 * Asks the LLM. Nothing but the ledger entry of a failed call is written here.
 *
 * @throws TractError `llm-auth`, `llm-rate-limited`, `llm-unavailable`, `llm-bad-response`, `cancelled`.
 */
export async function ask(engine: Engine, question: Question): Promise<Answer> {
  const { llm, config, tools, onDelta } = question;
  const signal = question.signal ?? new AbortController().signal;
  const startedAt = engine.clock();
  let reply: CheckedReply;
  // An answer that is none is paid for all the same.
  let paid: Pick<LlmCall, "usage" | "cost"> = { usage: null, cost: null };
  try {
    signal.throwIfAborted();
    const request = {
      messages: question.messages,
      config,
      ...(tools === undefined ? {} : { tools }),
      ...(onDelta === undefined ? {} : { onDelta: guardedCallback("onDelta", onDelta) }),
    };
    const given = readReply(await llm.client.chat(request, signal));
    paid = { usage: given.usage ?? null, cost: given.cost ?? null };
    reply = checkReply(given, engine.limits.contentBytesMax);
  } catch (thrown) {
    const error = signal.aborted ? cancelledCall() : asLlmError(thrown);
    throw await noteFailure(engine, question, {
      ...callOf(question, config, engine.clock() - startedAt),
      ...paid,
      attempts: Number(error.data.attempts ?? 1),
      finishReason: typeof error.data.finish_reason === "string" ? error.data.finish_reason : null,
      error,
    });
  }
  const latencyMs = engine.clock() - startedAt;
  const answered = reply.model === null ? config : { ...config, model: reply.model };
  const call: LlmCall = {
    ...callOf(question, answered, latencyMs),
    attempts: reply.attempts,
    usage: reply.usage,
    cost: reply.cost,
    finishReason: reply.finishReason,
  };
  return {
    reply,
    config: answered,
    latencyMs,
    contents: question.contents ?? [],
    entry: (submissionId) => llmCallEntry(engine, call, { now: isoNow(engine), submissionId }),
    fail: async (error) => {
      try {
        return await noteFailure(engine, question, { ...call, error });
      } catch {
        // A store that cannot be written has failed with an error of its own, which says what to do.
        return error;
      }
    },
  };
}

function callOf({ operation, promptsUsed, sent }: Question, config: LLMConfig, latencyMs: number): LlmCall {
  const open = { attempts: 1, usage: null, cost: null, finishReason: null, error: null };
  return { operation, config, promptsUsed, sent, latencyMs, ...open };
}

/** The failed call in the ledger; the error with what can be done next. */
async function noteFailure(
  engine: Engine,
  { failedUnder, afterFailure, contents = [] }: Question,
  call: LlmCall & { readonly error: TractError },
): Promise<TractError> {
  const { scope } = engine;
  const submissionId = failedUnder ?? scope.provenance.session_id ?? scope.tract;
  const entry = llmCallEntry(engine, call, { now: isoNow(engine), submissionId });
  await publish(engine, { change: { ...emptyChange(scope.tract), contents, ledger: [entry] } });
  const { code, message, hint, data } = call.error;
  return new TractError(code, message, {
    hint: `${hint} ${afterFailure}`,
    data: { ...data, ledger_id: entry.id },
    cause: call.error.cause,
  });
}

/** A client of somebody else may throw anything, and its words may hold anything: they are not repeated. */
function asLlmError(thrown: unknown): TractError {
  if (thrown instanceof TractError) return thrown;
  return new TractError("llm-unavailable", "the LLM client failed", {
    hint: "Look into the client that was given to openStore; what it threw is not shown, as it may quote keys or messages.",
  });
}

function cancelledCall(): TractError {
  return new TractError("cancelled", "the call was cancelled before the LLM had answered", {
    hint: "Call again when you want it done.",
  });
}
