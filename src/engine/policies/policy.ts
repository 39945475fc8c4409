/** A policy and what it finds, as data (spec 5.4). */
import type { JsonObject } from "../../storage/records.ts";
import { type Autonomy, type Moment, POLICY_KINDS, type PolicyKind } from "../history/policy-words.ts";
import type { ToolAction } from "../toolbox.ts";

export {
  AUTONOMY_LEVELS,
  type Autonomy,
  type Moment,
  POLICY_KINDS,
  type PolicyKind,
} from "../history/policy-words.ts";

/** A policy with everything filled in. */
export interface Policy {
  readonly name: string;
  readonly kind: PolicyKind;
  readonly trigger: Moment;
  /** Lower is evaluated first. */
  readonly priority: number;
  /** By kind; defaults filled in. */
  readonly params: JsonObject;
  readonly autonomy: Autonomy;
  /** Seconds that must pass after it proposed or acted before it does so again. */
  readonly cooldown: number;
  readonly enabled: boolean;
}

/** `orchestrate`: no policy found it, an LLM that runs as orchestrator chose it (spec 5.5). */
export const FINDING_KINDS: readonly [...typeof POLICY_KINDS, "orchestrate"] = [
  ...POLICY_KINDS,
  "orchestrate",
];
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Something a policy has found, with what it would do about it. */
export interface Finding {
  readonly policy: string;
  readonly kind: FindingKind;
  readonly autonomy: Autonomy;
  /** What it is about, as a key: a branch's name or a commit's hash. One pending proposal per policy and target. */
  readonly target: string;
  /** A sentence with numbers, never stored content. */
  readonly reason: string;
  /** Tokens that the action is expected to take out of the context; 0 when that is not its point. */
  readonly gain: number;
  /** The ordinary operation that answers it. */
  readonly action: ToolAction;
}
