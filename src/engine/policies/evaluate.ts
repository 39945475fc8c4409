/** Evaluates policies: what each has found where a call stands. Changes nothing and asks no LLM (spec 5.4). */
import type { Engine } from "../engine.ts";
import { autoArchive } from "./kinds/auto-archive.ts";
import { autoBranch } from "./kinds/auto-branch.ts";
import { autoCompress } from "./kinds/auto-compress.ts";
import { autoPin } from "./kinds/auto-pin.ts";
import { checkpoint } from "./kinds/checkpoint.ts";
import type { Evaluate } from "./kinds/kind.ts";
import { retention } from "./kinds/retention.ts";
import type { Finding, Moment, Policy, PolicyKind } from "./policy.ts";
import { lookAt, type Place, type Situation } from "./situation.ts";

export interface Evaluation extends Place {
  /** In the order in which their findings are told. */
  readonly policies: readonly Policy[];
  /** Only those with this trigger; null: all. Those that are not enabled are never evaluated. */
  readonly moment: Moment | null;
}

/** The findings of policies in their order. The same store and clock give the same findings. */
export async function evaluatePolicies(engine: Engine, evaluation: Evaluation): Promise<readonly Finding[]> {
  const { policies, moment, ...place } = evaluation;
  const called = policies.filter(
    ({ enabled, trigger }) => enabled && (moment === null || trigger === moment),
  );
  if (called.length === 0) return [];
  const situation = lookAt(engine, place, null);
  const findings: Finding[] = [];
  for (const policy of called) findings.push(...(await evaluatePolicy(situation, policy)));
  return findings;
}

/** What one policy finds, enabled or not. */
export async function evaluatePolicy(situation: Situation, policy: Policy): Promise<readonly Finding[]> {
  return await BY_KIND[policy.kind](situation, policy);
}

const BY_KIND: Readonly<Record<PolicyKind, Evaluate>> = {
  "auto-compress": autoCompress,
  "auto-pin": autoPin,
  "auto-branch": autoBranch,
  "auto-archive": autoArchive,
  checkpoint,
  // It acts on contents before they are stored: in what is stored there is nothing left to find.
  "secret-scan": async () => [],
  retention,
};
