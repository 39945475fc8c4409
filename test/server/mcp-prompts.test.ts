/** The prompts compress, review-branch and handoff, through a real client and server. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createRawClient,
  makeServers,
  type RawClient,
  type TestServers,
  wireOf,
} from "../support/mcp-client.ts";

let servers: TestServers;
let client: RawClient;
beforeEach(async () => {
  servers = await makeServers();
  client = createRawClient(wireOf(servers.start(["--profile", "full"])));
  await client.initialize();
});
afterEach(async () => await servers.close());

const call = async (name: string, args: unknown): Promise<Record<string, unknown>> => {
  const { result } = await client.request("tools/call", { name, arguments: args });
  expect(result.isError, result.content[0].text).toBeUndefined();
  return result.structuredContent;
};
const prompt = async (name: string, args: Record<string, string> = {}): Promise<string> => {
  const { result } = await client.request("prompts/get", { name, arguments: args });
  expect(result.messages).toHaveLength(1);
  expect(result.messages[0].role).toBe("user");
  return result.messages[0].content.text;
};
const refused = async (name: string, args: Record<string, string>): Promise<unknown> =>
  (await client.request("prompts/get", { name, arguments: args })).error;

describe("compress", () => {
  it("names the largest tool results and a target below the budget", async () => {
    const tool = { content_type: "tool_io", tool_name: "read", direction: "result" };
    await call("commit", { content: { ...tool, payload: "short", call_id: "1" } });
    const made = await call("commit", { content: { ...tool, payload: "word ".repeat(300), call_id: "2" } });
    const [large] = made.commits as readonly { readonly hash: string }[];
    await call("commit", {
      content: { content_type: "config", settings: { budget: { max_tokens: 400, action: "warn" } } },
    });
    const text = await prompt("compress");
    expect(text).toMatch(/% of the budget of 400/);
    expect(text).toContain("target_tokens 200");
    const results = text.split("\n").filter((line) => line.startsWith("- "));
    // The short one would be no shorter as a receipt.
    expect(results).toHaveLength(1);
    expect(results[0]).toContain(large?.hash.slice(0, 8));
    expect(await prompt("compress", { branch: "main", target_tokens: "77" })).toContain(
      'target_tokens 77 and branch "main"',
    );
    await call("compress", { strategy: "mask", keep: 0 });
    expect(await prompt("compress")).toContain("no tool results that could become receipts");
  });

  it("is ready before the first commit, and refuses what it does not know", async () => {
    expect(await prompt("compress")).toContain("no tool results");
    expect(await refused("compress", { branch: "mian" })).toMatchObject({ data: { code: "not-found" } });
    expect(await refused("compress", { target_tokens: "few" })).toMatchObject({
      data: { code: "invalid-argument" },
    });
  });
});

describe("review-branch", () => {
  it("lists what only the branch has, with the sizes of both", async () => {
    await call("commit", { content: "shared" });
    await call("branch", { action: "create", name: "trial", switch: true });
    await call("commit", { content: "only here" });
    const text = await prompt("review-branch");
    expect(text).toContain("Review branch trial before it is merged into main");
    expect(text).toContain("dialogue: only here");
    expect(text).not.toContain("dialogue: shared");
    expect(text).toContain("no open conflicts");
    expect(await prompt("review-branch", { branch: "main", base: "trial" })).toContain("nothing to merge");
    expect(await refused("review-branch", { base: "nowhere" })).toMatchObject({
      data: { code: "not-found" },
    });
  });

  it("completes branch and base", async () => {
    await call("commit", { content: "shared" });
    await call("branch", { action: "create", name: "trial" });
    for (const name of ["branch", "base"]) {
      const { result } = await client.request("completion/complete", {
        ref: { type: "ref/prompt", name: "review-branch" },
        argument: { name, value: "t" },
      });
      expect(result.completion.values).toEqual(["trial"]);
    }
  });
});

describe("handoff", () => {
  const session = { content_type: "session", session_type: "handoff", next_steps: ["run the tests"] };

  it("says how to write one while there is none", async () => {
    await call("commit", { content: { ...session, session_type: "checkpoint", summary: "half done" } });
    const text = await prompt("handoff", { branch: "main" });
    expect(text).toContain('branch "main"');
    expect(text).toContain('"session_type": "handoff"');
    expect(text).not.toContain("half done");
  });

  it("hands the newest one over, edits applied, with the context and what came after", async () => {
    await call("commit", { content: { ...session, summary: "old" } });
    const made = await call("commit", { content: { ...session, summary: "first draft" } });
    await call("commit", { content: "after it" });
    const edited = { ...session, summary: "corrected" };
    await call("commit", { content: edited, edit_target: made.head, operation: "edit" });
    const text = await prompt("handoff");
    expect(text).toContain(String(made.head).slice(0, 8));
    expect(text).toMatch(/corrected[\s\S]*run the tests/);
    expect(text).not.toContain("first draft");
    expect(text).toContain("2 commits came after it");
    expect(text).toContain("### User\n\nafter it");
  });
});
