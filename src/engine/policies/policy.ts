/** A policy and what it finds, as data (spec 5.4). */
import type { JsonObject } from "../../storage/records.ts";
import type { ToolAction } from "../toolbox.ts";

export const POLICY_KINDS = [
  "auto-compress",
  "auto-pin",
  "auto-branch",
  "auto-archive",
  "checkpoint",
  "secret-scan",
  "retention",
] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];

/** When a policy is evaluated. */
export const MOMENTS = ["commit", "compile", "session_start", "session_end"] as const;
export type Moment = (typeof MOMENTS)[number];

/** From least to most: tell in the result, store a proposal, act. */
export const AUTONOMY_LEVELS = ["manual", "collaborative", "autonomous"] as const;
export type Autonomy = (typeof AUTONOMY_LEVELS)[number];

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

/** Something a policy has found, with what it would do about it. */
export interface Finding {
  readonly policy: string;
  readonly kind: PolicyKind;
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
