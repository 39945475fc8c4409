/** Which credentials are kept out where: policies in force, the setting beside them, rules of one's own and rules that are off. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { send } from "../../../src/engine/agents/send.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import {
  pausePolicy,
  removePolicy,
  resumePolicy,
  type SetPolicyRequest,
  setPolicy,
} from "../../../src/engine/policies/change-policy.ts";
import { failed } from "../../support/conversing.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { say } from "../../support/history.ts";
import { type Planted, plantedSecrets } from "../../support/planted-secrets.ts";

let on: TestEngine;
beforeEach(async () => {
  on = await openTestEngine({ store: "memory" });
  await say(on.engine, "hello");
});
afterEach(async () => await on.close());

function planted(rule: string): Planted {
  const found = plantedSecrets().find((one) => one.rule === rule);
  if (found === undefined) throw new Error(`no credential is planted for ${rule}`);
  return found;
}
const TOKEN = planted("github-token").text;
const PASSWORD = planted("password").text;

function withSetting(redaction: "redact" | "reject"): Engine {
  return { ...on.engine, settings: { ...on.engine.settings, redaction } };
}

/** What becomes of a text: the message that is stored for it, or the code of the refusal. */
async function fate(engine: Engine, text: string, branch?: string): Promise<string> {
  const made = commit(engine, { items: [{ content: "x", message: text }], branch });
  return await made.then(
    ({ commits }) => (commits[0]?.message === text ? "kept" : "redacted"),
    (error: { readonly code: string }) => error.code,
  );
}

describe("a policy secret-scan", () => {
  it("redacts unless it says reject, from the next write on", async () => {
    expect(await fate(on.engine, TOKEN)).toBe("kept");
    await setPolicy(on.engine, { kind: "secret-scan" });
    expect(await fate(on.engine, TOKEN)).toBe("redacted");
    await setPolicy(on.engine, { name: "secret-scan", params: { action: "reject" } });
    expect(await fate(on.engine, TOKEN)).toBe("invalid-content");
    await pausePolicy(on.engine, { name: "secret-scan" });
    expect(await fate(on.engine, TOKEN)).toBe("kept");
  });

  it("of the default branch holds on the others, and where messages arrive", async () => {
    await createBranch(on.engine, { name: "topic" });
    await setPolicy(on.engine, { kind: "secret-scan", params: { action: "reject" } });
    expect(await fate(on.engine, TOKEN, "topic")).toBe("invalid-content");
    expect((await failed(send(on.engine, { to: "default", content: TOKEN }))).code).toBe("invalid-content");
    await removePolicy(on.engine, { name: "secret-scan", branch: "topic" });
    expect(await fate(on.engine, TOKEN, "topic")).toBe("kept");
  });

  it("leaves out the rules that are off", async () => {
    await setPolicy(on.engine, { kind: "secret-scan", params: { off: ["github-token"] } });
    expect(await fate(on.engine, TOKEN)).toBe("kept");
    expect(await fate(on.engine, PASSWORD)).toBe("redacted");
  });

  it("brings rules of its own", async () => {
    const rules = [{ name: "badge", pattern: "BADGE-\\d{4}" }];
    await setPolicy(on.engine, { kind: "secret-scan", params: { rules } });
    const { commits, warnings } = await commit(on.engine, {
      items: [{ content: "x", message: "BADGE-1234 and BADGE-5678" }],
    });
    expect(commits[0]?.message).toBe("[redacted:badge] and [redacted:badge]");
    expect(warnings).toEqual(["2 credentials (badge) were replaced before storing"]);
  });

  it("can be stated though its own pattern would find itself", async () => {
    const rules = [{ name: "word", pattern: "pattern" }];
    await setPolicy(on.engine, { kind: "secret-scan", params: { rules, action: "reject" } });
    await pausePolicy(on.engine, { name: "secret-scan" });
    await resumePolicy(on.engine, { name: "secret-scan" });
    expect(await fate(on.engine, "a pattern")).toBe("invalid-content");
    await setPolicy(on.engine, { name: "secret-scan", params: { rules: [] } });
    expect(await fate(on.engine, "a pattern")).toBe("kept");
  });
});

