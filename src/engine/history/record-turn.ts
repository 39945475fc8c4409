/** Records a turn of a conversation: the user's message, the response, and TURN_RECORDED, in one operation (spec 4.2; spec 9, 23). */
import type { ChangeSet } from "../../storage/change-set.ts";
import type { CommitRecord, JsonObject } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { invariant } from "../invariant.ts";
import { continueSession } from "../ledger/continue-session.ts";
import { lastTurnNumber, turnEntry } from "../ledger/turn.ts";
import { type ReportedUsage, readUsage } from "../ledger/usage.ts";
import { planCommit, type WriteResult } from "./commit.ts";
import { type CommitRequestItem, readCommitItems } from "./commit-items.ts";
import type { ContentItem } from "./plan-commit.ts";
import { firstChange, isoNow, type Plan, publishPlan } from "./publish.ts";
import { noteScreening } from "./screen.ts";
import { screenItem } from "./screen-item.ts";
import { readSite, type Site } from "./snapshot.ts";

export interface RecordTurnRequest {
  readonly userMessage: string;
  readonly response: string;
  /** An earlier session of this tract, which goes on with this turn; default: the own one. */
  readonly session?: string | undefined;
  /** false: the texts are kept for the ledger alone; no branch moves and no context grows. Default true. */
  readonly commit?: boolean | undefined;
  /** How the response was generated, in any spelling that LLMConfig takes. */
  readonly generationConfig?: object | null | undefined;
  /** What the API reported for the response. */
  readonly usage?: ReportedUsage | null | undefined;
  /** The prompts behind the response, such as `support@3`. */
  readonly promptsUsed?: readonly string[] | undefined;
  readonly branch?: string | undefined;
}

export interface RecordTurnResult extends Omit<WriteResult, "operationId"> {
  /** null without commits: there is nothing to undo then. */
  readonly operationId: string | null;
  readonly turnNumber: number;
  readonly sessionId: string;
  /** The entry TURN_RECORDED. */
  readonly ledgerId: string;
  /** The user's message and the response. */
  readonly commits: readonly CommitRecord[];
}

/**
 * Records a turn.
 *
 * @throws TractError `invalid-content` (an empty message), `content-too-large`, `invalid-argument` (usage, prompts, config), `not-found` (session,
 *   branch), `detached-head`, `budget-exceeded`; in each case nothing is stored.
 */
export async function recordTurn(engine: Engine, request: RecordTurnRequest): Promise<RecordTurnResult> {
  const said = readSaid(engine, request);
  const { engine: on, sessionId } = await continueSession(engine, request.session);
  return await publishPlan(on, () =>
    request.commit === false
      ? planKeptTurn(on, sessionId, request, said)
      : planCommittedTurn(on, sessionId, request, said),
  );
}

/** What is checked before anything is read. */
interface Said {
  readonly items: readonly [CommitRequestItem, CommitRequestItem];
  readonly usage: JsonObject;
  readonly promptsUsed: readonly string[];
}

function readSaid({ limits }: Engine, request: RecordTurnRequest): Said {
  const { userMessage, response, generationConfig, promptsUsed = [] } = request;
  requireText(userMessage, "user_message");
  requireText(response, "response");
  const { labelsMax, labelCharsMax } = limits;
  const isFine = (id: string): boolean => id !== "" && id.length <= labelCharsMax && id.isWellFormed();
  if (promptsUsed.length > labelsMax || !promptsUsed.every(isFine))
    throw new TractError("invalid-argument", "prompts_used: expected ids of prompts", {
      hint: `At most ${labelsMax} ids of at most ${labelCharsMax} characters, such as support@3; nothing was stored.`,
      data: { path: "prompts_used" },
    });
  return {
    items: [
      { content: userMessage, role: "user" },
      { content: response, role: "assistant", generationConfig },
    ],
    usage: readUsage(request.usage),
    promptsUsed,
  };
}

function requireText(text: string, path: string): void {
  if (/\S/.test(text)) return;
  throw new TractError("invalid-content", `${path}: expected a text that says something`, {
    hint: "A turn has a message and a response; commit takes one alone. Nothing was stored.",
    data: { path, expected: "a text that says something" },
  });
}

