/** What people see of comparisons and of histories with several branches: colours, width, and nothing that acts on the terminal. */
import { describe, expect, test } from "vitest";
import { displayWidth } from "../../src/server/cli/table.ts";
import { diffView } from "../../src/server/cli/views/diff-view.ts";
import { logView } from "../../src/server/cli/views/log-view.ts";
import { policyView } from "../../src/server/cli/views/policy-view.ts";
import { proposalsView } from "../../src/server/cli/views/proposals-view.ts";
import { fakeTerminal } from "../support/fake-terminal.ts";

describe("a comparison", () => {
  const message = {
    status: "modified",
    moved: false,
    role: "user",
    hashes: ["a".repeat(64), "b".repeat(64)],
    token_delta: -3,
    lines: ["@@ -1,1 +1,1 @@", "-old \u001b[2J", `+${"new ".repeat(30)}`],
    lines_left_out: 2,
    replaced: false,
  };
  const totals = {
    added: 0,
    removed: 0,
    modified: 1,
    unchanged: 4,
    tokens_a: 1_003,
    tokens_b: 1_000,
    token_delta: -3,
  };
  const change = { commit: "a".repeat(64), field: "temperature", from: null, to: 1 };
  const structured = {
    kind: "context",
    a: null,
    b: "b".repeat(64),
    totals,
    messages: [message],
    config_changes: [change],
    next_cursor: null,
  };
  const options = { graph: false, merged: false, format: null, today: "2026-01-01" };

  test("has the colours of git and keeps stored text from acting on the terminal", () => {
    const terminal = fakeTerminal({ isOutTerminal: true, hasColors: true, width: 60 });
    const text = diffView({ structured, text: "" }, terminal, options);
    const { green, red, cyan } = terminal.colors;
    expect(text).toContain(cyan("@@ -1,1 +1,1 @@"));
    expect(text).toContain(red("-old "));
    expect(text).not.toContain("\u001b[2J");
    expect(text).toContain(green(`+${"new ".repeat(15).trim()}`));
    expect(text).toContain("… 2 more lines");
    expect(text.split("\n").every((line) => displayWidth(line) <= 60)).toBe(true);
  });

  test("is plain text in a pipe", () => {
    expect(diffView({ structured, text: "" }, fakeTerminal(), options)).toBe(
      [
        "nothing → bbbbbbbbbbbb  +0 -0 ~1 =4  1,003 → 1,000 tokens (-3)",
        "modified user aaaaaaaaaaaa bbbbbbbbbbbb -3",
        "@@ -1,1 +1,1 @@",
        "-old ",
        `+${"new ".repeat(30)}`,
        "… 2 more lines",
        "aaaaaaaaaaaa temperature: not set → 1",
        "",
      ].join("\n"),
    );
  });

  test("of commits is the tool's own text", () => {
    const result = { structured: { kind: "commits" }, text: "Only in a: 1 commit.\nNext: log." };
    expect(diffView(result, fakeTerminal(), options)).toBe("Only in a: 1 commit.\n");
  });
});

describe("a log", () => {
  test("names the branch of each commit where merged ones are listed, and a merge once", () => {
    const entry = {
      hash: "a".repeat(64),
      parents: ["b".repeat(64), "c".repeat(64)],
      operation: "merge",
      role: null,
      content_type: null,
      message: "Merge side",
      tokens: 0,
      priority: "normal",
      labels: [],
      created_at: "2026-01-01T00:00:00.000Z",
      branch: "main",
    };
    const side = {
      ...entry,
      hash: "c".repeat(64),
      parents: [],
      operation: "append",
      role: "user",
      branch: "side",
    };
    const view = (entries: readonly object[], merged = true): string =>
      logView({ structured: { entries, next_cursor: null }, text: "" }, fakeTerminal(), {
        graph: false,
        merged,
        format: null,
        today: "2026-01-01",
      });
    const [merged, appended] = view([entry, side]).split("\n");
    expect(merged?.match(/merge/g)).toHaveLength(1);
    expect(merged).toContain("on main");
    expect(appended).toContain("on side");
    expect(view([entry])).not.toContain("on main");
    expect(view([entry, side], false)).not.toContain("on side");
  });
});

describe("policies", () => {
  const policy = {
    name: "tidy",
    kind: "auto-compress",
    trigger: "commit",
    priority: 100,
    params: { threshold: 0.9, strategy: "auto", budget: null, types: [] },
    autonomy: "collaborative",
    cooldown: 60,
    enabled: false,
    branch: "main",
  };
  const options = { graph: false, merged: false, format: null, today: "2026-01-01" };

  test("are a table with what is set", () => {
    const named = {
      ...policy,
      name: "checkpoint",
      kind: "checkpoint",
      enabled: true,
      params: { prefix: "c" },
    };
    expect(policyView({ structured: { policies: [policy, named] }, text: "" }, fakeTerminal(), options)).toBe(
      [
        "tidy        auto-compress  paused  commit  collaborative  100  main  threshold 0.9, strategy auto",
        "checkpoint                 on      commit  collaborative  100  main  prefix c",
        "",
      ].join("\n"),
    );
  });

  test("that are none say so, and a change is told in the tool's own words", () => {
    expect(policyView({ structured: { policies: [] }, text: "" }, fakeTerminal(), options)).toBe(
      "No policies.\n",
    );
    const changed = {
      structured: { policies: [policy], operation_id: "1" },
      text: "Set policy.\nNext: undo.",
    };
    expect(policyView(changed, fakeTerminal(), options)).toBe("Set policy.\n");
  });
});

describe("the list of proposals", () => {
  const options = { graph: false, merged: false, format: null, today: "2026-01-01" };
  const proposal = {
    id: "01KDVDNA05CN6ZH5PDZ2000000",
    kind: "policy",
    policy: "tidy",
    branch: "main",
    reason: "enough \u001b[2J commits",
    action: { tool: "tag", arguments: {} },
    created_at: "2026-01-01T10:20:00.000Z",
  };
  const shown = (structured: Record<string, unknown>): string =>
    proposalsView({ structured, text: "As told.\nNext: go." }, fakeTerminal(), options);

  test("names each with its policy or plan, and keeps control characters out", () => {
    const plan = { ...proposal, kind: "compress", policy: null, reason: null, action: null };
    const lines = shown({ proposals: [proposal, plan] }).split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain(proposal.id);
    expect(lines[0]).toContain("tidy");
    expect(lines[0]).not.toContain("\u001b");
    expect(lines[1]).toContain("compress");
    expect(shown({ proposals: [] })).toBe("Nothing waits for a decision.\n");
  });

  test("leaves one that is shown, and decisions, to the text", () => {
    expect(shown({ proposals: [{ ...proposal, effect: null }] })).toBe("As told.\n");
    expect(shown({ proposals: [proposal], operation_id: null })).toBe("As told.\n");
  });
});
