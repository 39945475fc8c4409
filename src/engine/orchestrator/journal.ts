/** Writes down a run of the orchestrator: its beginning, each step and its end as ledger entries under one id (spec 5.5; spec 9, 23). */

import { emptyChange } from "../../storage/change-set.ts";
import type { ContentRecord, Hash, JsonObject, LedgerBody } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import { sha256 } from "../content/hashes.ts";
import { parseContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { firstChange, isoNow, publish, publishPlan } from "../history/publish.ts";
import { readSite } from "../history/snapshot.ts";
import { ledgerEntry } from "../ledger/entry.ts";
import { shortArguments } from "../short-arguments.ts";
import type { RunEnd, Step } from "./run.ts";
import type { Health } from "./situation.ts";

/** What an LLM said before a step or at the end: stored as a content, and named by its hash. */
export type Reasoning = ContentRecord | null;

export interface Journal {
  /** What the entries are filed under. */
  readonly runId: string;
  readonly started: (facts: StartFacts, health: Health) => Promise<void>;
  /** An answer of the LLM, with the contents that its entry names. */
  readonly asked: (entry: LedgerBody, contents: readonly ContentRecord[]) => Promise<void>;
  readonly stepped: (step: Step, reasoning: Reasoning) => Promise<void>;
  /** What the LLM said at the end is kept like its other reasoning. */
  readonly ended: (
    end: RunEnd,
    numbers: {
      readonly before: Health;
      readonly after: Health;
      readonly steps: number;
      readonly tokens: number;
    },
  ) => Promise<void>;
}

/** What a run is told to be; never its goal, which is what somebody wrote. */
export type StartFacts = JsonObject & { readonly branch: string };

/** Entries hold names, hashes and numbers only; the tract is made if it is missing. */
export function openJournal(engine: Engine, branch: string): Journal {
  const runId = `RUN-${engine.newId()}`;
  const entry = (decision: string, reason: string, metadata: JsonObject): LedgerBody =>
    ledgerEntry(engine, isoNow(engine), {
      eventType: "ORCHESTRATION",
      submissionId: runId,
      decision,
      reason,
      metadata,
    });
  const write = async (body: LedgerBody, contents: readonly ContentRecord[]): Promise<void> => {
    await publish(engine, { change: { ...emptyChange(engine.scope.tract), contents, ledger: [body] } });
  };
  return {
    runId,
    started: async (facts, health) =>
      await publishPlan(engine, async () => {
        const site = await readSite(engine, {});
        const first = firstChange(engine, site, isoNow(engine));
        const body = entry("STARTED", `Orchestration of ${facts.branch} began`, {
          ...facts,
          before: healthJson(health),
        });
        return { change: { ...first, ledger: [...first.ledger, body] }, result: () => undefined };
      }),
    asked: write,
    stepped: async (step, reasoning) =>
      await write(entry("STEP", step.reason, { ...stepFacts(step), ...named(reasoning) }), listOf(reasoning)),
    ended: async ({ state, reason, answer }, { before, after, steps, tokens }) => {
      const reasoning = textContent(engine, "reasoning", answer ?? "");
      const facts = { branch, state, steps, tokens, before: healthJson(before), after: healthJson(after) };
      await write(entry(DECISIONS[state], reason, { ...facts, ...named(reasoning) }), listOf(reasoning));
    },
  };
}

const DECISIONS: Readonly<Record<RunEnd["state"], string>> = {
  healthy: "FINISHED",
  out_of_steps: "STOPPED",
  out_of_tokens: "STOPPED",
  stopped: "STOPPED",
  blocked: "STOPPED",
  cancelled: "CANCELLED",
};

/** Arguments may hold what somebody wrote: their short form and a digest say which they were. */
function stepFacts(step: Step): JsonObject {
  return {
    step: step.step,
    tool: step.tool,
    arguments: shortArguments(step.arguments),
    arguments_digest: argumentsDigest(step.arguments),
    outcome: step.outcome,
    autonomy: step.autonomy,
    policy: step.policy,
    operation: step.operationId,
    proposal: step.proposalId,
    error_code: step.error,
    looked: healthJson(step.looked),
  };
}

export function argumentsDigest(args: JsonObject): Hash {
  return sha256(`tract.tool-arguments.v1\n${canonicalJson(args)}`);
}

export function healthJson(health: Health): JsonObject {
  const { budget, pinnedTokens, ...numbers } = health;
  const limit = budget === null ? null : budget.maxTokens;
  return { ...numbers, pinned_tokens: pinnedTokens, budget: limit };
}

function named(reasoning: Reasoning): JsonObject {
  return reasoning === null ? {} : { reasoning: reasoning.hash };
}

function listOf(reasoning: Reasoning): readonly ContentRecord[] {
  return reasoning === null ? [] : [reasoning];
}

/** A text of a run as a content that no commit has; null for one that says nothing. */
export function textContent(engine: Engine, type: "reasoning" | "output", text: string): Reasoning {
  if (text.trim() === "") return null;
  const { contentTypes: types, limits } = engine;
  return parseContent({ content_type: type, text: text.toWellFormed() }, { types, limits, path: "text" })
    .record;
}
