/** The last look at a write before it is published: whatever texts it carries besides planned commits, and whoever planned it (spec 5.4, secret-scan). */
import type { ChangeSet, NewAnnotation } from "../../storage/change-set.ts";
import type { Json, JsonObject, LedgerBody, PlanRecord, RefMove } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { hashLedgerBody, ledgerEntry, ledgerMetadata } from "../ledger/entry.ts";
import { CredentialFound, type Hit, isClean, type Screen, screeningOf, screenJson } from "./screen.ts";
import { refuseName } from "./screen-item.ts";

export interface ScreenedChanges {
  readonly changes: readonly ChangeSet[];
  /** Credentials that were replaced in what was to be stored, the planned commits included. */
  readonly hits: readonly Hit[];
  /** Looks at the beginning of a session, which is put before a change only when it is published. */
  readonly screenStart: (change: ChangeSet) => ChangeSet;
}

/**
 * The changes of one write without credentials, with a ledger entry that says how many were replaced. Ledger entries, parameters and plans are
 * always redacted; notes and reasons as the screen says; names are refused, and so is what should have been looked at when it was planned.
 *
 * @throws CredentialFound
 */
export async function screenChanges(engine: Engine, changes: readonly ChangeSet[]): Promise<ScreenedChanges> {
  const [own] = changes;
  const screen = own === undefined ? null : await screenFor(engine, own);
  if (own === undefined || screen === null) return { changes, hits: [], screenStart: (change) => change };
  const screenStart = (change: ChangeSet): ChangeSet => startScreened(screen, change);
  const hits: Hit[] = [];
  const screened: ChangeSet[] = [];
  for (const change of changes) screened.push(await screenOne(engine, screen, change, hits));
  if (hits.length === 0) return { changes: screened, hits, screenStart };
  const [first, ...others] = screened.map((change, index) =>
    index === 0 ? { ...change, ledger: [...change.ledger, redactedEntry(engine, change, hits)] } : change,
  );
  return { changes: first === undefined ? others : [first, ...others], hits, screenStart };
}

function startScreened(screen: Screen, change: ChangeSet): ChangeSet {
  const ledger = change.ledger.map((entry) =>
    entry.eventType === "SESSION_START" ? screenEntry(screen, entry) : entry,
  );
  return { ...change, ledger };
}

/** Planned commits tell by which screen they went; other writes stand where their branch, or HEAD, is. */
async function screenFor(engine: Engine, change: ChangeSet): Promise<Screen | null> {
  for (const record of [...change.commits, ...change.contents]) {
    const screening = screeningOf(record);
    if (screening !== null) return screening.screen;
  }
  const { scope } = engine;
  const inTract =
    scope.tract === change.tract ? engine : { ...engine, scope: { ...scope, tract: change.tract } };
  return await screenHere(inTract, change.operation?.branch ?? null);
}

/** The screen for writes to a branch; null: to the worktree's. */
export async function screenHere(engine: Engine, branch: string | null): Promise<Screen | null> {
  const { scope, settings, store } = engine;
  const { head } = await store.readSnapshot(scope.tract, {
    worktree: scope.worktree,
    branch,
    defaultBranch: settings.defaultBranch,
  });
  return await engine.screen(engine, head?.hash ?? null);
}

async function screenOne(engine: Engine, screen: Screen, change: ChangeSet, hits: Hit[]): Promise<ChangeSet> {
  for (const record of [...change.commits, ...change.contents])
    hits.push(...(screeningOf(record)?.hits ?? []));
  refuseNames(screen, change);
  await refuseUnscreened(engine, screen, change);
  const { operation } = change;
  // What callers write word for word; other operations carry over what stands there already.
  const given: Hit[] = [];
  const isGiven = operation !== null && GIVING.has(operation.type);
  const noted = isGiven ? given : hits;
  const annotations = change.annotations.map((one) => screenAnnotation(screen, one, noted));
  const refMoves = change.refMoves.map((move) => screenNote(screen, move, noted));
  const [first] = given;
  if (first !== undefined && screen.action === "reject") throw new CredentialFound(first);
  hits.push(...given);
  return {
    ...change,
    annotations,
    refMoves,
    operation:
      operation === null
        ? null
        : { ...operation, params: screenJson(screen, operation.params, "params", []) },
    plans: change.plans.map((plan) => screenPlan(screen, plan, hits)),
    ledger: change.ledger.map((entry) => screenEntry(screen, entry)),
  };
}

/** Operations whose reasons and notes are the caller's own words. */
const GIVING: ReadonlySet<string> = new Set(["annotate", "tag"]);

function screenAnnotation(screen: Screen, annotation: NewAnnotation, hits: Hit[]): NewAnnotation {
  const { reason, retain, labels } = annotation;
  return {
    ...annotation,
    reason: reason === null ? null : screenJson(screen, reason, "reason", hits),
    retain: retain === null ? null : screenJson(screen, retain, "retain", hits),
    labels: screenJson(screen, labels, "labels", hits),
  };
}

