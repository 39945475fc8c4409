/** What each kind of policy can be told, within which bounds, and what holds when nothing is said (spec 5.4). */
import { z } from "zod";
import type { JsonObject, Role } from "../../storage/records.ts";
import { AUTONOMY_LEVELS, type Autonomy, MOMENTS, type Moment, type PolicyKind } from "./policy-words.ts";

/** A pattern with the name that a redacted text and the ledger give it. */
export interface SecretRule {
  readonly name: string;
  readonly pattern: string;
}

/** Parameters by kind, defaults filled in. */
export interface PolicyParams {
  readonly "auto-compress": {
    /** Share of the budget from which on the context is compressed. */
    readonly threshold: number;
    readonly strategy: "auto" | "mask" | "dedupe" | "extract" | "llm";
    /** Share of the budget that is aimed at. */
    readonly target: number;
    /** Tokens; null: the budget of the branch, else what compile gives (spec 2.7). */
    readonly budget: number | null;
  };
  /** A commit matches when any one of them does. */
  readonly "auto-pin": {
    readonly types: readonly string[];
    readonly labels: readonly string[];
    readonly roles: readonly Role[];
    /** Regular expressions of JavaScript, flag u. */
    readonly patterns: readonly string[];
  };
  readonly "auto-branch": {
    /** Messages looked at, newest ones. */
    readonly window: number;
    /** Switches between neighbours among them; where the window is small, all there can be. */
    readonly threshold: number;
  };
  readonly "auto-archive": { readonly stale_days: number };
  /** Whichever comes first; null: does not count. */
  readonly checkpoint: {
    readonly every_commits: number | null;
    readonly every_tokens: number | null;
    /** Of the tags' names. Policies with one prefix count from the same tags. */
    readonly prefix: string;
  };
  readonly "secret-scan": {
    readonly action: "redact" | "reject";
    /** Besides the built-in ones. */
    readonly rules: readonly SecretRule[];
    /** Names of rules that do not hold. */
    readonly off: readonly string[];
  };
  /** null: off. */
  readonly retention: { readonly older_than_days: number | null };
}

export interface KindRule {
  readonly params: z.ZodObject;
  /** Fills in what depends on other parameters. */
  readonly complete: (params: JsonObject) => JsonObject;
  /** What parameters that are right one by one break together: where, and what was expected; null: nothing. */
  readonly problem: (params: JsonObject) => { readonly path: string; readonly expected: string } | null;
  /** The first is the default. */
  readonly triggers: readonly Moment[];
  readonly autonomy: readonly Autonomy[];
  readonly autonomyDefault: Autonomy;
  /** Seconds. */
  readonly cooldown: number;
}

/** The parameters of a policy of this kind. */
export function paramsOf<Kind extends PolicyKind>(
  _kind: Kind,
  { params }: { readonly params: JsonObject },
): PolicyParams[Kind] {
  return params as unknown as PolicyParams[Kind]; // A policy is only made with params that the kind's schema gave.
}

const ENTRIES_MAX = 64;
const TEXT_CHARS_MAX = 200;
const PATTERN_CHARS_MAX = 1_000;
const DAYS_MAX = 36_500;
const SWITCHES = 4;
const CHECKPOINT_COMMITS = 50;

const text = z.string().min(1).max(TEXT_CHARS_MAX).refine(isWellFormed, "expected well-formed Unicode");
const texts = z.array(text).max(ENTRIES_MAX);
/** Compiling is safe; matching has a time limit where it is done. */
const pattern = z
  .string()
  .min(1)
  .max(PATTERN_CHARS_MAX)
  .refine(compiles, "expected a regular expression of JavaScript (flag u)");
const count = z.int().min(1).max(1_000_000_000);
const days = z.number().min(0).max(DAYS_MAX);
const share = z.number().min(0.01).max(1);

const anyMoment = (first: Moment): readonly Moment[] => [
  first,
  ...MOMENTS.filter((moment) => moment !== first),
];
const usual = {
  complete: (params: JsonObject): JsonObject => params,
  problem: () => null,
  autonomy: AUTONOMY_LEVELS,
  autonomyDefault: "collaborative",
  cooldown: 0,
} as const;

export const KIND_RULES: Readonly<Record<PolicyKind, KindRule>> = {
  "auto-compress": {
    ...usual,
    params: z.strictObject({
      threshold: share.default(0.9),
      strategy: z.enum(["auto", "mask", "dedupe", "extract", "llm"]).default("auto"),
      target: share.default(0.6),
      budget: count.nullable().default(null),
    }),
    problem: ({ threshold, target }) =>
      Number(target) < Number(threshold) ? null : { path: "target", expected: "a share below threshold" },
    triggers: anyMoment("commit"),
    // Where nothing more can be taken out, each further commit would try again.
    cooldown: 60,
  },
  "auto-pin": {
    ...usual,
    params: z.strictObject({
      types: texts.default(["instruction", "session"]),
      labels: texts.default([]),
      roles: z.array(z.enum(["system", "user", "assistant", "tool"])).default([]),
      patterns: z.array(pattern).max(ENTRIES_MAX).default([]),
    }),
    triggers: anyMoment("commit"),
  },
  "auto-branch": {
    ...usual,
    params: z.strictObject({
      window: z.int().min(2).max(50).default(5),
      threshold: z.int().min(1).max(49).nullable().default(null),
    }),
    complete: ({ window, threshold }) => ({
      window: window ?? null,
      threshold: threshold ?? Math.min(SWITCHES, Number(window) - 1),
    }),
    problem: ({ window, threshold }) =>
      Number(threshold) < Number(window)
        ? null
        : { path: "threshold", expected: "fewer switches than the window has messages" },
    triggers: anyMoment("commit"),
    cooldown: 600,
  },
  "auto-archive": {
    ...usual,
    params: z.strictObject({ stale_days: days.default(7) }),
    triggers: anyMoment("session_start"),
  },
  checkpoint: {
    ...usual,
    params: z.strictObject({
      every_commits: count.nullable().default(null),
      every_tokens: count.nullable().default(null),
      prefix: z
        .string()
        .max(64)
        .regex(
          /^[\p{L}\p{N}_][\p{L}\p{N}_-]*(?:\/[\p{L}\p{N}_-]+)*$/u,
          "expected letters, digits, _, - and /",
        )
        .default("checkpoint"),
    }),
    complete: (params) =>
      params.every_commits === null && params.every_tokens === null
        ? { ...params, every_commits: CHECKPOINT_COMMITS }
        : params,
    triggers: anyMoment("commit"),
  },
  "secret-scan": {
    ...usual,
    params: z.strictObject({
      action: z.enum(["redact", "reject"]).default("redact"),
      rules: z
        .array(z.strictObject({ name: text, pattern }))
        .max(ENTRIES_MAX)
        .default([]),
      off: texts.default([]),
    }),
    // It looks at contents before they are stored: there is nothing to wait for, and nothing to propose.
    triggers: ["commit"],
    autonomy: ["autonomous"],
    autonomyDefault: "autonomous",
  },
  retention: {
    ...usual,
    params: z.strictObject({ older_than_days: days.nullable().default(null) }),
    // It looks through the whole tract for what nothing leads to.
    triggers: ["session_end", "session_start"],
    cooldown: 86_400,
  },
};

function isWellFormed(value: string): boolean {
  return value.isWellFormed();
}

function compiles(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch {
    return false;
  }
}
