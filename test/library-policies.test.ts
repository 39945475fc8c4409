/** Policies as a program sets them: by the methods of a tract, there again when the store is opened anew. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore, type SetPolicyRequest, type Tract } from "../src/index.ts";

let folder: string;
let location: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-policies-"));
  location = `sqlite:${path.join(folder, "agent.db")}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function withTract<Result>(use: (tract: Tract) => Promise<Result>): Promise<Result> {
  const store = await openStore(location);
  try {
    return await use(await store.tract("research"));
  } finally {
    await store.close();
  }
}

describe("the methods about policies", () => {
  it("set, pause and list what another process finds as it is", async () => {
    await withTract(async (tract) => {
      await tract.user("hello");
      await tract.setPolicy({ kind: "checkpoint", trigger: "session_end", params: { every_commits: 2 } });
      await tract.pausePolicy({ name: "checkpoint" });
    });
    await withTract(async (tract) => {
      expect((await tract.listPolicies()).policies).toMatchObject([
        { name: "checkpoint", enabled: false, params: { every_commits: 2 } },
      ]);
      expect((await tract.evaluatePolicies({ name: "checkpoint" })).findings).toHaveLength(1);
      await tract.resumePolicy({ name: "checkpoint" });
      await tract.removePolicy({ name: "checkpoint" });
      expect((await tract.listPolicies()).policies).toEqual([]);
    });
  });

  it.each([
    [{ kind: "checkpoint", colour: 1 }, "request"],
    [{ name: 3, kind: "checkpoint" }, "request.name"],
    [{ kind: "checkpoint", priority: "high" }, "policy.priority"],
    [{ kind: "checkpoint", params: [] }, "policy.params"],
  ])("refuse %j", async (request, at) => {
    const wrong = request as unknown as SetPolicyRequest; // As a program without types calls it.
    await withTract(async (tract) => {
      await expect(tract.setPolicy(wrong)).rejects.toMatchObject({
        code: "invalid-argument",
        data: { path: at },
      });
      expect((await tract.log()).entries).toEqual([]);
    });
  });
});
