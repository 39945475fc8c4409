/** Plays a client for one moment: a handshake, a commit and a compile through a server in this process. */
import { PassThrough } from "node:stream";
import { z } from "zod";
import type { McpServices } from "../../mcp/services.ts";
import { serveMcpOverStdio } from "../../mcp/stdio.ts";

const reply = z.looseObject({
  id: z.number(),
  result: z.looseObject({ isError: z.boolean().optional(), structuredContent: z.unknown().optional() }),
});

/** Says what worked; throws when an answer is not what it must be. */
export async function probeServer(services: McpServices): Promise<string> {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const server = serveMcpOverStdio(services, { stdin, stdout });
  for (const message of CONVERSATION) stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  stdin.end();
  await server.closed;
  stdout.end();
  const lines = (await stdout.toArray())
    .map(String)
    .join("")
    .split("\n")
    .filter((line) => line !== "");
  const replies = lines.map((line) => reply.parse(JSON.parse(line)));
  for (const { id } of CONVERSATION.filter((message) => "id" in message)) {
    const answer = replies.find((each) => each.id === id);
    if (answer === undefined || answer.result.isError === true) throw new Error("no good answer");
  }
  return "answers: handshake, commit and compile work";
}

const CONVERSATION = [
  {
    id: 1,
    method: "initialize",
    params: {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "tract doctor", version: "1" },
    },
  },
  { method: "notifications/initialized" },
  { id: 2, method: "tools/call", params: { name: "commit", arguments: { content: "Hello world" } } },
  { id: 3, method: "tools/call", params: { name: "compile", arguments: {} } },
];
