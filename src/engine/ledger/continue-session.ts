/** Lets a call act for an earlier session of the tract, which goes on with it (spec 4.2). */
import type { LedgerRecord } from "../../storage/records.ts";
import { type Engine, withScope } from "../engine.ts";
import { TractError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { readSessionEdge, stateOf } from "./session-states.ts";

/**
 * The engine on behalf of an earlier session; of its own one when none is named.
 *
 * @throws TractError `not-found` with near ids; `invalid-argument` when there is no session at all.
 */
export async function continueSession(
  engine: Engine,
  session: string | undefined,
): Promise<{ readonly engine: Engine; readonly sessionId: string }> {
  const { author, provenance, tract } = engine.scope;
  const sessionId = session ?? provenance.session_id;
  if (sessionId === null)
    throw new TractError("invalid-argument", "session: this call belongs to no session", {
      hint: "Name one with session.",
      data: { path: "session" },
    });
  if (sessionId === provenance.session_id) return { engine, sessionId };
  const edge = await readSessionEdge(engine, sessionId);
  if (edge === null) throw await unknownSession(engine, sessionId);
  const { sessions } = engine;
  if (sessions !== null && !sessions.isOwn(sessionId, tract))
    sessions.noteForeign(sessionId, tract, { isOpen: stateOf(engine, edge) === "active" });
  const scope = {
    author: { ...author, session_id: sessionId },
    provenance: { ...provenance, session_id: sessionId },
  };
  return { engine: withScope(engine, scope), sessionId };
}

/** Beginnings of sessions that are looked at for a near id. */
const STARTS_LOOKED_AT = 100;
const ID_CHARS_SHOWN = 80;

export async function unknownSession({ scope, store }: Engine, id: string): Promise<TractError> {
  const query = { eventTypes: ["SESSION_START"], order: "desc", limit: STARTS_LOOKED_AT } as const;
  const starts: readonly LedgerRecord[] = await store.readLedger(scope.tract, query);
  const near = nearest(id, [...new Set(starts.map(({ submissionId }) => submissionId))]);
  return new TractError(
    "not-found",
    `the ledger of tract ${JSON.stringify(scope.tract)} knows no such session`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}sessions lists them.`,
      data: { session: id.slice(0, ID_CHARS_SHOWN).toWellFormed(), near },
    },
  );
}
