/** Bounds of the HTTP way in that time decides: sessions that are left, rates, and streams nobody reads. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Refusal } from "../../src/server/http/refusal.ts";
import { createRequestRate } from "../../src/server/http/request-rate.ts";
import { closeInTime, goneSignal, sendWebResponse } from "../../src/server/http/web-bridge.ts";
import { limitStore } from "../../src/server/limited-store.ts";
import { createSessionTable } from "../../src/server/mcp/session-table.ts";
import { SseTransport } from "../../src/server/mcp/sse-transport.ts";
import { emptyChange } from "../../src/storage/change-set.ts";
import { openSocket } from "../support/http.ts";
import { createMemoryStore } from "../support/memory-store.ts";

let now = 0;
beforeEach(() => {
  now = 0;
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const statusOf = (work: () => unknown): number => {
  try {
    work();
    return 200;
  } catch (error) {
    return error instanceof Refusal ? error.status : 0;
  }
};

describe("a table of sessions", () => {
  const limits = { sessionsMax: 2, sessionsPerClientMax: 2, idleMs: 1_000, spareMs: 100, sweepMs: 10 };
  const ended: string[] = [];
  const table = () => createSessionTable<{ readonly end: () => Promise<void> }>(limits, () => now);
  const session = (id: string) => ({ end: async () => void ended.push(id) });
  beforeEach(() => {
    ended.length = 0;
  });

  it("ends those that nobody used for long, and no others", async () => {
    const kept = table();
    kept.add("left", session("left"), "client");
    kept.add("open", session("open"), "client");
    const release = kept.use("open");
    now = 2_000;
    vi.advanceTimersByTime(10);
    expect([ended, kept.size()]).toEqual([["left"], 1]);
    release();
    now = 2_999;
    vi.advanceTimersByTime(10);
    expect(kept.size()).toBe(1);
    now = 3_000;
    vi.advanceTimersByTime(10);
    expect(ended).toEqual(["left", "open"]);
    await kept.close();
  });

  it("makes room by ending the one left longest, and has none while all are in use", async () => {
    const kept = table();
    kept.add("a", session("a"), "client");
    kept.add("b", session("b"), "client");
    now = 99;
    expect(kept.hasRoom("client")).toBe(false);
    kept.use("a")();
    now = 150;
    expect([kept.hasRoom("client"), ended]).toEqual([true, ["b"]]);
    kept.add("c", session("c"), "client");
    kept.use("a");
    kept.use("c");
    now = 10_000;
    expect(kept.hasRoom("client")).toBe(false);
    await kept.close();
    expect(ended).toEqual(["b", "a", "c"]);
  });

  it("keeps room for others when one client takes all that it may, and ends only its own for it", () => {
    const kept = createSessionTable<{ readonly end: () => Promise<void> }>(
      { ...limits, sessionsMax: 3 },
      () => now,
    );
    kept.add("other", session("other"), "other");
    kept.add("a", session("a"), "client");
    kept.add("b", session("b"), "client");
    expect([kept.hasRoom("client"), kept.hasRoom("third")]).toEqual([false, false]);
    now = 150;
    expect([kept.hasRoom("client"), ended]).toEqual([true, ["a"]]);
    expect(kept.hasRoom("third")).toBe(true);
    return kept.close();
  });

  it("is not brought back by a request that ends after its session", async () => {
    const kept = table();
    kept.add("a", session("a"), "client");
    const release = kept.use("a");
    await kept.end("a");
    release();
    expect([kept.find("a"), kept.size()]).toEqual([null, 0]);
  });
});

describe("a rate", () => {
  const limits = {
    requestsPerSecond: 10,
    requestsBurst: 2,
    clientsMax: 2,
    callsMax: 3,
    callsPerClientMax: 2,
    streamsMax: 3,
    streamsPerClientMax: 2,
  };

  it("lets a burst through, then so many per second, each client for itself", () => {
    const rate = createRequestRate(limits, () => now);
    const take = (client: string): number => statusOf(() => rate.take(client));
    expect([take("a"), take("a"), take("a"), take("b")]).toEqual([200, 200, 429, 200]);
    now = 100;
    expect([take("a"), take("a")]).toEqual([200, 429]);
  });

  it("bounds calls at once: of one client with 429, of all with 503", () => {
    const rate = createRequestRate(limits, () => now);
    const begin = (client: string, count = 1) => rate.begin(client, count);
    const over = begin("a");
    begin("a");
    expect(statusOf(() => begin("a"))).toBe(429);
    begin("b");
    expect(statusOf(() => begin("c"))).toBe(503);
    over();
    over();
    expect(rate.running()).toBe(2);
    expect(statusOf(() => begin("c"))).toBe(200);
  });

  it("counts each request of a batch, and lets pass what asks for nothing", () => {
    const rate = createRequestRate(limits, () => now);
    expect(statusOf(() => rate.begin("a", 3))).toBe(429);
    const over = rate.begin("a", 2);
    expect([statusOf(() => rate.begin("b", 2)), rate.running()]).toEqual([503, 2]);
    expect([statusOf(() => rate.begin("a", 0)), rate.running()]).toEqual([200, 2]);
    over();
    expect(rate.running()).toBe(0);
  });

  it("bounds streams: of one client with 429, of all with 503", () => {
    const rate = createRequestRate(limits, () => now);
    const begin = (client: string): number => statusOf(() => rate.beginStream(client));
    const closed = rate.beginStream("a");
    expect([begin("a"), begin("a"), begin("b"), begin("c")]).toEqual([200, 429, 200, 503]);
    closed();
    closed();
    expect([rate.streaming(), begin("c"), begin("a")]).toEqual([2, 200, 503]);
  });
});

/** A client that asks and never reads the answer. */
async function askWithoutReading(server: Server): Promise<Socket> {
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  const { socket } = openSocket(`http://127.0.0.1:${port}`);
  socket.pause();
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return socket;
}

