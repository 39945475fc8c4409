/** What no client should send, and what nobody may: every one gets an answer with the right status, and the server lives. */
import { mkdtempSync, rmSync } from "node:fs";
import { request as nodeRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  callOnce,
  connectHttp,
  JSON_HEADERS,
  type LocalHttp,
  modernRequest,
  openSocket,
  startLocalHttp,
} from "../support/http.ts";

/** Short, so that what is too slow shows soon. */
const LIMITS = {
  headersMsMax: 300,
  requestMsMax: 600,
  slowCheckMs: 50,
  bodyBytesMax: 100_000,
  connectionsMax: 60,
  streamsMax: 4,
  sessionsMax: 3,
};

let folder: string;
let http: LocalHttp;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tract-http-"));
  http = await startLocalHttp(folder, {}, LIMITS);
});
afterAll(async () => {
  await http.server.close();
  rmSync(folder, { recursive: true, force: true });
});

const post = (body: string | Buffer, headers: Readonly<Record<string, string>> = {}, path = "/mcp") =>
  fetch(`${http.address}${path}`, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body });
const errorOf = async (response: Response): Promise<{ readonly code: number; readonly message: string }> =>
  ((await response.json()) as { readonly error: { readonly code: number; readonly message: string } }).error;
const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "1" } },
});

/** Status of a request whose Host header is chosen freely. */
async function statusFor(
  headers: Readonly<Record<string, string>>,
  path: string,
): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    const request = nodeRequest(`${http.address}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once("error", reject);
    request.end();
  });
}

async function expectAlive(): Promise<void> {
  const { client } = await connectHttp("v2-2026", "http", http.address);
  expect((await client.callTool({ name: "status", arguments: {} })).isError).not.toBe(true);
  await client.close();
}

describe("addresses and names", () => {
  it.each([
    ["GET", "/", 404],
    ["GET", "/mcp/", 404],
    ["POST", "/healthz", 405],
    ["PUT", "/mcp", 405],
    ["OPTIONS", "/mcp", 405],
    ["POST", "/sse", 405],
    ["GET", "/messages", 405],
    ["GET", "/%2e%2e/mcp/..%2f", 404],
    ["GET", "/constructor", 404],
  ])("%s %s is answered %i", async (method, path, status) => {
    const response = await fetch(`${http.address}${path}`, { method });
    expect(response.status).toBe(status);
    expect((await errorOf(response)).message).toBeTruthy();
    expect(response.headers.has("allow")).toBe(status === 405);
  });

  it.each([
    [{ Host: "evil.example" }],
    [{ Host: "localhost.evil.example:80" }],
    [{ Origin: "https://evil.example" }],
    [{ Origin: "null" }],
    [{ Origin: "http://localhost.evil.example" }],
  ])("%j is refused with 403 everywhere", async (headers) => {
    for (const path of ["/mcp", "/sse", "/healthz"]) expect(await statusFor(headers, path)).toBe(403);
  });

  it("that stand in a request twice are refused with 400, in whatever order", async () => {
    for (const hosts of [
      ["localhost", "evil.example"],
      ["evil.example", "localhost"],
    ]) {
      const { socket, all } = openSocket(http.address);
      const lines = hosts.map((host) => `Host: ${host}\r\n`).join("");
      socket.write(`GET /healthz HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
      expect(await all).toMatch(/^HTTP\/1.1 400 /);
    }
  });

  it("of this machine are welcome", async () => {
    for (const headers of [{ Host: "localhost:9" }, { Host: "[::1]:9" }, { Origin: "http://localhost:3000" }])
      expect(await statusFor(headers, "/healthz")).toBe(200);
  });
});

