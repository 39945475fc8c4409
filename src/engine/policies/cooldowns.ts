/** When a policy last answered about a target, read from the ledger and kept up to date: cooldowns outlive restarts and hold for all processes (spec 5.4). */
import type { LedgerRecord } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";

export interface Cooldowns {
  /** True when the policy has given such an answer about the target within so many seconds. */
  readonly isCooling: (engine: Engine, question: CooldownQuestion) => Promise<boolean>;
}

export interface CooldownQuestion {
  readonly policy: string;
  readonly target: string;
  /** Seconds. */
  readonly cooldown: number;
  /** `told`: it reported; `answered`: it proposed, acted, or tried to. */
  readonly answer: "told" | "answered";
  /** True: nothing that was answered since this was last asked in the tract is missing. */
  readonly areAnswersKnown?: boolean;
}

/** What is known of one tract. */
interface Answers {
  /** Entries before this time were not looked at, in milliseconds. */
  readonly from: number;
  /** Newest ledger entry that was looked at. */
  sequence: number;
  /** Time of the newest answer by policy and target. */
  readonly newest: Map<string, number>;
}

const ANSWERS_MAX = 10_000;
const PAGE = 200;

export function createCooldowns(): Cooldowns {
  const tracts = new Map<string, Answers>();
  return {
    isCooling: async (engine, { policy, target, cooldown, answer, areAnswersKnown }) => {
      if (cooldown <= 0) return false;
      const since = engine.clock() - cooldown * 1_000;
      const { tract } = engine.scope;
      const known = tracts.get(tract);
      const isUseful = known !== undefined && known.from <= since && known.newest.size < ANSWERS_MAX;
      const answers: Answers = isUseful ? known : { from: since, sequence: 0, newest: new Map() };
      tracts.set(tract, answers);
      if (!isUseful || areAnswersKnown !== true) await catchUp(engine, answers);
      return (answers.newest.get(keyOf(answer, policy, target)) ?? Number.NEGATIVE_INFINITY) > since;
    },
  };
}

/** Reads what was written since, by this process or another. */
async function catchUp({ store, scope }: Engine, answers: Answers): Promise<void> {
  for (;;) {
    const entries = await store.readLedger(scope.tract, {
      eventTypes: ["POLICY", "PROPOSAL"],
      since: new Date(answers.from).toISOString(),
      afterSequence: answers.sequence,
      order: "asc",
      limit: PAGE,
    });
    for (const entry of entries) note(answers, entry);
    if (entries.length < PAGE) return;
  }
}

function note(answers: Answers, { sequence, decision, metadata, timestamp }: LedgerRecord): void {
  answers.sequence = Math.max(answers.sequence, sequence);
  const { policy, target } = metadata;
  const answer = ANSWERS[decision];
  if (answer === undefined || typeof policy !== "string" || typeof target !== "string") return;
  answers.newest.set(keyOf(answer, policy, target), Date.parse(timestamp));
}

const ANSWERS: { readonly [decision: string]: CooldownQuestion["answer"] } = {
  REPORTED: "told",
  PROPOSED: "answered",
  ACTED: "answered",
  FAILED: "answered",
};

function keyOf(answer: string, policy: string, target: string): string {
  return JSON.stringify([answer, policy, target]);
}
