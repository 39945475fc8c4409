/** What a watch remembers never shows: it finds what somebody finds who reads everything from the store, whatever was done in between and by whom. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCompileCache } from "../../src/engine/compile/cache.ts";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { recordUsage } from "../../src/engine/history/record-usage.ts";
import { createSettingsCache } from "../../src/engine/history/settings.ts";
import { createTag } from "../../src/engine/history/tag.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import { evaluatePolicies } from "../../src/engine/policies/evaluate.ts";
import type { Notice, Occasion, Watch } from "../../src/engine/policies/occasion.ts";
import { readPolicies } from "../../src/engine/policies/read-policies.ts";
import { createWatch } from "../../src/engine/policies/watch.ts";
import type { Hash } from "../../src/storage/records.ts";
import { openTestEngine } from "../support/engine.ts";
import { inWorktree } from "../support/history.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { run, type Step, steps } from "../support/random-history.ts";

/** They tell each time, and write only once: so nothing makes a watch look anew. */
const manual = { autonomy: "manual", cooldown: 3_600, trigger: "commit" };
const POLICIES = {
  compress: { kind: "auto-compress", params: { budget: 60, threshold: 0.5, target: 0.4 }, ...manual },
  pin: { kind: "auto-pin", params: { patterns: ["message [13579]"], labels: ["x"] }, ...manual },
  branch: { kind: "auto-branch", params: { window: 3, threshold: 1 }, ...manual },
  archive: { kind: "auto-archive", params: { stale_days: 0 }, ...manual },
  commits: { kind: "checkpoint", params: { every_commits: 3, prefix: "c" }, ...manual },
  tokens: { kind: "checkpoint", params: { every_tokens: 20, prefix: "c" }, ...manual },
  scan: { kind: "secret-scan" },
};

const SUBJECTS = [
  "The parser reads nested tables and keeps their headers apart",
  "Our nested parser keeps headers of tables and reads them twice",
  "Rain falls over mountains while rivers flood quiet valleys",
  "Payment invoices arrive monthly with wrong customer addresses",
];

type Extra =
  | { readonly kind: "say"; readonly subject: number }
  | { readonly kind: "undo" | "mark" | "report" }
  | { readonly kind: "merge"; readonly branch: string };

interface Turn {
  /** 0 and 1 are watched, and know nothing of each other; nobody watches over 2. */
  readonly process: number;
  readonly act: Step | Extra;
}

const extra: fc.Arbitrary<Extra> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("say" as const),
      subject: fc.nat({ max: SUBJECTS.length - 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("undo" as const, "mark" as const, "report" as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("merge" as const), branch: fc.constantFrom("main", "a", "b") }),
  },
);

/** Mostly the same process goes on, as only that can remember anything. */
const process = fc.constantFrom(0, 0, 0, 0, 1, 2);
const turns: fc.Arbitrary<readonly Turn[]> = steps(14).chain((list) =>
  fc
    .array(fc.record({ process, act: fc.option(extra, { nil: undefined, freq: 4 }) }), {
      minLength: 30,
      maxLength: 30,
    })
    .map((slots) => {
      const rest = [...list];
      return slots.flatMap(({ process: who, act }): readonly Turn[] => {
        const chosen = act ?? rest.shift();
        return chosen === undefined ? [] : [{ process: who, act: chosen }];
      });
    }),
);

describe("what a watch remembers", () => {
  it("never shows in what it finds", { timeout: timeLimit(60_000) }, async () => {
    let found = 0;
    await fc.assert(
      fc.asyncProperty(turns, async (list) => {
        const { engine, close } = await openTestEngine({ store: "memory" });
        const differences: unknown[] = [];
        const compared = (warm: readonly string[], cold: readonly string[]): void => {
          found += cold.length;
          if (JSON.stringify(warm) !== JSON.stringify(cold)) differences.push({ warm, cold });
        };
        const processes = [
          ownProcess(engine, comparing(compared)),
          ownProcess(engine, comparing(compared)),
          ownProcess(engine, null),
        ];
        await commit(engine, {
          items: [{ content: { content_type: "config", settings: { policies: POLICIES } } }],
        });
        const made: Hash[] = [];
        for (const [number, turn] of list.entries()) {
          const on = processes[turn.process] ?? engine;
          if ("command" in turn.act) await run(on, turn.act, made);
          else await runExtra(on, turn.act, number);
          expect(differences).toEqual([]);
        }
        await close();
      }),
      { numRuns: runs(25) },
    );
    // Else nothing was held against anything.
    expect(found).toBeGreaterThan(100);
  });
});

function ownProcess(engine: Engine, watch: Watch | null): Engine {
  return { ...withoutCaches(engine), watch };
}

function withoutCaches(engine: Engine): Engine {
  return {
    ...withScope(engine, {}),
    settingsCache: createSettingsCache(),
    compileCache: createCompileCache(engine.limits),
  };
}

function comparing(compared: (warm: readonly string[], cold: readonly string[]) => void): Watch {
  const warm = createWatch();
  return async (engine, occasion) => {
    const still = { ...engine, clock: () => Date.UTC(2026, 5, 1) };
    const cold = await findCold(still, occasion);
    const notices: Notice[] = [];
    await warm({ ...still, scope: { ...still.scope, notices } }, occasion);
    compared(
      notices.map(({ policy, text }) => `${policy}: ${text}`),
      cold,
    );
  };
}

async function findCold(
  engine: Engine,
  { branch, head, moment, made }: Occasion,
): Promise<readonly string[]> {
  const cold = withoutCaches(engine);
  const policies = await readPolicies(cold, { head });
  const findings = await evaluatePolicies(cold, { policies, moment, branch, head, made });
  return findings.map(({ policy, reason }) => `${policy}: ${reason}`);
}

async function runExtra(engine: Engine, act: Extra, number: number): Promise<void> {
  const here = inWorktree(engine, "default");
  try {
    switch (act.kind) {
      case "say":
        await commit(here, { items: [{ content: SUBJECTS[act.subject] ?? "" }] });
        return;
      case "undo":
        await undo(here, {});
        return;
      case "mark":
        await createTag(here, { name: `c/${number}` });
        return;
      case "report":
        await recordUsage(here, { usage: { input_tokens: 500, output_tokens: 5 } });
        return;
      case "merge":
        await merge(here, { source: act.branch });
        return;
      default:
        act satisfies never;
    }
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
  }
}
