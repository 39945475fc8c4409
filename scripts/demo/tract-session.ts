/** A real Tract server on a store of its own, the official MCP client that talks to it, and a scripted server in the part of an LLM. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { type LlmServer, startLlmServer } from "../../test/support/llm-server.ts";

export interface TractSession {
  /** Names of the tools that the server offers. */
  readonly tools: readonly string[];
  readonly serverVersion: string;
  /** Calls a tool and gives its structured result; throws with code, message and hint when it fails. */
  readonly call: <Result>(tool: string, args?: Record<string, unknown>) => Promise<Result>;
  /** What Tract takes for an LLM: a server on this machine that answers what it is told to. */
  readonly llm: LlmServer;
  /** Ends the servers and removes the store. */
  readonly close: () => Promise<void>;
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export async function openTractSession(): Promise<TractSession> {
  const folder = await mkdtemp(join(tmpdir(), "tract-demo-"));
  const llm = await startLlmServer();
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(ROOT, "bin", "tract.js"), "serve", "--stdio", "--profile", "full"],
    env: {
      PATH: process.env.PATH ?? "",
      HOME: folder,
      TRACT_STORE: `sqlite:${join(folder, "demo.db")}`,
      TRACT_TRACT: "demo",
      TRACT_IMPORT_ROOT: ROOT,
      TRACT_LLM_BASE_URL: llm.baseUrl,
      TRACT_LLM_MODEL: "scripted-llm",
      // No key of anybody's: the scripted server asks for none.
      TRACT_LLM_API_KEY: "none",
    },
    cwd: ROOT,
    stderr: "inherit",
  });
  const client = new Client({ name: "tract-demo", version: "1.0.0" });
  const close = async (): Promise<void> => {
    await client.close().catch(() => {});
    await llm.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await client.connect(transport);
    const { tools } = await client.listTools();
    return {
      tools: tools.map(({ name }) => name),
      serverVersion: client.getServerVersion()?.version ?? "?",
      call: async <Result>(tool: string, args: Record<string, unknown> = {}) => {
        const result = await client.callTool({ name: tool, arguments: args });
        const text = result.content.map((block) => (block.type === "text" ? block.text : "")).join("\n");
        if (result.isError || result.structuredContent === undefined) throw new Error(`${tool}: ${text}`);
        return result.structuredContent as Result; // The client held it against the tool's output schema.
      },
      llm,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
