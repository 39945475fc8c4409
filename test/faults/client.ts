/** A client process that starts a server of its own, commits once, leaves a call under way and waits to be killed; prints the server's process id. Arguments: store. */
import { writeSync } from "node:fs";
import { createRawClient, startServer, wireOf } from "../support/mcp-client.ts";

const [store = ""] = process.argv.slice(2);
const server = startServer({ store, args: ["--tract", "demo", "--profile", "full"] });
const client = createRawClient(wireOf(server));
await client.initialize();
await client.request("tools/call", { name: "commit", arguments: { content: "before the end" } });
await client.write(
  `${JSON.stringify({ jsonrpc: "2.0", id: 99, method: "tools/call", params: { name: "verify", arguments: {} } })}\n`,
);
writeSync(1, `${server.process.pid}\n`);
