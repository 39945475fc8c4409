/** What becomes of findings: told, proposed or done, by each policy's autonomy, and never at the cost of what set them off. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compile } from "../../../src/engine/compile/compile.ts";
import { createBranch, deleteBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { operations } from "../../../src/engine/history/operations.ts";
import { status } from "../../../src/engine/history/status.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { OpenSessions } from "../../../src/engine/ledger/open-sessions.ts";
import { endSessions } from "../../../src/engine/ledger/session-end.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { pausePolicy, type SetPolicyRequest } from "../../../src/engine/policies/change-policy.ts";
import { AUTONOMY_LEVELS, type Autonomy } from "../../../src/engine/policies/policy.ts";
import { listProposals } from "../../../src/engine/policies/proposals.ts";
import { workOn } from "../../support/compress.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { failingStore } from "../../support/failing-store.ts";
import { outrunOnce, say } from "../../support/history.ts";
import {
  decisionEntries,
  decisions,
  givePolicy,
  TOOLBOX,
  type WatchedEngine,
  watched,
} from "../../support/policies.ts";

const DAY_MS = 86_400_000;

describe.each(["sqlite", "memory"] as const)("policies at work on %s", (store) => {
  let test: TestEngine;
  let engine: WatchedEngine;
  beforeEach(async () => {
    test = await openTestEngine({ store });
    engine = watched(test.engine);
  });
  afterEach(async () => await test.close());

  /** A policy of each kind, what brings it to find something, and the tool that answers. */
  const KINDS: readonly {
    readonly policy: SetPolicyRequest;
    readonly tool: string;
    readonly setOff: () => Promise<unknown>;
  }[] = [
    {
      policy: {
        kind: "auto-compress",
        params: { budget: 600, threshold: 0.5, target: 0.4, strategy: "extract" },
      },
      tool: "compress",
      setOff: () => workOn(engine, 4),
    },
    {
      policy: { kind: "auto-compress", params: { budget: 600, threshold: 0.5, target: 0.4 } },
      tool: "compress",
      setOff: () => workOn(engine, 4),
    },
    {
      policy: { kind: "auto-pin", params: { patterns: ["decided"] } },
      tool: "annotate",
      setOff: () => say(engine, "We have decided on SQLite."),
    },
    {
      policy: { kind: "auto-archive", params: { stale_days: 7 }, trigger: "commit" },
      tool: "branch",
      setOff: async () => {
        await createBranch(engine, { name: "old" });
        test.advance(8 * DAY_MS);
        await say(engine, "a week later");
      },
    },
    {
      policy: { kind: "checkpoint", params: { every_commits: 3 } },
      tool: "tag",
      setOff: async () => {
        for (const text of ["one", "two", "three"]) await say(engine, text);
      },
    },
  ];

  const cases = KINDS.flatMap((one) =>
    AUTONOMY_LEVELS.map((autonomy) => ({ ...one, autonomy, kind: one.policy.kind })),
  );

  it.each(cases)(
    "$kind that is $autonomy does what that says and no more",
    async ({ policy, autonomy, tool, setOff }) => {
      await say(engine, "hello");
      await givePolicy(engine, { ...policy, autonomy });
      await setOff();
      const made = (await operations(engine, { limit: 50 })).operations.filter(
        ({ author }) => author.kind === "policy",
      );
      const waiting = await listProposals(engine);
      expect(engine.notices.length).toBeGreaterThan(0);
      expect(engine.notices[0]).toMatchObject({ policy: policy.kind });
      expect([made.length > 0, waiting.length > 0]).toEqual([
        autonomy === "autonomous",
        autonomy === "collaborative",
      ]);
      const what: Readonly<Record<Autonomy, string>> = {
        manual: "POLICY REPORTED",
        collaborative: "PROPOSAL PROPOSED",
        autonomous: "POLICY ACTED",
      };
      expect(new Set(await decisions(engine))).toEqual(new Set([what[autonomy]]));
      const [entry] = await decisionEntries(engine);
      expect(entry?.metadata).toMatchObject({ policy: policy.kind, kind: policy.kind, tool });
      if (autonomy === "collaborative")
        expect(waiting[0]).toMatchObject({ policy: policy.kind, action: { tool }, state: "pending" });
      if (autonomy !== "autonomous") return;
      expect(entry?.metadata.operation).toBe(made.at(-1)?.id);
      await undo(engine, { operation: made[0]?.id });
    },
  );

  it("proposes a branch even when auto-branch may act by itself", async () => {
    await givePolicy(engine, {
      kind: "auto-branch",
      autonomy: "autonomous",
      params: { window: 3, threshold: 2 },
    });
    for (const text of SUBJECTS) await say(engine, text);
    expect(await decisions(engine)).toEqual(["PROPOSAL PROPOSED"]);
    expect(await listProposals(engine)).toMatchObject([{ action: { tool: "branch" } }]);
  });

  it("lets retention remove what nothing leads to, when it may act", async () => {
    await say(engine, "first");
    await createBranch(engine, { name: "gone" });
    const lost = await say(engine, "for nothing", { branch: "gone" });
    await deleteBranch(engine, { name: "gone", force: true });
    await say(engine, "last");
    test.advance(400 * DAY_MS);
    await givePolicy(engine, {
      kind: "retention",
      autonomy: "autonomous",
      trigger: "session_start",
      params: { older_than_days: 30 },
    });
    await say(inSession(engine), "a year later");
    expect(await decisions(engine)).toEqual(["POLICY ACTED"]);
    expect(await engine.store.readCommits("test", [lost])).toEqual([]);
  });

  it("answers again only after its cooldown, whichever process looks", async () => {
    await givePolicy(engine, { ...PIN, autonomy: "manual", cooldown: 60 });
    const everyCommit: SetPolicyRequest = {
      kind: "checkpoint",
      autonomy: "manual",
      cooldown: 60,
      params: { every_commits: 1 },
    };
    await givePolicy(engine, everyCommit);
    await say(engine, "one");
    await say(engine, "two");
    const restarted = watched(test.engine);
    await say(restarted, "three");
    expect(await decisions(engine)).toEqual(["POLICY REPORTED"]);
    // Whoever calls is told all the same.
    expect(restarted.notices).toHaveLength(1);
    test.advance(61_000);
    await say(restarted, "four");
    expect(await decisions(engine)).toEqual(["POLICY REPORTED", "POLICY REPORTED"]);
  });

  it("acts once within a cooldown, also when another process acts at the same time", async () => {
    await givePolicy(engine, { ...TAG, cooldown: 60, params: { every_commits: 1 } });
    const other = watched(test.engine);
    const raced = outrunOnce(test.engine, async () => await say(other, "theirs"));
    await say(watched(raced.engine), "ours");
    await say(watched(test.engine), "later");
    expect((await decisions(engine)).filter((decision) => decision === "POLICY ACTED")).toHaveLength(1);
  });

  it("makes one proposal for a target when two processes find the same", async () => {
    await givePolicy(engine, {
      ...TAG,
      autonomy: "collaborative",
      cooldown: 0,
      params: { every_commits: 1 },
    });
    const other = watched(test.engine);
    await Promise.all([say(engine, "ours", { branch: "main" }), say(other, "theirs", { branch: "main" })]);
    await say(other, "more");
    expect(await listProposals(engine)).toHaveLength(1);
    expect(await decisions(engine)).toEqual(["PROPOSAL PROPOSED"]);
    expect(
      [...engine.notices, ...other.notices].filter(({ proposalId }) => proposalId !== null),
    ).toHaveLength(1);
  });

  it("sets off no policy by what a policy does", async () => {
    await givePolicy(engine, { ...COMPRESS, autonomy: "autonomous" });
    await givePolicy(engine, { ...TAG, priority: 1, params: { every_commits: 1 } });
    await workOn(engine, 4);
    const made = (await operations(engine, {})).operations.filter(({ author }) => author.kind === "policy");
    expect(made.map(({ type }) => type).sort()).toEqual(["compress", "tag"]);
  });

  it("keeps the commit, tells and notes it when an action is refused, and tries again after the cooldown", async () => {
    // Nothing is so old that a receipt could stand for it.
    await givePolicy(engine, { ...COMPRESS, cooldown: 60, params: { ...COMPRESS.params, strategy: "mask" } });
    const made = await workOn(engine, 4);
    expect((await status(engine)).head).toBe(made.at(-1));
    expect(engine.notices).toMatchObject([{ text: expect.stringContaining("nothing-to-do") }]);
    const [entry] = await decisionEntries(engine);
    expect(entry).toMatchObject({
      decision: "FAILED",
      metadata: { error_code: "nothing-to-do", tool: "compress" },
    });
    await say(engine, "more");
    expect(await decisions(engine)).toEqual(["POLICY FAILED"]);
  });

  it("keeps the commit when a tool breaks, too", async () => {
    const toolbox = { ...TOOLBOX, call: () => Promise.reject(new Error("a bug")) };
    const broken = watched(test.engine, { toolbox });
    await givePolicy(engine, { ...TAG, params: { every_commits: 1 } });
    await say(broken, "kept");
    expect((await status(engine)).commits).toBe(2);
    expect((await decisionEntries(engine))[0]?.metadata).toMatchObject({ error_code: "internal" });
  });

  it("never costs the commit, whichever call of the store fails", async () => {
    await givePolicy(engine, { ...TAG, cooldown: 60, params: { every_commits: 1 } });
    const outcomes = new Set<string>();
    for (let k = 1; ; k++) {
      const failing = failingStore(test.engine.store, k);
      const on = watched({ ...test.engine, store: failing.store });
      const before = (await status(engine)).commits;
      const isDone = await commit(on, { items: [{ content: `attempt ${k}` }] }).then(
        () => true,
        () => false,
      );
      expect((await status(engine)).commits, `call ${k}`).toBe(isDone ? before + 1 : before);
      if (!failing.hasFailed()) break;
      outcomes.add(`${isDone} ${on.notices.length > 0}`);
      test.advance(61_000);
    }
    // Refused; done without the policy; done with what the policy says of its own trouble, or in spite of it.
    expect(outcomes).toContain("false false");
    expect(outcomes).toContain("true true");
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("proposes what would ask an LLM instead of asking it while a commit waits", async () => {
    await givePolicy(engine, { ...COMPRESS, params: { ...COMPRESS.params, strategy: "llm" } });
    await workOn(engine, 4);
    expect(await decisions(engine)).toEqual(["PROPOSAL PROPOSED"]);
  });

  it("says nothing and writes nothing while it is paused", async () => {
    await givePolicy(engine, { ...TAG, params: { every_commits: 1 } });
    await pausePolicy(engine, { name: "checkpoint" });
    await say(engine, "hello");
    expect([engine.notices, await decisions(engine)]).toEqual([[], []]);
  });

  it("looks when a branch is compiled, when that is its trigger", async () => {
    await say(engine, "hello");
    await givePolicy(engine, { ...TAG, trigger: "compile", params: { every_commits: 1 } });
    await say(engine, "again");
    expect(await decisions(engine)).toEqual([]);
    await compile(engine, {});
    expect(await decisions(engine)).toEqual(["POLICY ACTED"]);
    await compile(engine, { asOf: "2026-01-01T00:00:00.000Z" }).catch(() => null);
    expect(await decisions(engine)).toEqual(["POLICY ACTED"]);
  });

  it("looks when a session begins and when it ends", async () => {
    await say(engine, "before any session");
    await givePolicy(engine, {
      ...TAG,
      name: "at-start",
      trigger: "session_start",
      params: { every_commits: 1 },
    });
    await givePolicy(engine, {
      ...TAG,
      name: "at-end",
      trigger: "session_end",
      params: { every_commits: 1, prefix: "evening" },
    });
    const session = inSession(engine);
    await say(session, "hello");
    await say(session, "again");
    expect((await decisionEntries(engine)).map(({ submissionId }) => submissionId)).toEqual(["at-start"]);
    await endSessions(session);
    expect((await decisionEntries(engine)).map(({ submissionId }) => submissionId)).toEqual([
      "at-start",
      "at-end",
    ]);
    expect((await verify(engine)).problems).toEqual([]);
  });

  it("reads no ledger and no plans for a commit to a tract without policies", async () => {
    await say(engine, "hello");
    const calls: string[] = [];
    const counting = new Proxy(test.engine.store, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          calls.push(String(key));
          return member.apply(target, args) as unknown;
        };
      },
    });
    const alone = { ...engine, store: counting };
    await say({ ...alone, watch: null }, "unwatched");
    const unwatched = calls.splice(0);
    await say(alone, "watched");
    expect(calls.filter((name) => name !== "readRef")).toEqual(
      unwatched.filter((name) => name !== "readRef"),
    );
  });
});

const PIN: SetPolicyRequest = { kind: "auto-pin", params: { patterns: ["decided"] } };
const TAG: SetPolicyRequest = { kind: "checkpoint", autonomy: "autonomous" };
const COMPRESS = {
  kind: "auto-compress",
  autonomy: "autonomous",
  params: { budget: 600, threshold: 0.5, target: 0.4, strategy: "extract" },
} as const;
const SUBJECTS = [
  "The database keeps every message in tables with indexes for search.",
  "Yesterday the garden roses bloomed beside the wooden fence near our house.",
  "Football players train hard every morning before important championship games.",
];

/** The engine of a connection whose session begins with its first write. */
function inSession(engine: WatchedEngine): WatchedEngine {
  const self = { host: "h", pid: 1, mark: null };
  const sessions = new OpenSessions({ self, isAlive: () => true, profile: null });
  const provenance = { ...engine.scope.provenance, session_id: "SES-1" };
  return { ...engine, sessions, scope: { ...engine.scope, provenance } };
}
