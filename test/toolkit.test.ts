/** The tools for a program's own agent loop: definitions for each API, and calls as an LLM asks for them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore, type Tract, toolDefinitions } from "../src/index.ts";
import { listTools } from "../src/server/mcp/register-tools.ts";
import { PROFILES } from "../src/tools/profiles.ts";
import { TOOLS } from "../src/tools/registry.ts";
import { scan } from "./support/architecture/scan.ts";

const folder = mkdtempSync(join(tmpdir(), "tract-toolkit-"));
let tract: Tract;
let count = 0;
beforeEach(async () => {
  tract = await (await openStore(join(folder, `${count++}.db`), { durability: "normal" })).tract("loop");
});
afterEach(async () => {
  await tract.close();
  rmSync(folder, { recursive: true, force: true });
});

it("compiles to messages as OpenAI's client types them, which the program may change", async () => {
  await tract.user("What changed?");
  const payload = { path: "a.txt" };
  await tract.commit({
    content_type: "tool_io",
    tool_name: "read",
    direction: "call",
    payload,
    call_id: "c",
  });
  const context = await tract.compile();
  const messages: OpenAI.Chat.ChatCompletionMessageParam[] = context.toOpenAI();
  const anthropic = context.toAnthropic();
  const before = structuredClone([messages, anthropic, context.toDicts()]);
  messages.push({ role: "user", content: "And then?" });
  const said = messages[1];
  if (said?.role === "assistant" && said.tool_calls?.[0]?.type === "function")
    said.tool_calls[0].function.name = "other";
  const [turn] = anthropic.messages;
  if (turn !== undefined) turn.content = "changed";
  expect([messages, anthropic]).not.toEqual(before.slice(0, 2));
  for (const each of [context, await tract.compile()])
    expect([each.toOpenAI(), each.toAnthropic(), each.toDicts()]).toEqual(before);
});

/** What a file of the sources leads to, tools that are loaded later included: packages and files. */
function reached(path: string, seen: Set<string> = new Set()): ReadonlySet<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const text = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
  for (const { specifier, target, isTypeOnly } of scan({ path, text }).imports) {
    if (isTypeOnly) continue;
    if (target === null) seen.add(specifier);
    else reached(target, seen);
  }
  return seen;
}

it("leads to neither MCP nor the command line", () => {
  const all = [...reached("src/index.ts")];
  expect(all).toContain("src/tools/registry.ts");
  expect(all.filter((each) => /^src\/server\/|modelcontextprotocol|commander|picocolors/.test(each))).toEqual(
    [],
  );
});

describe("toolDefinitions", () => {
  it("gives OpenAI's form, as its client types it", async () => {
    const tools: OpenAI.Chat.ChatCompletionTool[] = await toolDefinitions({ format: "openai" });
    expect(tools.map((tool) => (tool.type === "function" ? tool.function.name : null))).toEqual(
      PROFILES.self,
    );
    expect(tools[0]).toEqual({
      type: "function",
      function: {
        name: "commit",
        description: expect.stringMatching(/./),
        parameters: expect.objectContaining({ type: "object" }),
      },
    });
  });

  it("gives Anthropic's form, and that of tools/list", async () => {
    const [anthropic, mcp] = await Promise.all([
      toolDefinitions({ format: "anthropic", profile: "supervisor" }),
      toolDefinitions({ format: "mcp", profile: "supervisor" }),
    ]);
    expect(mcp).toEqual(listTools(TOOLS, "supervisor"));
    expect(anthropic).toEqual(
      mcp.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema })),
    );
  });

  it("makes them anew each time, for a caller may change its own", async () => {
    const [first] = await toolDefinitions({ format: "anthropic" });
    if (first !== undefined) first.input_schema.properties.tract = { type: "null" };
    const [again] = await toolDefinitions({ format: "anthropic" });
    expect(again?.input_schema.properties.tract).toEqual({ type: "string" });
  });

  it.each([{ format: "gemini" }, {}, { format: "mcp", profile: "most" }, { format: "mcp", only: [] }])(
    "refuses %j",
    async (options) => {
      await expect(toolDefinitions(options as { format: "mcp" })).rejects.toMatchObject({
        code: "invalid-argument",
      });
    },
  );
});

describe("executeTool", () => {
  it("takes arguments as an object, or as the text that an LLM wrote", async () => {
    const made = await tract.executeTool("commit", { content: "One." });
    expect(made).toMatchObject({ ok: true, structured: { branch: "main", commits: [{ tokens: 2 }] } });
    expect(await tract.executeTool("search", '{"query":"one"}')).toMatchObject({
      ok: true,
      structured: { hits: [{ snippet: expect.stringContaining("One") }] },
    });
    expect(await tract.executeTool("status", "")).toMatchObject({ ok: true, structured: { commits: 1 } });
    expect(await tract.executeTool("status")).toMatchObject({ ok: true });
  });

  it.each([
    ["commit", '{"content":'],
    ["commit", "[]"],
    ["commit", "7"],
    ["commit", "null and void"],
    ["search", {}],
    ["search", { query: "x", limitt: 1 }],
  ] as const)("answers %s with %j so that the LLM can mend it", async (name, args) => {
    const outcome = await tract.executeTool(name, args);
    expect(outcome).toMatchObject({ ok: false, error: { code: "invalid-argument" } });
    expect(outcome.text).toMatch(/^invalid-argument: .+\n.+/);
  });

  it("enforces the profile, by default self", async () => {
    expect(await tract.executeTool("verify", {})).toMatchObject({ error: { code: "not-allowed" } });
    expect(await tract.executeTool("verify", {}, { profile: "observer" })).toMatchObject({ ok: true });
    expect(await tract.executeTool("commit", { content: "x" }, { profile: "observer" })).toMatchObject({
      error: { code: "not-allowed" },
    });
    expect((await tract.status()).commits).toBe(0);
  });

  it("names no files of the program's machine", async () => {
    const profile = { profile: "full" } as const;
    expect(await tract.executeTool("import_transcript", { path: "/etc/passwd" }, profile)).toMatchObject({
      error: { code: "not-allowed" },
    });
    const text = '[{"role":"user","content":"hi"}]';
    expect(await tract.executeTool("import_transcript", { text }, profile)).toMatchObject({ ok: true });
  });

  it("refuses options of the program that are wrong, and a handle that is closed, by an error", async () => {
    await expect(tract.executeTool("log", {}, { profil: "full" } as object)).rejects.toMatchObject({
      code: "invalid-argument",
      data: { near: ["profile"] },
    });
    await expect(tract.executeTool(7 as unknown as string)).rejects.toMatchObject({
      code: "invalid-argument",
    });
    await tract.close();
    await expect(tract.executeTool("log")).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
