/** Long calls: progress for those who ask for it, cancellation that leaves nothing half done. */
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createRawClient,
  makeFolder,
  type RawClient,
  type ServerProcess,
  startServer,
  wireOf,
} from "../support/mcp-client.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let server: ServerProcess;
let client: RawClient;
beforeAll(async () => {
  folder = await makeFolder();
  server = startServer({ store: `${folder.path}/test.db`, args: ["--profile", "full", "--tract", "demo"] });
  client = createRawClient(wireOf(server));
  await client.initialize();
});
afterAll(async () => {
  server.process.stdin.end();
  await server.exited;
  await folder.remove();
});

const transcript = (messages: number): string =>
  JSON.stringify(
    Array.from({ length: messages }, (_, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: `message ${i} of a long talk`,
    })),
  );

const importing = (id: string, messages: number, _meta?: unknown): string =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "import_transcript", arguments: { text: transcript(messages), branch: id }, ...(_meta === undefined ? {} : { _meta }) } })}\n`;

it("tells of progress, which only grows, under the token that was given", async () => {
  await client.write(importing("long", 20_000, { progressToken: "p1" }));
  const first = await client.next(({ method }) => method === "notifications/progress");
  expect(first.params).toMatchObject({
    progressToken: "p1",
    progress: expect.any(Number),
    message: expect.any(String),
  });
  const { result } = await client.next(({ id }) => id === "long");
  expect(result.structuredContent).toMatchObject({ imported: 20_000 });
});

it("stops a cancelled call, stores nothing of it, and goes on with the next", async () => {
  const cancel = (requestId: string) =>
    `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId, reason: "enough" } })}\n`;
  await client.write(importing("never", 5_000) + cancel("never"));
  const { result } = await client.request("tools/call", { name: "branch", arguments: {} });
  expect(result.structuredContent.branches.map(({ name }: { readonly name: string }) => name)).toEqual([
    "long",
    "main",
  ]);
  await client.write(
    `${JSON.stringify({ jsonrpc: "2.0", id: "v", method: "tools/call", params: { name: "verify", arguments: {}, _meta: { progressToken: 7 } } })}\n`,
  );
  await client.next(
    ({ method, params }) => method === "notifications/progress" && params?.progressToken === 7,
  );
  await client.write(cancel("v"));
  const after = await client.request("tools/call", { name: "verify", arguments: {} });
  expect(after.result.structuredContent).toMatchObject({ ok: true, checked: { commits: 20_000 } });
});