describe("bodies", () => {
  it.each([
    ["not JSON", "{", 400, -32_700],
    ["nothing", "", 400, -32_700],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), 400, -32_700],
    ["no JSON-RPC", '{"hello":1}', 400, -32_600],
    ["null", "null", 400, -32_600],
    ["a number", "7", 400, -32_600],
    ["an array of nothing", "[]", 400, -32_600],
    ["deep nesting", "[".repeat(40_000), 400, -32_700],
    ["deep nesting that ends", `${"[".repeat(40_000)}${"]".repeat(40_000)}`, 400, -32_600],
    ["prototype keys", '{"__proto__":{"jsonrpc":"2.0"},"constructor":1}', 400, -32_600],
  ])("with %s are answered", async (_, body, status, code) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).code).toBe(code);
  });

  it("that are compressed are answered 415, whatever is in them", async () => {
    for (const encoding of ["gzip", "br", "Deflate"]) {
      const response = await post(initialize, { "Content-Encoding": encoding });
      expect([response.status, response.headers.get("accept-encoding")]).toEqual([415, "identity"]);
    }
    expect((await post("[]", { "Content-Encoding": "identity" })).status).toBe(400);
  });

  it("of another type are answered 415", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
      expect((await post(initialize, { "Content-Type": type })).status).toBe(415);
  });

  it("that ask for no JSON back are answered 406", async () => {
    expect((await post(initialize, { Accept: "text/html" })).status).toBe(406);
  });

  it("over the limit are answered 413, announced or not, and the connection goes on", async () => {
    const long = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "ping",
      params: { pad: "x".repeat(200_000) },
    });
    const announced = await post(long);
    expect(announced.status).toBe(413);
    expect((await errorOf(announced)).message).toContain("100000");
    const stream = new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new TextEncoder().encode(long));
        controller.close();
      },
    });
    const chunked = { method: "POST", headers: JSON_HEADERS, body: stream, duplex: "half" };
    expect((await fetch(`${http.address}/mcp`, chunked as RequestInit)).status).toBe(413); // `duplex` is not in every type.
    await expectAlive();
  });

  it("in a session that are no message are answered, and it goes on", async () => {
    const begun = await post(initialize);
    const session = { "Mcp-Session-Id": begun.headers.get("mcp-session-id") ?? "" };
    await begun.text();
    const call = (params: unknown): string =>
      JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params });
    expect((await post('{"jsonrpc":"1.0","id":1,"method":"ping"}', session)).status).toBe(400);
    for (const params of [null, { name: 7 }, { name: "commit", arguments: [1] }, { name: "no-tool" }]) {
      const response = await post(call(params), session);
      expect(response.status).toBeLessThan(500);
      await response.text();
    }
    const nested = `{"content":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`;
    const deep = call({ name: "commit", arguments: "DEEP" }).replace('"DEEP"', nested);
    expect((await post(deep, session)).status).toBeLessThan(500);
    expect((await post(initialize, session)).status).toBe(400);
    expect((await post('{"jsonrpc":"2.0","id":3,"method":"ping"}', session)).status).toBe(200);
    expect((await fetch(`${http.address}/mcp`, { method: "DELETE", headers: session })).status).toBe(200);
    expect((await post('{"jsonrpc":"2.0","id":4,"method":"ping"}', session)).status).toBe(404);
  });
});

