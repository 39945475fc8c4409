/** The floor of an MCP server: one tool that answers with the length of a text; with TOKENIZER=1 it also holds the token tables. */
import { McpServer } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";

if (process.env.TOKENIZER === "1") {
  const { loadTokenCounter } = await import("../src/engine/tokens/token-counter.ts");
  (await loadTokenCounter("o200k_base")).count("hello world");
}

serveStdio(() => {
  const server = new McpServer({ name: "echo", version: "1.0.0" });
  server.registerTool(
    "echo",
    { description: "echo", inputSchema: z.object({ text: z.string() }) },
    ({ text }) => ({
      content: [{ type: "text", text: String(text.length) }],
    }),
  );
  return server;
});
