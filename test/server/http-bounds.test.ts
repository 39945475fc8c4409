/** What one client may take, whether or not it waits for its answers, so that the others get theirs. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HttpLimits } from "../../src/server/http/http-limits.ts";
import {
  callOnce,
  JSON_HEADERS,
  type LocalHttp,
  modernRequest,
  openSocket,
  startLocalHttp,
} from "../support/http.ts";

const ONE = "one-client-0123456789";
const OTHER = "other-client-0123456789";
const as = (token: string): Readonly<Record<string, string>> => ({ Authorization: `Bearer ${token}` });

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-bounds-"));
  writeFileSync(join(folder, "tokens"), `${ONE} write\n${OTHER} write\n`, { mode: 0o600 });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let http: LocalHttp;
let stop: AbortController;
async function start(limits: Partial<HttpLimits> = {}): Promise<void> {
  stop = new AbortController();
  http = await startLocalHttp(
    folder,
    { "http.token_file": join(folder, "tokens"), profile: "full" },
    { streamAliveMs: 50, ...limits },
  );
}
afterEach(async () => {
  stop.abort();
  await http.server.close();
});

const send = (path: string, message: unknown, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${http.address}${path}`, {
    method: "POST",
    headers: { ...JSON_HEADERS, ...as(ONE), ...headers },
    body: JSON.stringify(message),
    signal: stop.signal,
  });
const initialize = {
  jsonrpc: "2.0",
  id: "begin",
  method: "initialize",
  params: { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "x", version: "1" } },
};
const importing = (id: number, length: number) => {
  const talk = Array.from({ length }, (_, i) => ({ role: "user", content: `message ${i}` }));
  const args = { text: JSON.stringify(talk), branch: `b${id}` };
  return {
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name: "import_transcript", arguments: args },
  };
};
/** Takes longer than a test needs to look. */
const longCall = (id: number) => importing(id, 20_000);
const quickCall = (id: number) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "status", arguments: {} },
});

/** A stream of the old transport, and where to post. */
async function openSse(token = ONE): Promise<{
  readonly path: string;
  readonly until: (words: string) => Promise<void>;
}> {
  const response = await fetch(`${http.address}/sse`, { headers: as(token), signal: stop.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const until = async (words: string): Promise<void> => {
    while (!text.includes(words)) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) throw new Error(`the stream ended without ${words}`);
      text += value;
    }
  };
  await until("\n\n");
  return { path: /data: (\S+)/.exec(text)?.[1] ?? "", until };
}

async function beginSession(): Promise<Readonly<Record<string, string>>> {
  const response = await send("/mcp", initialize);
  await response.text();
  return { "Mcp-Session-Id": response.headers.get("mcp-session-id") ?? "" };
}

/** A request whose body is still to be written. */
function postSlowly(headers: Readonly<Record<string, string>>): ReturnType<typeof openSocket> {
  const opened = openSocket(http.address);
  const head = Object.entries({ Host: "localhost", ...JSON_HEADERS, ...as(ONE), ...headers });
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  opened.socket.write(`POST /mcp HTTP/1.1\r\n${lines}\r\n`);
  return opened;
}

async function noneUnderWay(): Promise<void> {
  while (http.server.load().calls > 0) await fetch(`${http.address}/healthz`);
}

describe("calls at once", () => {
  it("over HTTP+SSE are counted until they are answered, though a POST is answered at once", async () => {
    await start({ callsPerClientMax: 2 });
    const { path, until } = await openSse();
    const statuses: number[] = [];
    for (const id of [1, 2, 3]) statuses.push((await send(path, longCall(id))).status);
    expect(statuses).toEqual([202, 202, 429]);
    expect((await callOnce(http.address, "status", {}, as(OTHER))).tract).toBe("demo");
    for (const requestId of [1, 2]) {
      const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } };
      expect((await send(path, cancel)).status).toBe(202);
    }
    await noneUnderWay();
    expect((await send(path, quickCall(4))).status).toBe(202);
    await until('"id":4');
    await noneUnderWay();
  });

  it("of a session are counted until they are done, whether or not the client is still there", async () => {
    await start({ callsPerClientMax: 1 });
    const session = await beginSession();
    const body = JSON.stringify(longCall(1));
    const { socket } = postSlowly({ ...session, "Content-Length": String(body.length) });
    socket.write(body);
    await new Promise((resolve) => socket.once("data", resolve));
    const before = http.server.load().connections;
    socket.destroy();
    while (http.server.load().connections >= before) await fetch(`${http.address}/healthz`);
    expect(http.server.load().calls).toBe(1);
    expect((await send("/mcp", quickCall(2), session)).status).toBe(429);
    const ended = { method: "DELETE", headers: { ...as(ONE), ...session } };
    expect((await fetch(`${http.address}/mcp`, ended)).status).toBe(200);
    await noneUnderWay();
  });

  it("count each request of a batch, and what is refused leaves no trace", async () => {
    await start({ callsPerClientMax: 2 });
    const session = await beginSession();
    expect((await send("/mcp", [1, 2, 3].map(quickCall), session)).status).toBe(429);
    const answered = await send("/mcp", [1, 2].map(quickCall), session);
    expect([answered.status, (await answered.text()).match(/^data:/gm)?.length]).toEqual([200, 2]);
    const wrong = { ...session, "MCP-Protocol-Version": "1999-01-01" };
    for (const id of [4, 5, 6]) expect((await send("/mcp", quickCall(id), wrong)).status).toBe(400);
    const { path } = await openSse();
    for (const id of [7, 8, 9]) expect((await send(path, [quickCall(id)])).status).toBe(400);
    await noneUnderWay();
  });
});

