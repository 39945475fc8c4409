/** The programs of the cookbook, each run as it is written, against a scripted LLM. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { type ScriptStep, startLlmServer } from "../support/llm-server.ts";

const run = promisify(execFile);
const cookbook = new URL("../../docs/cookbook/", import.meta.url);
const hook = new URL("../support/cookbook-package.ts", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "tract-cookbook-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a program prints, and what the LLM was sent. */
async function output(program: string, ...script: readonly ScriptStep[]) {
  const llm = await startLlmServer({ apiKey: "sk-cookbook" });
  llm.script(...script);
  try {
    const { stdout, stderr } = await run(
      process.execPath,
      ["--import", hook.href, new URL(program, cookbook).pathname, join(folder, `${program}.db`)],
      {
        cwd: folder,
        env: {
          ...process.env,
          NODE_NO_WARNINGS: "1",
          LLM_API_KEY: "sk-cookbook",
          LLM_BASE_URL: llm.baseUrl,
          LLM_MODEL: "big-1",
          LLM_MODELS: "big-1,small-1",
        },
      },
    );
    expect(stderr).toBe("");
    return { lines: stdout.trimEnd().split("\n"), requests: llm.requests.map(({ body }) => body) };
  } finally {
    await llm.close();
  }
}

describe.concurrent("the cookbook", () => {
  it("lists all of its programs", ({ expect }) => {
    const programs = readdirSync(cookbook).filter((name) => name.endsWith(".ts"));
    expect(programs.length).toBeGreaterThan(3);
    const readme = readFileSync(new URL("README.md", cookbook), "utf8");
    for (const program of programs) expect(readme).toContain(`](${program})`);
  });

  it("chats, tries another way on a branch, corrects and takes back", async ({ expect }) => {
    const { lines, requests } = await output("versioned-chat.ts", "To Lisbon.", "To Lyon.", "To Rome.");
    expect(lines).toEqual(
      expect.arrayContaining([
        "main: To Lisbon.",
        "by-train: To Lyon.",
        "main has 3 messages",
        "corrected: To Rome.",
        "after two undos main has 4 commits",
      ]),
    );
    const told = JSON.stringify(requests.at(-1).messages);
    expect(told).toContain("in October?");
    expect(told).not.toMatch(/in May\?|trains/);
  });

  it("keeps a config for each operation, and says where a field comes from", async ({ expect }) => {
    const { lines, requests } = await output(
      "per-operation-config.ts",
      "Once there was a lighthouse on a rock, and a keeper who lit the lamp every night for forty years, in storm and calm.",
      "The ships grew fewer, and one day no more ships came by, yet the keeper went up the stairs and lit the lamp.",
      "A keeper lit the lamp.",
    );
    expect(lines).toEqual(
      expect.arrayContaining([
        'compress model = "small-1" (operation)',
        "compress temperature = 0 (operation)",
        "compress max_tokens = 400 (default)",
      ]),
    );
    expect(requests.map(({ model, temperature }) => [model, temperature])).toEqual([
      ["big-1", 0.7],
      ["big-1", 0.7],
      ["small-1", 0],
    ]);
    expect(requests[0]).toMatchObject({ service_tier: "flex" });
    expect(lines.at(-1)).toContain('"model":"small-1"');
  });

  it("finds the answers of each model by how they were made", async ({ expect }) => {
    const { lines } = await output("query-by-config.ts", "Red.", "Violet.", "Orange.", "Indigo.");
    expect(lines.slice(0, 2)).toEqual([
      "try/big-1: dialogue: Violet. (11 tokens in, 7 out)",
      "try/small-1: dialogue: Indigo. (11 tokens in, 7 out)",
    ]);
    expect(lines.join("\n")).toMatch(/^differences: \{[^}]*unchanged: 2/m);
  });

  it("lets an agent look after its context by tools, and mend what it did wrong", async ({ expect }) => {
    const { lines, requests } = await output(
      "agent-loop.ts",
      { toolCalls: [{ id: "1", name: "commit", arguments: '{"text":"Times are in UTC."}' }] },
      { toolCalls: [{ id: "2", name: "commit", arguments: '{"content":"Times are in UTC."}' }] },
      { toolCalls: [{ id: "3", name: "gc", arguments: "" }] },
      "Noted.",
    );
    expect(lines.slice(0, 4)).toEqual([
      "commit: invalid-argument",
      "commit: ok",
      "gc: not-allowed",
      "agent: Noted.",
    ]);
    expect(lines.join("\n")).toContain("content: 'Times are in UTC.'");
    expect(requests[0].tools.map((tool: { function: { name: string } }) => tool.function.name)).toContain(
      "commit",
    );
    expect(requests[1].messages.at(-1)).toMatchObject({
      role: "tool",
      content: expect.stringContaining("there is no argument"),
    });
  });
});
