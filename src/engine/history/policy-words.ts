/** The words of policies: their kinds, the moments when they are evaluated, and how much they may do by themselves (spec 5.4). */

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
