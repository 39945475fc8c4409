/** Adds up what a session came to, from the ledger alone (spec 4.1). */
import type { LedgerRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import type { LedgerEvent } from "./entry.ts";
import { readSessionEdge } from "./session-states.ts";
import { addUsage, NO_USAGE, USAGE_EVENTS, type UsageSum } from "./usage.ts";

/** Entries that stand for a call of a tool; one of an LLM only says for which tool it was. */
const TOOL_EVENTS: readonly string[] = [
  "OPERATION",
  "IMPORTED",
  "TOOL_CALL",
] satisfies readonly LedgerEvent[];

export interface SessionTotals {
  readonly turnCount: number;
  readonly totalCost: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly total_tokens: number;
    /** Calls that the ledger knows of: its own, and turns that were recorded with their usage. */
    readonly llm_calls: number;
    /** Calls of tools with an entry: operations, failures, and reads where they are kept. */
    readonly tool_calls: number;
    /** While the session was open. */
    readonly elapsed_ms: number;
  };
}

/**
 * The totals of a session in the tract of the scope.
 *
 * @param until ISO time at which it ends or is looked at.
 */
export async function sessionTotals(engine: Engine, id: string, until: string): Promise<SessionTotals> {
  const { scope, store } = engine;
  const usage = await sessionUsage(engine, id);
  return {
    turnCount: await store.countLedger(scope.tract, { submissionId: id, eventTypes: ["TURN_RECORDED"] }),
    totalCost: {
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      total_tokens: usage.totalTokens,
      llm_calls: usage.calls,
      tool_calls: await countToolCalls(engine, id),
      elapsed_ms: await elapsed(engine, id, until),
    },
  };
}

/** A call of chat leaves two entries: what was said, and the reply or the failure, the latter beside its LLM_CALL. */
async function countToolCalls({ scope, store }: Engine, id: string): Promise<number> {
  const made = { sessionId: id, eventTypes: TOOL_EVENTS, hasTool: true } as const;
  const chats = { sessionId: id, eventTypes: ["LLM_CALL"], tool: "chat" };
  return (await store.countLedger(scope.tract, made)) - (await store.countLedger(scope.tract, chats));
}

async function sessionUsage({ limits, scope, store }: Engine, id: string): Promise<UsageSum> {
  const query = { sessionId: id, eventTypes: USAGE_EVENTS, order: "asc", limit: limits.verifyPage } as const;
  let sum = NO_USAGE;
  for (let afterSequence = 0; ; ) {
    const page: readonly LedgerRecord[] = await store.readLedger(scope.tract, { ...query, afterSequence });
    for (const entry of page) sum = addUsage(sum, entry);
    const last = page.at(-1);
    if (last === undefined) return sum;
    afterSequence = last.sequence;
  }
}

/** A session that was resumed was not open in between: its last end knows how long it had been until then. */
async function elapsed(engine: Engine, id: string, until: string): Promise<number> {
  const { scope, store } = engine;
  const edge = await readSessionEdge(engine, id);
  if (edge === null) return 0;
  const before = { submissionId: id, eventTypes: ["SESSION_END"] } as const;
  const [end] = await store.readLedger(scope.tract, { ...before, order: "desc", limit: 1 });
  const cost = end?.metadata.total_cost;
  const known = typeof cost === "object" && cost !== null && "elapsed_ms" in cost ? cost.elapsed_ms : 0;
  const open = edge.eventType === "SESSION_START" ? Date.parse(until) - Date.parse(edge.timestamp) : 0;
  return (typeof known === "number" ? known : 0) + Math.max(0, open);
}