describe("policies themselves", () => {
  const ways: readonly (readonly [string, SetPolicyRequest])[] = [
    ["a name", { name: planted("github-token").secret, kind: "checkpoint" }],
    ["a pattern", { kind: "auto-pin", params: { patterns: [planted("github-token").secret] } }],
    ["a label", { kind: "auto-pin", params: { labels: [planted("github-token").secret] } }],
    [
      "a rule",
      {
        name: "scan",
        kind: "secret-scan",
        params: { rules: [{ name: "mine", pattern: TOKEN.slice(0, 200) }] },
      },
    ],
  ];
  it.each(ways)("with a credential as %s are refused, whatever the action is", async (_, policy) => {
    for (const redaction of ["redact", "reject"] as const) {
      const error = await failed(setPolicy(withSetting(redaction), policy));
      expect(error).toMatchObject({ code: "invalid-content", data: { rule: "github-token" } });
      expect(JSON.stringify([error.message, error.hint, error.data])).not.toContain(
        planted("github-token").secret,
      );
      const settings = {
        policies: { [policy.name ?? "x"]: { kind: policy.kind, params: policy.params ?? {} } },
      };
      const config = commit(withSetting(redaction), {
        items: [{ content: { content_type: "config", settings } }],
      });
      expect((await failed(config)).code).toBe("invalid-content");
    }
  });

  it("may say what a credential looks like", async () => {
    const rules = [{ name: "mine", pattern: "ghp_[A-Za-z0-9]{36}|password\\s*=\\s*\\S+" }];
    const { operationId } = await setPolicy(withSetting("reject"), {
      kind: "secret-scan",
      params: { rules },
    });
    expect(operationId).not.toBeNull();
  });

  it("switch off no rule that there is not", async () => {
    const off = ["password", "connection-strin"];
    expect(await failed(setPolicy(on.engine, { kind: "secret-scan", params: { off } }))).toMatchObject({
      code: "invalid-argument",
      data: { path: "policy.params.off.1", near: ["connection-string"] },
    });
  });
});

describe("the setting redaction", () => {
  it("holds in every tract, without a policy", async () => {
    const elsewhere = withSetting("reject");
    const other = { ...elsewhere, scope: { ...elsewhere.scope, tract: "other" } };
    expect(await fate(other, TOKEN)).toBe("invalid-content");
    expect(await fate(withSetting("redact"), TOKEN)).toBe("redacted");
  });

  it("and a policy hold together: the stricter action, and every rule that one of them has", async () => {
    await setPolicy(on.engine, { kind: "secret-scan", params: { off: ["github-token"] } });
    expect(await fate(withSetting("reject"), PASSWORD)).toBe("invalid-content");
    expect(await fate(withSetting("redact"), TOKEN)).toBe("redacted");
    await setPolicy(on.engine, { name: "secret-scan", params: { action: "reject", off: null } });
    expect(await fate(withSetting("redact"), TOKEN)).toBe("invalid-content");
  });
});

describe("what stays as it was", () => {
  beforeEach(async () => {
    await setPolicy(on.engine, { kind: "secret-scan" });
  });

  it("an idempotency key gives the first result again", async () => {
    const request = { items: [{ content: TOKEN }], idempotencyKey: "once" };
    const first = await commit(on.engine, request);
    const again = await commit(on.engine, request);
    expect(again.commits.map(({ hash }) => hash)).toEqual(first.commits.map(({ hash }) => hash));
  });

  it("an expected head is still compared", async () => {
    const { head } = await commit(on.engine, { items: [{ content: TOKEN }] });
    await commit(on.engine, { items: [{ content: TOKEN }], expectedHead: head });
    const late = failed(commit(on.engine, { items: [{ content: TOKEN }], expectedHead: head }));
    expect((await late).code).toBe("branch-moved");
  });

  it("a write without credentials has no warning and no entry", async () => {
    const { warnings } = await commit(on.engine, { items: [{ content: "plain words" }] });
    expect(warnings).toEqual([]);
    const entries = await on.engine.store.readLedger("test", {
      eventTypes: ["POLICY"],
      order: "asc",
      limit: 10,
    });
    expect(entries).toEqual([]);
  });
});