describe("an answer that nobody reads", () => {
  it("is given up after a while, and what makes it is told", async () => {
    let isCancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
      cancel: () => {
        isCancelled = true;
      },
    });
    const server = createServer((request, response) => {
      const sending = { gone: goneSignal(response), stallMsMax: 50 };
      void sendWebResponse(new Response(endless), response, sending).then(() => server.close());
      request.resume();
    });
    const closed = new Promise((resolve) => server.once("close", resolve));
    const socket = await askWithoutReading(server);
    await closed;
    expect(isCancelled).toBe(true);
    socket.destroy();
  });

  it("is cut off at its end, too", async () => {
    const server = createServer((_, response) => {
      response.end(Buffer.alloc(64 * 1024 * 1024));
      closeInTime(response, 50);
      server.close();
    });
    const closed = new Promise((resolve) => server.once("close", resolve));
    const socket = await askWithoutReading(server);
    await closed;
    socket.destroy();
  });
});

describe("a limited store", () => {
  /** Of the methods of the port, those that take no name of a tract first. */
  const WITHOUT_TRACT = [
    ...["backupTo", "checkDerived", "checkIntegrity", "close", "indexForSearch", "listTracts", "publish"],
    ...["readChangeCounter", "readContents", "readReusable", "readSize", "repairDerived", "resetSearchIndex"],
    ...["scanContents", "snippets", "sweepGarbage"],
  ];
  const store = createMemoryStore();
  const methods = Object.entries(store).flatMap(([name, value]) =>
    typeof value === "function" ? [name] : [],
  );
  const limited = limitStore(store, { mayWrite: true, tracts: ["own", "own-*"] });
  const call = async (on: object, name: string, ...args: readonly unknown[]): Promise<unknown> =>
    await Reflect.get(on, name)(...args);

  it.each(methods.filter((name) => !WITHOUT_TRACT.includes(name)))(
    "refuses other tracts in %s",
    async (name) => {
      await expect(call(limited, name, "other")).rejects.toMatchObject({ code: "not-allowed" });
    },
  );

  it("refuses to write other tracts, also beside an own one, and for readers every tract", async () => {
    const [own, other] = [emptyChange("own-1"), emptyChange("other")];
    await expect(limited.publish(other)).rejects.toMatchObject({ code: "not-allowed" });
    await expect(limited.publish(own, [other])).rejects.toMatchObject({ code: "not-allowed" });
    await expect(call(limited, "sweepGarbage", { tract: "other" })).rejects.toMatchObject({
      code: "not-allowed",
    });
    const reading = limitStore(store, { mayWrite: false, tracts: null });
    expect(reading.isReadonly).toBe(true);
    for (const [name, argument] of [
      ["publish", own],
      ["sweepGarbage", { tract: "own" }],
      ["repairDerived", undefined],
      ["backupTo", "/nowhere"],
    ])
      await expect(call(reading, String(name), argument)).rejects.toMatchObject({ code: "not-allowed" });
    expect(await reading.findTract("other")).toBeNull();
  });

  it("is the store itself where there is nothing to limit", () => {
    expect(limitStore(store, { mayWrite: true, tracts: null })).toBe(store);
  });
});

describe("the old transport", () => {
  it("says where to post, takes messages only, knows what was read, and ends when its reader leaves", async () => {
    const transport = new SseTransport({ endpoint: "/messages?sessionId=1", aliveMs: 50 });
    let isClosed = false;
    transport.onclose = () => {
      isClosed = true;
    };
    await transport.start();
    const reader = transport.stream.getReader();
    const next = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value);
    expect(await next()).toBe("event: endpoint\ndata: /messages?sessionId=1\n\n");
    vi.advanceTimersByTime(50);
    expect(await next()).toBe(": keepalive\n\n");
    expect([transport.receive({ jsonrpc: "2.0", method: "x" }), transport.receive({ method: "x" })]).toEqual([
      true,
      false,
    ]);
    let isTaken = false;
    const sent = transport.send({ jsonrpc: "2.0", method: "y" }).then(() => {
      isTaken = true;
    });
    await setImmediate();
    expect(isTaken).toBe(false);
    expect(await next()).toContain('"method":"y"');
    await sent;
    const unread = transport.send({ jsonrpc: "2.0", method: "z" });
    await reader.cancel();
    await unread;
    await setImmediate();
    expect(isClosed).toBe(true);
    await transport.send({ jsonrpc: "2.0", method: "late" });
  });

  it("gives its last words to a reader that is still there when it closes", async () => {
    const transport = new SseTransport({ endpoint: "/m", aliveMs: 50 });
    await transport.start();
    const last = transport.send({ jsonrpc: "2.0", method: "last" });
    await transport.close();
    await last;
    let text = "";
    for await (const bytes of transport.stream) text += new TextDecoder().decode(bytes);
    expect(text).toMatch(/endpoint[\s\S]*last/);
  });
});
