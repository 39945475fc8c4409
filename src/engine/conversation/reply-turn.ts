/** The turn that a reply closes: the user's messages that nobody had answered yet, and the reply (spec 9, 25). */
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

/** Reads what is unanswered on a branch, before the reply to it is planned. */
export async function planTurn(engine: Engine, branch: string): Promise<PlannedTurn> {
  const none: PlannedTurn = { expect: {}, entries: () => [] };
  const sessionId = engine.scope.provenance.session_id;
  if (sessionId === null) return none;
  const { tract, head } = await readSite(engine, { branch });
  const asked = await unanswered(engine, head?.hash ?? null);
  const userMessage = asked.at(-1)?.contentHash;
  if (tract === null || userMessage === null || userMessage === undefined) return none;
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
        commits: [...asked, ...commits].map(({ hash }) => hash),
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

/** Of the newest messages: those of the user after the last one of the assistant, oldest first. */
async function unanswered(
  { limits, scope, store }: Engine,
  head: Hash | null,
): Promise<readonly CommitRecord[]> {
  if (head === null) return [];
  const query = { head, firstParent: true, limit: limits.pageMax, contentTypes: ["dialogue", "tool_io"] };
  const asked: CommitRecord[] = [];
  for (const commit of await store.readLog(scope.tract, query)) {
    if (commit.operation !== "append" || commit.role === "system") continue;
    if (commit.role !== "user") break;
    asked.push(commit);
  }
  return asked.reverse();
}
