/** Every tool through the official clients of both lines and both eras, over a real process: good input and bad. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOL_NAMES } from "../../src/tools/profiles.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import {
  connectClient,
  DIALECTS,
  makeFolder,
  type ServerProcess,
  startServer,
  type TestClient,
  wireOf,
} from "../support/mcp-client.ts";

interface Result {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string; readonly uri?: string }[];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every shape.
  readonly structuredContent: any;
}

const TRANSCRIPT = JSON.stringify([
  { role: "user", content: "List the files." },
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "c1", type: "function", function: { name: "ls", arguments: "{}" } }],
  },
  { role: "tool", tool_call_id: "c1", content: "a.txt" },
]);

/** Calls that succeed, in this order; together they use every tool. */
const GOOD: readonly (readonly [string, Record<string, unknown>])[] = [
  ["status", {}],
  ["compile", {}],
  ["log", {}],
  ["branch", {}],
  ["commit", { content: "Be careful.", role: "system", name: "style", labels: ["rule"] }],
  [
    "commit",
    {
      content: { content_type: "artifact", artifact_type: "file", content: "x = 1", path: "a.py" },
      message: "the file",
      priority: "important",
      metadata: { camelCase: { a: null } },
      generation_config: { temperature: 0 },
    },
  ],
  ["commit", { items: [{ content: "Find the bug." }, { content: "On it.", role: "assistant" }] }],
  ["commit", { content: "Find the real bug.", edit_target: "HEAD~1", operation: "edit" }],
  ["commit", { content: "once", idempotency_key: "k1" }],
  ["commit", { content: "once", idempotency_key: "k1" }],
  [
    "commit",
    { content: { content_type: "config", settings: { budget: { max_tokens: 5_000, action: "warn" } } } },
  ],
  ["status", { tracts: true }],
  ["compile", { format: "openai", budget_tokens: 200 }],
  ["compile", { format: "anthropic", include_reasoning: true, record: false }],
  [
    "compile",
    { format: "markdown", strategy: "adaptive", recent: 1, exclude: ["artifact"], exclude_labels: ["x"] },
  ],
  ["compile", { ref: "HEAD", as_of: "@{1}" }],
  ["compile", { forecast: [5, 50, 5_000] }],
  ["compile", { explain: "HEAD~1" }],
  ["log", { limit: 2, role: "user", author: ["agent"], content_type: "dialogue" }],
  ["log", { ref: "HEAD~3..HEAD", first_parent: false, priority: ["normal", "important"], text: "bug" }],
  ["show", { refs: "HEAD" }],
  ["show", { refs: ["HEAD", "HEAD~1"], limit: 1 }],
  ["show", { refs: "HEAD~2", offset: 1, limit: 3 }],
  [
    "annotate",
    {
      refs: ["HEAD~1"],
      priority: "pinned",
      add_labels: ["key"],
      reason: "it matters",
      retain: { patterns: ["bug"], mode: "substring" },
    },
  ],
  ["tag", { action: "create", name: "v1", note: "first" }],
  ["tag", {}],
  ["branch", { action: "create", name: "experiment", switch: true }],
  ["commit", { content: "Try this.", branch: "experiment" }],
  ["branch", { action: "rename", name: "experiment", new_name: "trial" }],
  ["branch", { action: "switch", name: "main" }],
  ["branch", { action: "delete", name: "trial", force: true }],
  ["undo", { dry_run: true }],
  ["undo", {}],
  ["checkout", { ref: "v1" }],
  ["status", {}],
  ["checkout", { ref: "-" }],
  ["tag", { action: "delete", name: "v1" }],
  ["search", { query: "bug", neighbours: 1 }],
  ["search", { query: "bug", branch: "main", role: ["user", "assistant"], budget_tokens: 500 }],
  ["diff", {}],
  ["diff", { a: "HEAD~3", b: "HEAD", limit: 1 }],
  ["diff", { a: "HEAD~2..HEAD", kind: "commits", limit: 1 }],
  ["diff", { stat: true, branch: "main" }],
  ["blame", { text: "x = 1" }],
  ["blame", { ref: "HEAD" }],
  ["reset", { ref: "HEAD~1" }],
  ["reset", { ref: "ORIG_HEAD" }],
  ["reset", { ref: "HEAD", branch: "main" }],
  ["branch", { action: "create", name: "topic" }],
  ["commit", { content: "Said on the topic.", branch: "topic" }],
  ["commit", { content: "Said on main." }],
  ["merge", { source: "topic", dry_run: true }],
  ["merge", { source: "topic", strategy: "record" }],
  ["merge", { source: "topic" }],
  ["restore", { ref: "HEAD~1" }],
  ["undo", {}],
  ["restore", { ref: "HEAD~1", only: "commits" }],
  ["undo", {}],
  ["commit", { content: "We talked about it for long. ".repeat(40) }],
  ["reorganize", { reword: [{ ref: "HEAD", message: "a long talk" }], dry_run: true }],
  ["reorganize", { reword: [{ ref: "HEAD", message: "a long talk" }] }],
  ["compress", { strategy: "agent", older_than: 1, dry_run: true }],
  ["compress", { commits: "HEAD", summary: "A long talk." }],
  ["expand", { summary: "HEAD", query: "talked" }],
  ["expand", { summary: "HEAD", restore: true }],
  ["operations", { limit: 3 }],
  ["operations", { type: "commit", commit: "HEAD" }],
  ["spawn", { purpose: "Look at the tests.", name: "tester" }],
  ["spawn", { purpose: "Apart.", name: "apart", as: "tract", inherit: "none" }],
  ["spawn", { purpose: "Pick.", inherit: "selective", filter: { types: ["dialogue"] }, budget_tokens: 500 }],
  ["commit", { content: "All green.", role: "assistant", worktree: "tester" }],
  ["collapse", { child: "tester" }],
  ["collapse", { child: "tester", strategy: "agent" }],
  ["collapse", { child: "apart", summary: "Nothing to do.", review: true }],
  ["send", { to: "tester", content: "Thank you." }],
  ["send", { to: "demo/apart", content: { content_type: "dialogue", role: "user", text: "Thank you." } }],
  ["lineage", {}],
  ["lineage", { timeline: true, limit: 3 }],
  ["query_ledger", { metadata: "full", order: "asc" }],
  ["query_ledger", { event_type: "OPERATION", decision: "commit", metadata: "keys", limit: 1 }],
  ["import_transcript", { text: TRANSCRIPT, branch: "imported" }],
  ["import_transcript", { text: TRANSCRIPT, branch: "imported", format: "openai" }],
  ["import_commit", { refs: "imported" }],
  ["verify", {}],
  ["verify", { repair: true, since: "2020-01-01" }],
  ["gc", {}],
  ["gc", { older_than_days: 0, keep_operations_days: 0, release_sources_older_than_days: 0 }],
  ["gc", { dry_run: false }],
];

