/** generate: compiles a branch, asks the LLM, and commits its reply with everything that says how it came about (spec 5.3). */
import type { Hash } from "../../storage/records.ts";
import { compile } from "../compile/compile.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { attachedBranch } from "../history/commit.ts";
import { readCommitItems } from "../history/commit-items.ts";
import { readSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";
import { ask } from "../llm/ask.ts";
import { guardedCallback } from "../llm/caller-callback.ts";
import type { LlmAccess } from "../llm/llm-client.ts";
import { requireLlm } from "../llm/require-llm.ts";
import { type LlmArguments, resolveLlmConfig } from "../llm/resolve-config.ts";
import { commitReply, type GenerateResult } from "./commit-reply.ts";
import { checkPromptIds, promptsUsedBy } from "./prompts-used.ts";
import type { ReplyNote } from "./reply-items.ts";

/** What generate and chat have in common. */
export interface ConversationRequest extends LlmArguments {
  /** The caller's own prompt ids, for the ledger. Default: the named instructions compiled. */
  readonly promptsUsed?: readonly string[] | undefined;
  readonly branch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Given: the reply is streamed, and each piece of its text told as it comes. */
  readonly onDelta?: ((text: string) => void) | undefined;
  /** Told of each step; `total` in steps. */
  readonly progress?: ((done: number, total: number | null, message: string) => void) | undefined;
}

export interface GenerateRequest extends ConversationRequest {
  /** Message and metadata of the reply's commit. */
  readonly message?: string | undefined;
  readonly metadata?: object | undefined;
}

/**
 * Asks the LLM to go on from the head of a branch.
 *
 * @throws TractError before anything is written: `llm-not-configured`, `detached-head`, `not-found`, `invalid-argument`, `store-readonly`,
 *   `nothing-to-do` (nothing to send); then `llm-auth`, `llm-rate-limited`, `llm-unavailable`, `llm-bad-response`, `budget-exceeded`, `cancelled`:
 *   the ledger then has the failed call, and no reply is stored.
 */
export async function generate(engine: Engine, request: GenerateRequest): Promise<GenerateResult> {
  const { message, metadata } = request;
  const ready = await prepareConversation(engine, request, { message, metadata });
  if (ready.head === null) throw nothingToSend(ready.branch);
  return await continueConversation(engine, ready, { ...request, operation: "generate" });
}

/** What is known before anything is written. */
export interface ReadyConversation {
  readonly llm: LlmAccess;
  readonly branch: string;
  readonly head: Hash | null;
  readonly config: LLMConfig;
}

/**
 * Everything that can be refused is refused here.
 *
 * @param note Message and metadata for the reply's commit.
 */
export async function prepareConversation(
  engine: Engine,
  request: ConversationRequest,
  note: ReplyNote = {},
): Promise<ReadyConversation> {
  checkPromptIds(request.promptsUsed);
  const site = await readSite(engine, { branch: request.branch });
  // A paid reply is not to be lost for what would stand beside it.
  await readCommitItems(engine, site, [{ ...note, content: ANY_TEXT, role: "assistant" }]);
  const branch = attachedBranch(site);
  const head = site.head?.hash ?? null;
  const settings = (await readSettings(engine, engine.scope.tract, head)).llm;
  const { config } = resolveLlmConfig(engine, { operation: "chat", settings, call: request });
  const llm = requireLlm(engine, config, WITHOUT);
  if (engine.store.isReadonly) {
    throw new TractError("store-readonly", "this store can be read, but no reply can be stored in it", {
      hint: "Open the store for writing, or compile and ask the LLM yourself.",
    });
  }
  return { llm, branch, head, config };
}

const ANY_TEXT = "reply";

const WITHOUT =
  "Without one: compile gives the messages, ask the LLM yourself, and commit (or record_turn) its reply.";

export interface Continuation extends ConversationRequest {
  readonly operation: "generate" | "chat";
  /** Message and metadata of the reply's commit. */
  readonly message?: string | undefined;
  readonly metadata?: object | undefined;
  /** The user's message, and the operation that committed it, if this call did. */
  readonly said?: { readonly commit: Hash; readonly operationId: string } | undefined;
}

/** Compiles, asks and commits. */
export async function continueConversation(
  engine: Engine,
  ready: ReadyConversation,
  request: Continuation,
): Promise<GenerateResult> {
  const { llm, branch, config } = ready;
  const { operation, message, metadata, said, onDelta } = request;
  const progress = guardedCallback("progress", request.progress ?? (() => undefined));
  progress(0, STEPS, "compiling");
  const context = await compile(engine, { branch, format: "openai", record: true });
  const { recordId } = context;
  if (recordId === null || context.messages.length === 0) throw nothingToSend(branch);
  progress(1, STEPS, `asking ${config.model ?? "the LLM"}`);
  const answer = await ask(engine, {
    llm,
    operation,
    messages: context.toOpenAI(),
    config,
    promptsUsed: await promptsUsedBy(engine, context, request.promptsUsed),
    sent: { compile_record: recordId, digest: context.digest, branch },
    failedUnder: engine.scope.provenance.session_id ?? request.said?.operationId,
    afterFailure: request.said === undefined ? AGAIN : AGAIN_WITH_MESSAGE,
    signal: request.signal,
    onDelta,
  });
  try {
    progress(2, STEPS, "committing the reply");
  } catch (thrown) {
    throw thrown instanceof TractError ? await answer.fail(thrown) : thrown;
  }
  const note = {
    ...(message === undefined ? {} : { message }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  return await commitReply(engine, { branch, context, recordId, answer, note, said: said?.commit ?? null });
}

/** Compiling, asking, committing. */
const STEPS = 3;
const AGAIN = "No reply was stored; generate asks again.";
const AGAIN_WITH_MESSAGE =
  "Your message is committed and no reply was stored; generate continues from there.";

function nothingToSend(branch: string): TractError {
  return new TractError("nothing-to-do", `${branch} has no messages to send to an LLM`, {
    hint: "Commit a message first, or use chat, which takes one.",
    data: { branch },
  });
}
