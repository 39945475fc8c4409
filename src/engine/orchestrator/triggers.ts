/** Runs that begin by themselves: after the call that set them off, one at a time for each tract, and never to its harm (spec 5.5). */

import { emptyChange } from "../../storage/change-set.ts";
import type { Engine, Scope } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { OrchestrateSettings } from "../history/orchestrate-settings.ts";
import { isoNow, publish } from "../history/publish.ts";
import { readSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";
import { ledgerEntry } from "../ledger/entry.ts";
import type { Occasion, Watch } from "../policies/occasion.ts";
import { healthJson } from "./journal.ts";
import { readLastRun } from "./last-run.ts";
import { orchestrate, type RunCause } from "./orchestrate.ts";
import { type Health, look } from "./situation.ts";

/** Further growth, as a share of the budget, before a context that is still too large sets off another run. */
const GROWTH_SHARE = 0.05;

/** Lives as long as its store is open. */
export class TriggeredRuns {
  readonly #last = new Map<string, Promise<void>>();
  readonly #waiting = new Set<string>();
  readonly #ending = new AbortController();

  /** Hears of an occasion; returns at once and never fails. What the occasion asks for begins later. */
  note(engine: Engine, occasion: Occasion): void {
    const { moment, tract, head } = occasion;
    if (moment !== "commit" && moment !== "session_end") return;
    // Policies have just read them; where they say nothing, nothing is looked at.
    if (head !== null && engine.settingsCache.get(head)?.orchestrate === null) return;
    if (engine.scope.byPolicy === true || engine.store.isReadonly || this.#ending.signal.aborted) return;
    const key = JSON.stringify([moment, tract, engine.scope.worktree, occasion.branch]);
    // Many commits before the first look are one reason to look.
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    const before = this.#last.get(tract) ?? Promise.resolve();
    const mine = before.then(async () => {
      // What follows in the call that is under way goes first.
      await engine.pause(0);
      this.#waiting.delete(key);
      await runIfDue(ownEngine(engine, tract), occasion, this.#ending.signal);
    });
    this.#last.set(
      tract,
      mine.catch(() => undefined),
    );
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    for (let pending = this.#pending(); pending.length > 0; pending = this.#pending()) {
      await Promise.all(pending.map(([, run]) => run));
      for (const [tract, run] of pending) if (this.#last.get(tract) === run) this.#last.delete(tract);
    }
  }

  /** Cancels what runs; nothing begins any more. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.idle();
  }

  #pending(): readonly (readonly [string, Promise<void>])[] {
    return [...this.#last];
  }
}

/** Policies first, as they speak in the result of the call; then what sets off runs. */
export function withTriggers(watch: Watch | null, runs: TriggeredRuns): Watch {
  return async (engine, occasion) => {
    await watch?.(engine, occasion);
    runs.note(engine, occasion);
  };
}

/** Nobody waits for what is said, and it joins no operation of the call. */
function ownEngine(engine: Engine, tract: string): Engine {
  const { notices: _notices, rider: _rider, ...rest } = engine.scope;
  const scope: Scope = { ...rest, tract, tool: null };
  return { ...engine, scope };
}

async function runIfDue(engine: Engine, occasion: Occasion, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const site = await readSite(engine, {});
  const { branch, head } = site;
  if (branch === null || head === null || (occasion.branch ?? branch) !== branch) return;
  const { orchestrate: settings } = await readSettings(engine, engine.scope.tract, head.hash);
  if (settings === null) return;
  const { health } = await look(engine, branch);
  const cause = await causeOf(engine, { settings, occasion, branch, health });
  if (cause === null) return;
  const { mind, autonomy, max_steps: maxSteps } = settings;
  try {
    await orchestrate(engine, { mind, autonomy, maxSteps, signal }, cause);
  } catch (error) {
    await noteFailure(engine, { error, cause, branch, health });
  }
}

/** null: no run is due. */
async function causeOf(
  engine: Engine,
  now: {
    readonly settings: OrchestrateSettings;
    readonly occasion: Occasion;
    readonly branch: string;
    readonly health: Health;
  },
): Promise<RunCause | null> {
  const { triggers } = now.settings;
  if (now.occasion.moment === "session_end") return triggers.session_end === true ? "session_end" : null;
  const { commits, tokens, budget } = now.health;
  const last = await readLastRun(engine, now.branch);
  const { every_commits: every, budget_fraction: fraction } = triggers;
  if (every !== undefined && commits - (last?.commits ?? 0) >= every) return "every_commits";
  if (fraction === undefined || budget === null || tokens < fraction * budget.maxTokens) return null;
  const isNew = last === null || last.tokens < fraction * budget.maxTokens;
  return isNew || tokens >= last.tokens + GROWTH_SHARE * budget.maxTokens ? "budget_fraction" : null;
}

/** Where the next run counts from, too: what fails now would fail at each commit. */
async function noteFailure(
  engine: Engine,
  failure: {
    readonly error: unknown;
    readonly cause: RunCause;
    readonly branch: string;
    readonly health: Health;
  },
): Promise<void> {
  const { error, cause, branch, health } = failure;
  const code = error instanceof TractError ? error.code : "internal";
  const entry = ledgerEntry(engine, isoNow(engine), {
    eventType: "ORCHESTRATION",
    submissionId: engine.scope.tract,
    decision: "FAILED",
    reason: `A run of ${branch} that ${cause} set off failed: ${code}`,
    metadata: { branch, cause, error_code: code, after: healthJson(health) },
  });
  await publish(engine, { change: { ...emptyChange(engine.scope.tract), ledger: [entry] } });
}