/** Calls that are refused, each with its code. */
const BAD: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ["commit", {}, "invalid-content"],
  ["commit", { content: 7 }, "invalid-content"],
  ["commit", { content: "x", role: "robot" }, "invalid-argument"],
  ["commit", { content: "x", name: 7 }, "invalid-argument"],
  ["commit", { items: [{ content: "y" }, { content: 7 }] }, "invalid-content"],
  ["commit", { items: [{ content: "y" }, { role: "user" }] }, "invalid-content"],
  ["commit", { items: [{ content: "y", role: "robot" }] }, "invalid-argument"],
  ["commit", { content: "x", expected_head: "HEAD" }, "invalid-argument"],
  ["commit", { content: "x", expected_head: "@" }, "invalid-argument"],
  ["commit", { content: "x", content_type: "dialog" }, "invalid-content"],
  ["commit", { content: { content_type: "dialogue", role: "user", text: "a", extra: 1 } }, "invalid-content"],
  ["commit", { content: { content_type: "tool_io", direction: "call" } }, "invalid-content"],
  ["commit", { content: "a\ud800b" }, "invalid-content"],
  ["commit", { content: "x", mesage: "typo" }, "invalid-argument"],
  ["commit", { content: "x", items: [{ content: "y" }] }, "invalid-argument"],
  ["commit", { items: [] }, "invalid-argument"],
  ["commit", { items: [{ content: "y" }, { content: { content_type: "none" } }] }, "invalid-content"],
  ["commit", { items: [{ content: "y" }, { contents: "z" }] }, "invalid-argument"],
  ["commit", { content: "x", metadata: "text" }, "invalid-argument"],
  ["commit", { content: "x", edit_target: "feedfeed" }, "not-found"],
  ["commit", { content: "x", expected_head: "HEAD~1" }, "branch-moved"],
  ["commit", { content: "x", branch: "mian" }, "not-found"],
  ["commit", { content: "x", worktree: "elsewhere" }, "not-found"],
  ["compile", { ref: "HEAD", worktree: "elsewhere" }, "not-found"],
  ["verify", { worktree: "elsewhere" }, "not-found"],
  ["log", { ref: "main", branch: "mian" }, "not-found"],
  ["commit", { content: "x".repeat(9 * 1024 * 1024) }, "content-too-large"],
  ["compile", { ref: "nowhere" }, "not-found"],
  ["compile", { budget_tokens: 0 }, "invalid-argument"],
  ["compile", { budget_tokens: 1 }, "budget-too-small"],
  ["compile", { format: "gemini" }, "invalid-argument"],
  ["compile", { include: ["dialog"] }, "invalid-argument"],
  ["compile", { record_id: "nope" }, "not-found"],
  ["compile", { forecast: [100], explain: "HEAD" }, "invalid-argument"],
  ["compile", { forecast: [100], record_id: "x" }, "invalid-argument"],
  ["compile", { tract: "nowhere" }, "not-found"],
  ["log", { limit: 0 }, "invalid-argument"],
  ["log", { limit: 1_000 }, "invalid-argument"],
  ["log", { cursor: "AAAA" }, "invalid-argument"],
  ["log", { since: "yesterday" }, "invalid-argument"],
  ["log", { operation: "merged" }, "invalid-argument"],
  ["show", {}, "invalid-argument"],
  ["show", { refs: [] }, "invalid-argument"],
  ["show", { refs: ["zzzz"] }, "not-found"],
  ["status", { tracts: "yes" }, "invalid-argument"],
  ["branch", { action: "create" }, "invalid-argument"],
  ["branch", { action: "list", name: "main" }, "invalid-argument"],
  ["branch", { name: "main" }, "invalid-argument"],
  ["branch", { action: "create", name: "a..b" }, "invalid-name"],
  ["branch", { action: "create", name: "main" }, "exists"],
  ["branch", { action: "delete", name: "main" }, "in-use"],
  ["branch", { action: "merge", name: "main" }, "invalid-argument"],
  ["checkout", {}, "invalid-argument"],
  ["checkout", { ref: "mian" }, "not-found"],
  ["diff", { a: "mian" }, "not-found"],
  ["diff", { b: "HEAD~99" }, "not-found"],
  ["diff", { a: "main..HEAD", b: "HEAD" }, "invalid-argument"],
  ["diff", { kind: "words" }, "invalid-argument"],
  ["diff", { cursor: "AAAA" }, "invalid-argument"],
  ["blame", {}, "invalid-argument"],
  ["blame", { text: " " }, "invalid-argument"],
  ["blame", { text: "no such text" }, "not-found"],
  ["reset", {}, "invalid-argument"],
  ["reset", { ref: "mian" }, "not-found"],
  ["tag", { action: "create" }, "invalid-argument"],
  ["tag", { action: "delete", name: "v9" }, "not-found"],
  ["annotate", { refs: ["HEAD"], priority: "top" }, "invalid-argument"],
  ["annotate", { refs: ["HEAD"], retain: { pattern: "x" } }, "invalid-argument"],
  ["search", {}, "invalid-argument"],
  ["search", { query: "x", neighbours: 99 }, "invalid-argument"],
  ["undo", { operation: "00000000" }, "not-found"],
  ["merge", {}, "invalid-argument"],
  ["merge", { source: "mian" }, "not-found"],
  ["merge", { source: "topic", strategy: "mine" }, "invalid-argument"],
  ["merge", { source: "topic", strategy: "llm" }, "llm-not-configured"],
  ["merge", { source: "topic", resolutions: [{ target: "HEAD", pick: "ours" }] }, "invalid-argument"],
  ["restore", {}, "invalid-argument"],
  ["restore", { ref: "mian" }, "not-found"],
  ["restore", { ref: "HEAD", only: "tags" }, "invalid-argument"],
  ["reorganize", {}, "invalid-argument"],
  ["reorganize", { drop: ["mian"] }, "not-found"],
  ["reorganize", { order: ["HEAD", "HEAD"] }, "invalid-argument"],
  ["reorganize", { onto: "HEAD" }, "nothing-to-do"],
  ["reorganize", { squash: [["HEAD"]] }, "invalid-argument"],
  ["import_commit", {}, "invalid-argument"],
  ["import_commit", { refs: "mian" }, "not-found"],
  ["import_commit", { refs: "HEAD", from_tract: "nowhere" }, "not-found"],
  ["compress", {}, "invalid-argument"],
  ["compress", { older_than: 1, strategy: "zip" }, "invalid-argument"],
  ["compress", { older_than: 1, strategy: "llm" }, "llm-not-configured"],
  ["compress", { plan_id: "00000000" }, "plan-not-found"],
  ["expand", {}, "invalid-argument"],
  ["expand", { summary: "mian" }, "not-found"],
  ["operations", { limit: -1 }, "invalid-argument"],
  ["operations", { type: "taggg" }, "invalid-argument"],
  ["spawn", {}, "invalid-argument"],
  ["spawn", { purpose: " " }, "invalid-argument"],
  ["spawn", { purpose: "x", inherit: "selective" }, "invalid-argument"],
  ["spawn", { purpose: "x", inherit: "selective", filter: { type: ["dialogue"] } }, "invalid-argument"],
  ["spawn", { purpose: "x", name: "tester" }, "exists"],
  ["spawn", { purpose: "x", name: "a..b" }, "invalid-name"],
  ["collapse", {}, "invalid-argument"],
  ["collapse", { child: "testr" }, "not-found"],
  ["collapse", { child: "tester", into: "imported" }, "not-allowed"],
  ["collapse", { child: "tester", strategy: "llm" }, "llm-not-configured"],
  ["collapse", { plan_id: "00000000", action: "approve" }, "plan-not-found"],
  ["lineage", { cursor: "AAAA" }, "invalid-argument"],
  ["lineage", { timeline: true, cursor: "AAAA" }, "invalid-argument"],
  ["send", { to: "testr", content: "x" }, "not-found"],
  ["send", { to: "tester", content: { content_type: "instruction", text: "x" } }, "invalid-content"],
  ["query_ledger", { event_type: "COMIT" }, "invalid-argument"],
  ["query_ledger", { metadata: "all" }, "invalid-argument"],
  ["verify", { since: "then" }, "invalid-argument"],
  ["gc", { older_than_days: -1 }, "invalid-argument"],
  ["gc", { keep_operations_days: 1e9 }, "invalid-argument"],
  ["gc", { dry_run: "no" }, "invalid-argument"],
  ["import_transcript", {}, "invalid-argument"],
  ["import_transcript", { path: "a", text: "b" }, "invalid-argument"],
  ["import_transcript", { text: "not a transcript" }, "invalid-argument"],
  ["import_transcript", { path: "/etc/passwd" }, "not-allowed"],
];