describe("what one client takes", () => {
  it("of streams and sessions leaves some to others", async () => {
    await start({ streamsPerClientMax: 2, sessionsPerClientMax: 1 });
    const sse = await openSse();
    expect((await fetch(`${http.address}/sse`, { headers: as(ONE) })).status).toBe(503);
    const listen = (token: string) =>
      fetch(`${http.address}/mcp`, {
        ...modernRequest(
          "subscriptions/listen",
          { notifications: { resourcesListChanged: true } },
          as(token),
        ),
        signal: stop.signal,
      });
    const held = [await listen(ONE), await listen(ONE), await listen(OTHER)];
    expect(held.map(({ status }) => status)).toEqual([200, 429, 200]);
    // Kept, as a response that nobody holds is closed when memory is cleaned up.
    expect([sse, await openSse(OTHER)].map(({ path }) => path.split("?")[0])).toEqual([
      "/messages",
      "/messages",
    ]);
  });

  it("of memory is little when it begins a session, by either transport", async () => {
    await start({ initializeBytesMax: 1_000 });
    const { params } = initialize;
    const long = {
      ...initialize,
      params: { ...params, clientInfo: { name: "x".repeat(1_000), version: "1" } },
    };
    expect((await send("/mcp", long)).status).toBe(413);
    const { path } = await openSse();
    expect((await send(path, long)).status).toBe(413);
    expect(http.server.load().sessions).toBe(1);
  });

  it("of memory is little for each address that it watches", async () => {
    await start();
    const session = await beginSession();
    const watch = (ref: string): Record<string, unknown> => ({
      jsonrpc: "2.0",
      id: 1,
      method: "resources/subscribe",
      params: { uri: `tract://demo/log/${ref}` },
    });
    expect(await (await send("/mcp", watch("main"), session)).text()).toContain('"result":{}');
    const refused = await (await send("/mcp", watch("x".repeat(10_000)), session)).text();
    expect(refused).toContain("not-found");
    expect(refused.length).toBeLessThan(2_000);
  });

  it("of room for bodies leaves some to others", async () => {
    await start({ bodyBytesMax: 100_000, bodiesBytesPerClientMax: 100_000 });
    const { socket } = openSocket(http.address);
    const head = Object.entries({
      ...JSON_HEADERS,
      ...as(ONE),
      Host: "localhost",
      "Content-Length": "90000",
    });
    const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(`POST /mcp HTTP/1.1\r\n${lines}\r\n${" ".repeat(80_000)}`);
    const long = (token: string): RequestInit => {
      const request = modernRequest("tools/list", {}, as(token));
      return { ...request, body: `${" ".repeat(50_000)}${request.body}` };
    };
    let first = await fetch(`${http.address}/mcp`, long(ONE));
    // What the other connection has sent arrives in its own time.
    while (first.status === 200) first = await fetch(`${http.address}/mcp`, long(ONE));
    expect([first.status, first.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await fetch(`${http.address}/mcp`, long(OTHER))).status).toBe(200);
    socket.destroy();
    while ((await fetch(`${http.address}/mcp`, long(ONE))).status !== 200);
  });
});

describe("the end of a server", () => {
  it("waits for calls over HTTP+SSE as for all others", async () => {
    await start({ drainMsMax: 20_000 });
    const { path, until } = await openSse();
    await send(path, initialize);
    expect((await send(path, importing(1, 1_000))).status).toBe(202);
    const closing = http.server.close();
    await until('"id":1');
    await closing;
  });

  it("serves no request whose body comes after it", async () => {
    await start();
    const body = JSON.stringify(initialize);
    const { socket, all } = postSlowly({ "Content-Length": String(body.length), Expect: "100-continue" });
    await new Promise((resolve) => socket.once("data", resolve));
    const closing = http.server.close();
    socket.write(body);
    await closing;
    expect(await all).toMatch(/100 Continue[\s\S]*503 Service Unavailable/);
    expect(http.server.load().sessions).toBe(0);
  });
});