function screenNote(screen: Screen, move: RefMove, hits: Hit[]): RefMove {
  const { after } = move;
  if (after === null || !("commit" in after) || after.note === undefined) return move;
  const note = screenJson(screen, after.note, "note", hits);
  return note === after.note ? move : { ...move, after: { ...after, note } };
}

function screenPlan(screen: Screen, plan: PlanRecord, hits: Hit[]): PlanRecord {
  const body: JsonObject = screenJson(screen, plan.body, "plan", hits);
  return body === plan.body ? plan : { ...plan, body };
}

function screenEntry(screen: Screen, entry: LedgerBody): LedgerBody {
  // Nearly all are clean, and are not taken apart for it.
  const parts: readonly Json[] = [entry.reason, entry.metadata, entry.provenance, entry.promptsUsed];
  if (parts.every((part) => isClean(screen, part))) return entry;
  const told = { reason: entry.reason, metadata: ledgerMetadata(entry), promptsUsed: entry.promptsUsed };
  const hits: Hit[] = [];
  const screened = screenJson(screen, told, "ledger", hits);
  if (hits.length === 0) return entry;
  const { provenance, ...metadata } = screened.metadata;
  const { reason, promptsUsed } = screened;
  const body = { ...entry, reason, promptsUsed, metadata, provenance: provenance as JsonObject }; // ledgerMetadata put it there.
  return { ...body, bodyHash: hashLedgerBody(body) };
}

/** Names, keys and authors stand in refs and hashes: they stay what they are, or are not stored. */
function refuseNames(screen: Screen, change: ChangeSet): void {
  const { operation, refMoves, ensureWorktree, createTract, contentTypes } = change;
  refuseName(screen, operation?.author.name ?? null);
  const names: readonly (string | null | undefined)[] = [
    ...(operation?.type === "undo" ? [] : refMoves.flatMap(newName)),
    ensureWorktree?.name,
    operation?.idempotencyKey,
    createTract === null ? null : change.tract,
  ];
  const hits: Hit[] = [];
  for (const name of names) if (name != null) screenJson(screen, name, "name", hits);
  for (const { name, schema } of contentTypes) screenJson(screen, { name, schema }, "content_type", hits);
  const [first] = hits;
  if (first !== undefined) throw new CredentialFound(first);
}

/** A name that a caller chose just now; undo brings back those that were there, and the other kinds follow a worktree. */
function newName({ kind, name, before, after }: RefMove): readonly string[] {
  const isNamed = kind === "branch" || kind === "tag" || kind === "worktree";
  return isNamed && before === null && after !== null ? [name] : [];
}

/** Commits and contents that no plan has looked at: what is stored already, as a history that is copied whole, passes. */
async function refuseUnscreened(
  { store, scope }: Engine,
  screen: Screen,
  { commits, contents }: ChangeSet,
): Promise<void> {
  for (const commit of commits) {
    if (screeningOf(commit) !== null) continue;
    const { message, metadata, generationConfig, labels } = commit;
    const hits: Hit[] = [];
    screenJson(screen, { message, metadata, generation_config: generationConfig, labels }, "commit", hits);
    const isStored =
      hits[0] === undefined || (await store.readCommits(scope.tract, [commit.hash])).length > 0;
    if (!isStored && hits[0] !== undefined) throw new CredentialFound(hits[0]);
  }
  for (const content of contents) {
    if (screeningOf(content) !== null) continue;
    const hits: Hit[] = [];
    screenJson(screen, JSON.parse(content.body), "content", hits);
    const isStored = hits[0] === undefined || (await store.readContents([content.hash])).length > 0;
    if (!isStored && hits[0] !== undefined) throw new CredentialFound(hits[0]);
  }
}

function redactedEntry(engine: Engine, { operation, ledger }: ChangeSet, hits: readonly Hit[]): LedgerBody {
  const now = operation?.createdAt ?? ledger[0]?.timestamp ?? new Date(engine.clock()).toISOString();
  return ledgerEntry(engine, now, {
    eventType: "POLICY",
    submissionId: operation?.id ?? engine.scope.tract,
    decision: "REDACTED",
    reason: hitWords(hits),
    metadata: { kind: SECRET_SCAN, rules: countsOf(hits) },
  });
}

const SECRET_SCAN = "secret-scan";

/** `2 credentials (github-token, password) were replaced before storing` */
export function hitWords(hits: readonly Pick<Hit, "rule">[]): string {
  const rules = Object.keys(countsOf(hits)).join(", ");
  const count = hits.length === 1 ? "1 credential" : `${hits.length} credentials`;
  return `${count} (${rules}) ${hits.length === 1 ? "was" : "were"} replaced before storing`;
}

function countsOf(hits: readonly Pick<Hit, "rule">[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { rule } of hits) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of a write that was refused: which rule, and nothing of what it found. */
export function refusedEntry(engine: Engine, { rule }: CredentialFound): LedgerBody {
  const { scope } = engine;
  return ledgerEntry(engine, new Date(engine.clock()).toISOString(), {
    eventType: "POLICY",
    submissionId: scope.provenance.session_id ?? scope.tract,
    decision: "REFUSED",
    reason: `A write was refused: it held a credential (${rule})`,
    metadata: { kind: SECRET_SCAN, rules: { [rule]: 1 } },
  });
}