describe.each(DIALECTS)("a %s client", (dialect) => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  let server: ServerProcess;
  let client: TestClient;
  const call = async (name: string, args: Record<string, unknown>): Promise<Result> =>
    (await client.callTool({ name, arguments: args })) as unknown as Result;

  beforeAll(async () => {
    folder = await makeFolder();
    server = startServer({
      store: `${folder.path}/test.db`,
      args: ["--profile", "full", "--tract", "demo", "--import-root", folder.path],
    });
    client = await connectClient(dialect, wireOf(server));
    // The clients check results against the listed schemas only once they have listed the tools.
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOL_NAMES);
  });
  afterAll(async () => {
    await client.close();
    expect(await server.exited).toBe(0);
    expect(server.log()).toBe("");
    await folder.remove();
  });

  it("gets from every tool the result it lists, in structure and in text", async () => {
    for (const [name, args] of GOOD) {
      const result = await call(name, args);
      const told = `${name} ${JSON.stringify(args)}: ${result.content[0]?.text}`;
      expect(result.isError ?? false, told).toBe(false);
      const output = TOOLS.find((tool) => tool.name === name)?.output;
      expect(output?.safeParse(result.structuredContent).error, told).toBeUndefined();
      expect(result.content[0], told).toMatchObject({
        type: "text",
        text: expect.stringMatching(/(^|\n)Next: .+\.$/),
      });
    }
    expect(new Set(GOOD.map(([name]) => name))).toEqual(new Set(TOOL_NAMES));
  });

  it("gets a code, a message, a hint and data for bad input, and the head does not move", async () => {
    const before = (await call("status", {})).structuredContent;
    for (const [name, args, code] of BAD) {
      const result = await call(name, args);
      const { error } = result.structuredContent ?? {};
      const told = `${name} ${JSON.stringify(args).slice(0, 100)}: ${result.content[0]?.text?.slice(0, 300)}`;
      expect(result.isError, told).toBe(true);
      expect(error, told).toMatchObject({
        code,
        message: expect.stringMatching(/./),
        hint: expect.stringMatching(/./),
        data: expect.any(Object),
      });
      expect(result.content[0]?.text, told).toContain(error.code);
      expect(result.content[0]?.text, told).toContain(error.hint);
      expect(JSON.stringify(result), told).not.toMatch(/\n\s+at |SELECT |node:internal|\/work\/|\/root\//);
    }
    const after = (await call("status", {})).structuredContent;
    expect(after.head).toBe(before.head);
    expect(after.operations).toEqual(before.operations);
    expect(new Set(BAD.map(([name]) => name))).toEqual(new Set(TOOL_NAMES));
  });

  it("gets a protocol error for a tool that does not exist", async () => {
    await expect(client.callTool({ name: "comit", arguments: {} })).rejects.toMatchObject({ code: -32602 });
  });

  it("is the author of what it commits", async () => {
    await call("commit", { content: "by whom?" });
    const { structuredContent } = await call("show", { refs: "HEAD" });
    expect(structuredContent.commits[0].author).toMatchObject({ kind: "agent", name: "test-client" });
    const ledger = await call("query_ledger", { metadata: "full", limit: 1 });
    expect(ledger.structuredContent.entries[0].metadata).toMatchObject({
      tool: "commit",
      arguments: "content: 8 chars",
      provenance: { agent_id: "test-client", agent_class: "full", client: "test-client" },
    });
  });

  it("uses the hashes of texts as they are shown, and pages with the cursors", async () => {
    const listed = await call("log", { limit: 1 });
    const short = /^[0-9a-f]{8,}/.exec(listed.content[0]?.text ?? "")?.[0];
    const shown = await call("show", { refs: [short ?? ""] });
    expect(shown.structuredContent.commits[0].hash).toBe(listed.structuredContent.entries[0].hash);
    const next = await call("log", { limit: 1, cursor: listed.structuredContent.next_cursor });
    expect(next.structuredContent.entries[0].hash).toBe(listed.structuredContent.entries[0].parents[0]);
  });

  it("can read the whole of a compile by its links", async () => {
    const { content, structuredContent } = await call("compile", { format: "openai" });
    const links = content.filter(({ type }) => type === "resource_link").map(({ uri }) => uri ?? "");
    expect(links).toHaveLength(2);
    const texts = await Promise.all(
      links.map(async (uri) => (await client.readResource({ uri })).contents[0]),
    );
    expect(texts[0]).toMatchObject({ mimeType: "text/markdown" });
    const record = JSON.parse((texts[1] as { readonly text: string }).text);
    expect(record.messages).toEqual(structuredContent.messages);
    expect(record.digest).toBe(structuredContent.digest);
  });
});
