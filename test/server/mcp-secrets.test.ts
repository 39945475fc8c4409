/** A host's session with keys, errors and credentials in what it sends: afterwards no file of the store, and no log, has any of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SOON } from "../support/conversing.ts";
import { type LlmServer, startLlmServer } from "../support/llm-server.ts";
import {
  createRawClient,
  makeServers,
  type RawClient,
  type ServerProcess,
  type TestServers,
  wireOf,
} from "../support/mcp-client.ts";
import { noise, plantedSecrets } from "../support/planted-secrets.ts";

const KEY = `sk-test-${noise(24)}`;
const WRONG_KEY = `sk-wrong-${noise(24, 2)}`;
const [{ secret: SECRET, text: TEXT }] = plantedSecrets(7).filter(({ rule }) => rule === "npm-token") as [
  ReturnType<typeof plantedSecrets>[number], // plantedSecrets has one of every rule.
];

let servers: TestServers;
let llm: LlmServer;
beforeEach(async () => {
  servers = await makeServers();
  llm = await startLlmServer({ apiKey: KEY });
});
afterEach(async () => {
  await servers.close();
  await llm.close();
});

function start(env: Readonly<Record<string, string>>): ServerProcess {
  return servers.start(["--profile", "full", "--log-level", "debug"], {
    TRACT_LLM_API_KEY: KEY,
    TRACT_LLM_BASE_URL: llm.baseUrl,
    TRACT_LLM_MODEL: "test-model",
    ...env,
  });
}

async function connect(server: ServerProcess): Promise<RawClient> {
  const client = createRawClient(wireOf(server));
  await client.initialize();
  return client;
}

async function stop(server: ServerProcess): Promise<void> {
  server.process.stdin.end();
  await server.exited;
}

/** The code of its error; undefined when it worked. */
async function call(client: RawClient, name: string, args: object): Promise<string | undefined> {
  const { result } = await client.request("tools/call", { name, arguments: args });
  // An unknown tool has no result.
  return result?.isError === true ? (result.structuredContent?.error?.code ?? "error") : undefined;
}

function expectNowhere(secrets: readonly string[], ...servers_: readonly ServerProcess[]): void {
  const files = readdirSync(servers.folder).map((name) => readFileSync(join(servers.folder, name)));
  expect(files.length).toBeGreaterThan(0);
  const logs = servers_.map((server) => Buffer.from(server.log()));
  for (const bytes of [...files, ...logs])
    for (const secret of secrets) expect(bytes.includes(secret)).toBe(false);
}

/** A session that writes, reads, asks and fails, with the credential wherever a caller can put it. */
async function session(client: RawClient): Promise<void> {
  await call(client, "commit", { content: "first" });
  for (const args of [
    { content: TEXT },
    { content: TEXT, edit_target: "nowhere" },
    { content: TEXT, content_type: "nothing" },
    { content: TEXT, role: SECRET },
    { content: "x", branch: SECRET },
    { content: "x", metadata: { deep: [TEXT] } },
  ])
    await call(client, "commit", args);
  await call(client, "tag", { action: "create", name: SECRET });
  await call(client, "tag", { action: "create", name: "v1", note: TEXT });
  await call(client, "checkout", { ref: SECRET });
  await call(client, "annotate", { refs: ["HEAD"], priority: "pinned", reason: TEXT });
  await call(client, "compile", { record: true, include_labels: [SECRET] });
  await call(client, "search", { query: SECRET });
  await call(client, "nothing", { text: SECRET });
  llm.script("fine");
  await call(client, "chat", { text: TEXT });
  await call(client, "status", {});
  await call(client, "query_ledger", {});
  await call(client, "verify", {});
}

describe.each(["redact", "reject"])("with redaction.action %s", (action) => {
  it("no file and no log has a credential or a key", { timeout: 30_000 }, async () => {
    const server = start({ TRACT_REDACTION_ACTION: action });
    const client = await connect(server);
    await session(client);
    expect(await call(client, "commit", { content: TEXT })).toBe(
      action === "reject" ? "invalid-content" : undefined,
    );
    expectNowhere([SECRET, KEY], server);
    await stop(server);
    expectNowhere([SECRET, KEY], server);
  });
});

it("the key of the LLM is nowhere, right or wrong, whatever else is stored", {
  timeout: 30_000,
}, async () => {
  const right = start({});
  const client = await connect(right);
  llm.script("fine", SOON, { kind: "status", status: 400 }, { kind: "status", status: 400 });
  expect(await call(client, "chat", { text: "hello" })).toBeUndefined();
  await call(client, "chat", { text: "once more" });
  await call(client, "generate", {});
  await call(client, "configure", { get: [] });
  await stop(right);
  const wrong = start({ TRACT_LLM_API_KEY: WRONG_KEY });
  const other = await connect(wrong);
  expect(await call(other, "chat", { text: "hello" })).toBe("llm-auth");
  await call(other, "status", {});
  await call(other, "query_ledger", { metadata: "full" });
  await stop(wrong);
  expectNowhere([KEY, WRONG_KEY], right, wrong);
});