describe("headers of the protocol", () => {
  it("that are missing or wrong are answered 400 or 404", async () => {
    const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    expect((await post(ping)).status).toBe(400);
    expect((await post(ping, { "Mcp-Session-Id": "made-up" })).status).toBe(404);
    expect((await post(ping, { "Mcp-Session-Id": "x".repeat(8_000) })).status).toBe(404);
    expect((await post(ping, { "MCP-Protocol-Version": "2026-07-28" })).status).toBe(400);
    expect((await fetch(`${http.address}/mcp`, { headers: { Accept: "text/event-stream" } })).status).toBe(
      400,
    );
    expect((await fetch(`${http.address}/mcp`, { method: "DELETE" })).status).toBe(400);
    const begun = await post(initialize);
    const session = { "Mcp-Session-Id": begun.headers.get("mcp-session-id") ?? "" };
    await begun.text();
    expect((await post(ping, { ...session, "MCP-Protocol-Version": "1999-01-01" })).status).toBe(400);
    expect((await post(ping, { ...session, "MCP-Protocol-Version": "2025-06-18" })).status).toBe(200);
    await fetch(`${http.address}/mcp`, { method: "DELETE", headers: session });
  });

  it("that contradict the body of a 2026 request, or name no revision of ours, are answered 400", async () => {
    const send = (headers: Readonly<Record<string, string>>) =>
      fetch(
        `${http.address}/mcp`,
        modernRequest("tools/call", { name: "commit", arguments: { content: "x" } }, headers),
      );
    expect((await send({ "Mcp-Method": "tools/list" })).status).toBe(400);
    expect((await send({ "Mcp-Name": "status" })).status).toBe(400);
    expect((await send({ "MCP-Protocol-Version": "2025-06-18" })).status).toBe(400);
    const unknown = modernRequest("tools/list", {}, { "MCP-Protocol-Version": "2099-01-01" });
    const body = String(unknown.body).replaceAll("2026-07-28", "2099-01-01");
    expect((await fetch(`${http.address}/mcp`, { ...unknown, body })).status).toBe(400);
    const bare = modernRequest("tools/list", {});
    const { "MCP-Protocol-Version": _, ...headers } = bare.headers;
    expect((await fetch(`${http.address}/mcp`, { ...bare, headers })).status).toBe(400);
  });

  it("of the old transport: messages need a stream that is there", async () => {
    expect((await post(initialize, {}, "/messages")).status).toBe(400);
    expect((await post(initialize, {}, "/messages?sessionId=made-up")).status).toBe(404);
  });

  it("that are too long are answered 431", async () => {
    const { socket, all } = openSocket(http.address);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(40_000)}\r\n\r\n`);
    expect(await all).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe("those who are slow, many or gone", () => {
  it.each([
    ["header lines", "POST /mcp HTTP/1.1\r\nHost: local"],
    [
      "a body",
      "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ],
  ])("are answered 408 when they do not end %s", async (_, start) => {
    const { socket, all } = openSocket(http.address);
    socket.write(start);
    expect(await all).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("are answered 400 when they speak no HTTP", async () => {
    const { socket, all } = openSocket(http.address);
    socket.write("\u0016\u0003\u0001\u0000 hello\r\n\r\n");
    expect(await all).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("come by the thousand: connections stay bounded, and the server answers when they are gone", async () => {
    const sockets = Array.from({ length: 1_000 }, () => openSocket(http.address));
    await Promise.all(sockets.slice(LIMITS.connectionsMax + 20).map(({ all }) => all));
    expect(http.server.load().connections).toBeLessThanOrEqual(LIMITS.connectionsMax);
    for (const { socket } of sockets) socket.destroy();
    await Promise.all(sockets.map(({ all }) => all));
    await expectAlive();
  });

  it("open too many streams or sessions: 503, until one is closed", async () => {
    const stops = Array.from({ length: LIMITS.sessionsMax }, () => new AbortController());
    // Kept, as a response that nobody holds is closed when memory is cleaned up.
    const held: Response[] = [];
    for (const { signal } of stops) held.push(await fetch(`${http.address}/sse`, { signal }));
    const refused = await fetch(`${http.address}/sse`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    for (const stop of stops) stop.abort();
    const listen = (signal: AbortSignal) =>
      fetch(`${http.address}/mcp`, {
        ...modernRequest("subscriptions/listen", {
          notifications: { resourceSubscriptions: ["tract://demo/status"] },
        }),
        signal,
      });
    const more = Array.from({ length: LIMITS.streamsMax }, () => new AbortController());
    for (const { signal } of more) {
      // The server learns of the closed streams in its own time.
      let answer = await listen(signal);
      while (answer.status === 503) answer = await listen(signal);
      expect(answer.status).toBe(200);
      held.push(answer);
    }
    expect((await listen(AbortSignal.timeout(5_000))).status).toBe(503);
    expect(held).toHaveLength(LIMITS.sessionsMax + LIMITS.streamsMax);
    for (const stop of more) stop.abort();
    while (http.server.load().streams > 0) await expectAlive();
  });

  it("ask too often: 429, with a word when to come again", async () => {
    const strict = await startLocalHttp(folder, {}, { requestsBurst: 3, requestsPerSecond: 1 });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await fetch(`${strict.address}/healthz`)).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    await strict.server.close();
  });

  it.each(["v1", "v2-2025", "v2-2026"] as const)(
    "cancel their calls as %s: no place stays taken",
    async (dialect) => {
      const own = await startLocalHttp(folder, { profile: "full" });
      const { client } = await connectHttp(dialect, "http", own.address);
      const talk = Array.from({ length: 20_000 }, (_, i) => ({ role: "user", content: `message ${i}` }));
      const call = { name: "import_transcript", arguments: { text: JSON.stringify(talk), branch: dialect } };
      const stop = new AbortController();
      const options = { signal: stop.signal, onprogress: () => stop.abort() };
      // The older client takes a schema before the options.
      const given = dialect === "v1" ? [undefined, options] : [options];
      await expect(Reflect.apply(client.callTool, client, [call, ...given])).rejects.toThrow();
      while (own.server.load().calls > 0) await fetch(`${own.address}/healthz`);
      await client.close();
      await own.server.close();
    },
  );

  it("vanish in the middle of a call or a stream: nothing of theirs stays", async () => {
    const call = modernRequest("tools/call", { name: "commit", arguments: { content: "half" } });
    for (let i = 0; i < 10; i++) {
      const { socket, all } = openSocket(http.address);
      const head = Object.entries({
        ...call.headers,
        Host: "localhost",
        "Content-Length": String(call.body).length,
      });
      const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      socket.write(`POST /mcp HTTP/1.1\r\n${lines}\r\n${String(call.body)}`, () => socket.destroy());
      await all;
    }
    const { socket, all } = openSocket(http.address);
    socket.write("GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    await all;
    while (http.server.load().calls + http.server.load().streams > 0) await expectAlive();
    const { client } = await connectHttp("v2-2026", "http", http.address);
    const { structuredContent } = await client.callTool({ name: "status", arguments: {} });
    expect(structuredContent).toBeDefined();
    await client.close();
  });
});

it("a store that cannot be reached shows in the health check and in calls, with no path of the machine", async () => {
  const broken = await startLocalHttp(folder, { store: "sqlite:/dev/null/none/t.db" });
  const health = await fetch(`${broken.address}/healthz`);
  expect([health.status, await health.json()]).toEqual([
    503,
    { status: "failing", version: expect.any(String), store: "unreachable" },
  ]);
  const { error } = await callOnce(broken.address, "status", {});
  expect(error.code).toBe("invalid-argument");
  expect(JSON.stringify(error)).not.toContain("/dev/null");
  await broken.server.close();
});

it("no log holds what was sent", () => {
  expect(http.log()).not.toContain("half");
  expect(http.log()).not.toContain("made-up");
  expect(http.log()).not.toMatch(/internal error/);
});
