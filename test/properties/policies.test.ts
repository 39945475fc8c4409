/** Evaluating policies never fails and always gives the same findings, whatever a tract has been through (spec 5.4). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { createSettingsCache } from "../../src/engine/history/settings.ts";
import { evaluateNow } from "../../src/engine/policies/list-policies.ts";
import type { Hash } from "../../src/storage/records.ts";
import { openTestEngine } from "../support/engine.ts";
import { allRefs, inWorktree } from "../support/history.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { run, steps } from "../support/random-history.ts";

const POLICIES = {
  compress: { kind: "auto-compress", params: { budget: 30 } },
  pin: { kind: "auto-pin", params: { patterns: ["message [13579]"], labels: ["x"] } },
  branch: { kind: "auto-branch", params: { window: 3, threshold: 1 } },
  archive: { kind: "auto-archive", params: { stale_days: 0 } },
  commits: { kind: "checkpoint", params: { every_commits: 2, prefix: "t" } },
  tokens: { kind: "checkpoint", params: { every_tokens: 10 } },
  scan: { kind: "secret-scan" },
  retention: { kind: "retention", params: { older_than_days: 0 } },
};

/** As another process sees it, at the same moment. */
function withoutCaches(engine: Engine): Engine {
  return { ...withScope(engine, {}), settingsCache: createSettingsCache() };
}

describe("evaluating policies", () => {
  it("never throws, changes nothing, and gives the same again", { timeout: timeLimit(30_000) }, async () => {
    await fc.assert(
      fc.asyncProperty(steps(15), async (list) => {
        const { engine, close } = await openTestEngine({ store: "memory" });
        const still = { ...engine, clock: () => Date.UTC(2026, 5, 1) };
        await commit(engine, {
          items: [{ content: { content_type: "config", settings: { policies: POLICIES } } }],
        });
        const made: Hash[] = [];
        for (const step of list) {
          await run(engine, step, made);
          const here = inWorktree(still, step.worktree);
          const before = await allRefs(engine);
          const first = await evaluateNow(here);
          expect(await evaluateNow(withoutCaches(here))).toEqual(first);
          expect(await allRefs(engine)).toEqual(before);
          expect(JSON.parse(JSON.stringify(first.findings))).toEqual(first.findings);
        }
        await close();
      }),
      { numRuns: runs(25) },
    );
  });
});