/** A commit of two contents, and the turn beside its operation. */
async function planCommittedTurn(
  engine: Engine,
  sessionId: string,
  { branch }: RecordTurnRequest,
  { items, usage, promptsUsed }: Said,
): Promise<Plan<RecordTurnResult>> {
  const ledger = await readTurns(engine, sessionId);
  const { change, result } = await planCommit(engine, { items, branch });
  invariant(change?.operation, "a commit without idempotency key always writes");
  // Commits that made room stand behind them.
  const [message, response] = change.commits;
  invariant(message?.contentHash && response?.contentHash, "both commits have a content");
  const { id: operationId, createdAt, branch: on } = change.operation;
  const entry = turnEntry(engine, createdAt, sessionId, {
    number: ledger.turns + 1,
    userMessage: message.contentHash,
    response: response.contentHash,
    branch: on,
    commits: [message.hash, response.hash],
    operationId,
    modelId: modelOf(response.generationConfig),
    generationConfig: null,
    usage,
    promptsUsed,
  });
  return {
    change: { ...expecting(change, ledger), ledger: [...change.ledger, entry] },
    result: (receipt) => {
      const { branch: written, head, warnings, commits } = result(receipt);
      const turn = { turnNumber: ledger.turns + 1, sessionId, ledgerId: entry.id, commits };
      return { operationId, branch: written, head, warnings, ...turn };
    },
  };
}

/** The texts as contents without commits: what the entry names by hash can be read, and no context shows it. */
async function planKeptTurn(
  engine: Engine,
  sessionId: string,
  request: RecordTurnRequest,
  { items, usage, promptsUsed }: Said,
): Promise<Plan<RecordTurnResult>> {
  const ledger = await readTurns(engine, sessionId);
  const site = await readSite(engine, { branch: request.branch });
  const read = await readCommitItems(engine, site, items);
  const now = isoNow(engine);
  const [message, response] = await screenKept(engine, site, read);
  const entry = turnEntry(engine, now, sessionId, {
    number: ledger.turns + 1,
    userMessage: message.content.record.hash,
    response: response.content.record.hash,
    branch: site.branch,
    commits: [],
    operationId: null,
    modelId: modelOf(response.generationConfig),
    generationConfig: response.generationConfig,
    usage,
    promptsUsed,
  });
  const change = firstChange(engine, site, now);
  return {
    change: {
      ...expecting(change, ledger),
      contents: [message.content.record, response.content.record],
      ledger: [...change.ledger, entry],
    },
    result: () => ({
      operationId: null,
      branch: site.branch ?? engine.settings.defaultBranch,
      head: site.head?.hash ?? null,
      warnings: [],
      turnNumber: ledger.turns + 1,
      sessionId,
      ledgerId: entry.id,
      commits: [],
    }),
  };
}

/** Texts that no commit has are held against the screen here. */
async function screenKept(
  engine: Engine,
  site: Site,
  read: readonly ContentItem[],
): Promise<readonly [ContentItem, ContentItem]> {
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  const [message, response] = read.map((item, index) => {
    const path = index === 0 ? "user_message." : "response.";
    const screened = screenItem(screen, item, { path, author: engine.scope.author });
    noteScreening(screened.item.content.record, { screen, hits: screened.hits });
    return screened.item;
  });
  invariant(message && response, "a turn has two items");
  return [message, response];
}

/** The ledger that the number of the next turn is true for. */
interface TurnsSoFar {
  readonly turns: number;
  /** null: there is no tract yet. */
  readonly ledgerSequence: number | null;
}

/** The tract is read first: whoever records a turn in between makes the publish fail, not two turns alike. */
async function readTurns(engine: Engine, sessionId: string): Promise<TurnsSoFar> {
  const tract = await engine.store.findTract(engine.scope.tract);
  return {
    turns: await lastTurnNumber(engine, sessionId),
    ledgerSequence: tract?.ledgerSequence ?? null,
  };
}

function expecting(change: ChangeSet, { ledgerSequence }: TurnsSoFar): ChangeSet {
  return ledgerSequence === null || change.createTract !== null
    ? change
    : { ...change, expect: { ...change.expect, ledgerSequence } };
}

function modelOf(config: JsonObject | null): string | null {
  return typeof config?.model === "string" ? config.model : null;
}
