/** Commits an LLM's reply, in one operation with its ledger entry, its usage and the turn that it closes (spec 5.3; spec 9, 25 and 27). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { CompiledContext } from "../compile/compile.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import type { Engine } from "../engine.ts";
import { type ErrorCode, TractError } from "../errors.ts";
import { planCommit, type WriteResult } from "../history/commit.ts";
import { type Plan, publishPlan } from "../history/publish.ts";
import { planUsage } from "../history/record-usage.ts";
import { invariant } from "../invariant.ts";
import type { Answer } from "../llm/ask.ts";
import { badResponse, type LlmToolCall, type LlmUsage } from "../llm/llm-client.ts";
import { asTractError } from "../store-failure.ts";
import { type ReplyNote, replyItems } from "./reply-items.ts";
import { planTurn } from "./reply-turn.ts";

export interface GenerateResult extends WriteResult {
  /** "" when the reply is tool calls alone. */
  readonly text: string;
  /** null: not reported. */
  readonly usage: LlmUsage | null;
  /** The reply: its text, or its first tool call. */
  readonly commit: Hash;
  /** All fields that the call had, with the model that the response names. */
  readonly generationConfig: LLMConfig;
  /** The compile record of what was sent. */
  readonly recordId: string;
  readonly toolCalls: readonly (LlmToolCall & { readonly commit: Hash })[];
}

export interface ReplyToCommit {
  readonly branch: string;
  /** What was sent. */
  readonly context: CompiledContext;
  readonly recordId: string;
  readonly answer: Answer;
  readonly note: ReplyNote;
  /** The user's message that the call itself committed; null: it goes on from what is there. */
  readonly said: Hash | null;
}

/** @throws TractError `budget-exceeded`, `not-found` (the branch is gone), `llm-bad-response`; the ledger then has the call all the same. */
export async function commitReply(engine: Engine, reply: ReplyToCommit): Promise<GenerateResult> {
  const messageId = engine.newId();
  try {
    return await publishPlan(engine, () => planReply(engine, reply, messageId));
  } catch (thrown) {
    const error = asTractError(thrown);
    if (!(error instanceof TractError)) throw error;
    throw await reply.answer.fail(UNFIT.has(error.code) ? unfit(error) : error);
  }
}

/** What a reply can only be refused for if it is not what a reply should be; what the caller gave was looked at before the call. */
const UNFIT: ReadonlySet<ErrorCode> = new Set(["invalid-content", "content-too-large", "invalid-argument"]);

function unfit({ code, data }: TractError): TractError {
  return badResponse("the LLM's answer cannot be stored", { refused: code, path: data.path ?? null });
}

async function planReply(
  engine: Engine,
  { branch, context, recordId, answer, note, said }: ReplyToCommit,
  messageId: string,
): Promise<Plan<GenerateResult>> {
  const { reply, config } = answer;
  const items = replyItems(reply, config, { messageId, note });
  const asksForTools = reply.toolCalls.length > 0;
  const turn = await planTurn(engine, { branch, sent: context.head, said, asksForTools });
  const { change, result } = await planCommit(engine, { items, branch });
  invariant(change?.operation, "a commit without idempotency key always writes");
  // Commits that made room stand behind them.
  const commits = change.commits.slice(0, items.length);
  const [first] = commits;
  const last = commits.at(-1);
  invariant(first && last, "a reply has at least one commit");
  const { id, createdAt } = change.operation;
  const whole: ChangeSet = {
    ...change,
    expect: { ...change.expect, ...turn.expect },
    ledger: [
      ...change.ledger,
      answer.entry(id),
      ...turn.entries({ operationId: id, now: createdAt, commits, model: config.model ?? null }),
    ],
    usages: reply.usage === null ? [] : [planUsage(last.hash, reply.usage, createdAt)],
  };
  return {
    change: whole,
    result: (receipt) => {
      const { operationId, branch: written, head, warnings } = result(receipt);
      return {
        operationId,
        branch: written,
        head,
        warnings: [...warnings, ...movedWarning(change, context)],
        text: reply.text,
        usage: reply.usage,
        commit: first.hash,
        generationConfig: config,
        recordId,
        toolCalls: callsWith(reply.toolCalls, commits),
      };
    },
  };
}

/** The tool calls are the last commits of a reply. */
function callsWith(
  calls: readonly LlmToolCall[],
  commits: readonly Pick<CommitRecord, "hash">[],
): GenerateResult["toolCalls"] {
  const made = commits.slice(commits.length - calls.length);
  return calls.map((call, index) => {
    const commit = made[index];
    invariant(commit, "each tool call has its commit");
    return { ...call, commit: commit.hash };
  });
}

/** A paid reply is not thrown away because somebody else wrote meanwhile; an append does not depend on its parent. */
function movedWarning({ refMoves }: ChangeSet, { head, branch }: CompiledContext): readonly string[] {
  const before = refMoves.find(({ kind, name }) => kind === "branch" && name === branch)?.before;
  if (before === null || before === undefined || !("commit" in before) || before.commit === head) return [];
  return [`${branch} moved while the LLM answered: the reply stands after commits that it has not seen`];
}
