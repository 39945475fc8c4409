/** The turn that a reply closes: the user's messages that it answers, and the reply (spec 9, 25). */
import type { CommitRecord, Hash, LedgerBody } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { readSite } from "../history/snapshot.ts";
import { lastTurnNumber, turnEntry } from "../ledger/turn.ts";

export interface PlannedTurn {
  /** The ledger that the turn's number is true for. */
  readonly expect: { readonly ledgerSequence?: number };
  /** TURN_RECORDED, once the commits of the reply are known; none when there is nothing to answer, or no session. */
  readonly entries: (reply: {
    readonly operationId: string;
    readonly now: string;
    readonly commits: readonly Pick<CommitRecord, "hash" | "contentHash">[];
    readonly model: string | null;
  }) => readonly LedgerBody[];
}

/** What a reply answers. What others commit while the LLM thinks is none of it. */
export interface Asked {
  readonly branch: string;
  /** The head that was sent. */
  readonly sent: Hash | null;
  /** The user's message that the call itself committed; null: it goes on from what is there. */
  readonly said: Hash | null;
  /** A reply that asks for tools closes no turn: the one that comes of their results does. */
  readonly asksForTools: boolean;
}

/** Reads what a reply answers, before it is planned. */
export async function planTurn(engine: Engine, asked: Asked): Promise<PlannedTurn> {
  const none: PlannedTurn = { expect: {}, entries: () => [] };
  const { branch, sent } = asked;
  const sessionId = engine.scope.provenance.session_id;
  if (sessionId === null || sent === null || asked.asksForTools) return none;
  const { tract } = await readSite(engine, { branch });
  const messages = await unanswered(engine, asked, sessionId);
  const userMessage = await shownContent(engine, messages.at(-1), sent);
  if (tract === null || userMessage === null) return none;
  const number = (await lastTurnNumber(engine, sessionId)) + 1;
  return {
    // Whoever records a turn in between makes the publish fail, not two turns alike.
    expect: { ledgerSequence: tract.ledgerSequence },
    entries: ({ operationId, now, commits, model }) => {
      const response = commits[0]?.contentHash;
      if (response === null || response === undefined) return [];
      const turn = {
        number,
        userMessage,
        response,
        branch,
        commits: [...messages, ...commits].map(({ hash }) => hash),
        operationId,
        modelId: model,
        generationConfig: null,
        // The call's own entry has it.
        usage: {},
        promptsUsed: [],
      };
      return [turnEntry(engine, now, sessionId, turn)];
    },
  };
}

/**
 * Of the newest messages: those of the user after the last answer, oldest first. Behind a message that the call itself committed, only those
 * of the same session: others may be waiting for an answer of their own.
 */
async function unanswered(
  { limits, scope, store }: Engine,
  { sent, said }: Asked,
  sessionId: string,
): Promise<readonly CommitRecord[]> {
  const head = said ?? sent;
  if (head === null) return [];
  const page = { head, firstParent: true, limit: limits.pageMax, contentTypes: ["dialogue", "tool_io"] };
  const asked: CommitRecord[] = [];
  let newer: CommitRecord | null = null;
  let after: Hash | null = null;
  for (let looked = 0; looked < MESSAGES_LOOKED_AT; looked += limits.pageMax) {
    const below: { readonly after?: Hash } = after === null ? {} : { after };
    const commits: readonly CommitRecord[] = await store.readLog(scope.tract, { ...page, ...below });
    for (const commit of commits) {
      if (commit.operation !== "append" || commit.role === "system") continue;
      if (isAnswer(commit, newer)) return asked.reverse();
      newer = commit;
      if (commit.contentType !== "dialogue" || commit.role !== "user") continue;
      if (said === null || commit.hash === said || commit.author.session_id === sessionId) asked.push(commit);
    }
    after = commits.at(-1)?.hash ?? null;
    if (after === null) break;
  }
  return asked.reverse();
}

/** An agent may have called many tools since it was asked; further back is another conversation. */
const MESSAGES_LOOKED_AT = 1_000;

/** A text of the assistant is one, unless it was said along with calls of tools. */
function isAnswer({ contentType, role, operationId }: CommitRecord, newer: CommitRecord | null): boolean {
  if (contentType !== "dialogue" || role === "user") return false;
  return newer?.contentType !== "tool_io" || newer.operationId !== operationId;
}

/** The content that a message showed where it was sent: that of its last edit. */
async function shownContent(
  { scope, store }: Engine,
  message: CommitRecord | undefined,
  sent: Hash,
): Promise<Hash | null> {
  if (message === undefined) return null;
  const edits = await store.readEdits(scope.tract, message.hash, sent);
  return (edits.at(-1) ?? message).contentHash;
}
