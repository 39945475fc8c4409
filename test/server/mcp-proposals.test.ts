/** Proposals through a real server: the human is asked where the client offers it; else they wait, also for another process. */
import type { ElicitResult } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  connectClient,
  DIALECTS,
  type Human,
  makeServers,
  type ServerProcess,
  type TestClient,
  type TestServers,
  wireOf,
} from "../support/mcp-client.ts";

let servers: TestServers;
beforeEach(async () => {
  servers = await makeServers();
});
afterEach(async () => await servers.close());

// biome-ignore lint/suspicious/noExplicitAny: tests look into results of every shape.
type Structured = any;

async function call(
  client: TestClient,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Structured> {
  const { structuredContent, isError } = await client.callTool({ name, arguments: args });
  expect(isError ?? false).toBe(false);
  return structuredContent;
}

/** A server whose tract asks for a checkpoint at each commit. */
async function withPolicy(
  dialect: (typeof DIALECTS)[number],
  human?: Human,
): Promise<{ readonly client: TestClient; readonly server: ServerProcess }> {
  const server = servers.start(["--profile", "full"]);
  const client = await connectClient(dialect, wireOf(server), human);
  await call(client, "policy", {
    action: "set",
    policy: { kind: "checkpoint", autonomy: "collaborative", cooldown: 0, params: { every_commits: 2 } },
  });
  return { client, server };
}

const ANSWERS: readonly ElicitResult[] = [
  { action: "decline" },
  { action: "cancel" },
  { action: "accept", content: { decision: "later" } },
  { action: "accept", content: { decision: "whatever" } },
];

describe.each(DIALECTS)("a human at the client %s", (dialect) => {
  it("is asked while the call goes on: approves, rejects with a reason, or leaves it to wait", async () => {
    const asked: string[] = [];
    let answer: ElicitResult = { action: "accept", content: { decision: "approve" } };
    const { client } = await withPolicy(dialect, ({ message }) => {
      asked.push(message);
      return answer;
    });
    const decided = async (): Promise<readonly string[]> =>
      (await call(client, "query_ledger", { event_type: "PROPOSAL", order: "asc" })).entries.map(
        (entry: Structured) => entry.decision,
      );
    const { commits, warnings } = await call(client, "commit", { content: "hello" });
    expect([commits.length, warnings.length, asked.length]).toEqual([1, 2, 1]);
    expect(asked[0]).toMatch(
      /^Policy checkpoint: .*commits since .*\. Approving calls tag for main with action create, /,
    );
    expect(asked[0]).not.toContain("proposals (action");
    expect((await call(client, "tag")).tags).toHaveLength(1);
    // One commit, although a client of 2026 calls again with the answer.
    expect((await call(client, "status")).commits).toBe(2);
    expect(await decided()).toEqual(["PROPOSED", "APPROVED"]);

    for (const waiting of ANSWERS) {
      answer = waiting;
      asked.length = 0;
      expect(
        (await call(client, "commit", { items: [{ content: "more" }, { content: "yet more" }] })).commits,
      ).toHaveLength(2);
      const { proposals } = await call(client, "proposals");
      expect([asked.length, proposals.length]).toEqual([1, 1]);
      await call(client, "proposals", { action: "approve", id: proposals[0].id });
    }

    answer = { action: "accept", content: { decision: "reject", reason: "no more tags" } };
    await call(client, "commit", { items: [{ content: "two" }, { content: "three" }] });
    const { entries } = await call(client, "query_ledger", {
      event_type: "PROPOSAL",
      metadata: "full",
      limit: 1,
    });
    expect(entries).toMatchObject([
      {
        decision: "REJECTED",
        reason: expect.stringContaining("no more tags"),
        metadata: { decided_by: { kind: "user" } },
      },
    ]);
    // Who has said no is not asked the same again at once.
    asked.length = 0;
    await call(client, "commit", { content: "four" });
    expect(asked).toEqual([]);
    expect((await decided()).filter((decision) => decision === "APPROVED")).toHaveLength(1 + ANSWERS.length);
  });
});

describe("a proposal", () => {
  it("waits where nobody can be asked, survives a kill, and is approved through another server", async () => {
    const first = await withPolicy("v2-2025");
    const { warnings } = await call(first.client, "commit", { content: "hello" });
    const { proposals } = await call(first.client, "proposals");
    expect(warnings).toEqual([expect.stringContaining(proposals[0].id)]);
    first.server.process.kill("SIGKILL");
    await first.server.exited;
    const second = await connectClient("v1", wireOf(servers.start(["--profile", "full"])));
    expect((await call(second, "status")).proposals).toMatchObject([
      { plan_id: proposals[0].id, policy: "checkpoint" },
    ]);
    const approved = await call(second, "proposals", { action: "approve", id: proposals[0].id });
    expect(approved).toMatchObject({ proposals: [{ state: "applied" }], branch: "main" });
    expect((await call(second, "tag")).tags).toHaveLength(1);
    expect((await call(second, "undo", { operation: approved.operation_id })).undone.type).toBe("tag");
    expect((await call(second, "verify")).problems).toEqual([]);
  });

  it("leaves the call its result when the client fails to ask", async () => {
    const { client } = await withPolicy("v2-2025", () => {
      throw new Error("no window");
    });
    expect((await call(client, "commit", { content: "hello" })).commits).toHaveLength(1);
    expect((await call(client, "proposals")).proposals).toHaveLength(1);
  });
});
