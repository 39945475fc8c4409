/** The stdio wire: lines of any cut, messages over the limit, what is no message, and the end of stdin. */
import { PassThrough } from "node:stream";
import type { JSONRPCMessage } from "@modelcontextprotocol/server";
import { afterEach, describe, expect, it } from "vitest";
import { createLog } from "../../src/server/log.ts";
import { createEnvelopeScanner } from "../../src/server/mcp/envelope-scanner.ts";
import { createLineSplitter } from "../../src/server/mcp/line-splitter.ts";
import { StdioTransport } from "../../src/server/mcp/stdio-transport.ts";

describe("lines", () => {
  function split(chunks: readonly string[], bytesMax = 100) {
    const lines: string[] = [];
    const dropped: unknown[] = [];
    const splitter = createLineSplitter({
      bytesMax,
      onLine: (line) => lines.push(line),
      onTooLong: (bytes, envelope) => dropped.push({ bytes, ...envelope }),
      onNotUtf8: (envelope) => dropped.push(envelope),
    });
    for (const chunk of chunks) splitter.push(Buffer.from(chunk));
    splitter.end();
    return { lines, dropped };
  }

  it("are the same however the bytes are cut", () => {
    const text = '{"a":"ä€😀"}\r\n\n{"b":2}\n{"c":3}';
    const bytes = Buffer.from(text);
    const lines: string[] = [];
    const splitter = createLineSplitter({
      bytesMax: 100,
      onLine: (line) => lines.push(line),
      onTooLong: () => expect.unreachable(),
      onNotUtf8: () => expect.unreachable(),
    });
    for (const byte of bytes) splitter.push(Buffer.from([byte]));
    splitter.end();
    expect(lines).toEqual(split([text]).lines);
    expect(lines).toEqual(['{"a":"ä€😀"}', '{"b":2}', '{"c":3}']);
  });

  it("over the limit are dropped with id and method, and the next one is read", () => {
    const long = `{"method":"tools/call","params":{"x":"${"a".repeat(200)}"},"jsonrpc":"2.0","id":7}`;
    const { lines, dropped } = split([long.slice(0, 50), long.slice(50), '\n{"next":1}\n']);
    expect(lines).toEqual(['{"next":1}']);
    expect(dropped).toEqual([{ bytes: long.length, id: 7, method: "tools/call" }]);
  });

  it("exactly at the limit are read", () => {
    expect(split(["a".repeat(100), "\n"]).lines).toEqual(["a".repeat(100)]);
  });
});

describe("the envelope of a message that is not kept", () => {
  function envelopeOf(text: string, cut = 1) {
    const scanner = createEnvelopeScanner();
    for (let i = 0; i < text.length; i += cut) scanner.push(Buffer.from(text.slice(i, i + cut)));
    return scanner.envelope();
  }

  it("is found wherever its members stand and however the bytes are cut", () => {
    const first = '{"jsonrpc":"2.0","id":"a-1","method":"m","params":{"id":9,"method":"inner"}}';
    const last = '{"params":{"id":9,"s":"\\\\\\"}","deep":[{"id":8}]},"method":"m","id":"a-1"}';
    for (const cut of [1, 2, 3, 7, 1000]) {
      expect(envelopeOf(first, cut)).toEqual({ id: "a-1", method: "m" });
      expect(envelopeOf(last, cut)).toEqual({ id: "a-1", method: "m" });
    }
  });

  it("is not confused by text that looks like one", () => {
    const content = JSON.stringify('{"id":1,"method":"fake"}');
    expect(envelopeOf(`{"params":{"text":${content}},"id":2}`)).toEqual({ id: 2, method: null });
  });

  it("is empty for what is no object, or an id of another kind", () => {
    expect(envelopeOf("aaaa")).toEqual({ id: null, method: null });
    expect(envelopeOf('{"id":{"id":1},"x":[1,2]}')).toEqual({ id: null, method: null });
  });
});

describe("the transport", () => {
  const open: StdioTransport[] = [];
  afterEach(async () => {
    for (const transport of open.splice(0)) await transport.close();
  });

  async function start(options: { readonly messageBytesMax?: number; readonly drainMsMax?: number } = {}) {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const received: JSONRPCMessage[] = [];
    const sent: unknown[] = [];
    stdout.on("data", (chunk: Buffer) => {
      for (const line of chunk.toString().split("\n").filter(Boolean)) sent.push(JSON.parse(line));
    });
    const transport = new StdioTransport({
      stdin,
      stdout,
      messageBytesMax: options.messageBytesMax ?? 1_000,
      drainMsMax: options.drainMsMax ?? 50,
      log: createLog("silent", () => undefined),
      onInbound: () => undefined,
    });
    transport.onmessage = (message) => void received.push(message);
    open.push(transport);
    await transport.start();
    return { stdin, stdout, transport, received, sent };
  }

  const request = (id: number) => `{"jsonrpc":"2.0","id":${id},"method":"ping"}\n`;
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it("answers a message over the limit under its id and goes on", async () => {
    const { stdin, received, sent } = await start();
    stdin.write(`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"x":"${"a".repeat(2_000)}"}}\n`);
    stdin.write(request(6));
    await settled();
    expect(sent).toMatchObject([
      { id: 5, error: { data: { code: "content-too-large", data: { bytes_max: 1_000 } } } },
    ]);
    expect(received).toMatchObject([{ id: 6 }]);
  });

  it("answers what is no JSON and what is no message", async () => {
    const { stdin, received, sent } = await start();
    for (const line of [
      "nonsense",
      "[]",
      "null",
      "1",
      '{"jsonrpc":"1.0","id":1,"method":"a"}',
      '{"jsonrpc":"2.0","id":{},"method":"a"}',
      '{"jsonrpc":"2.0","id":1,"method":"a","params":[1]}',
    ]) {
      stdin.write(`${line}\n`);
    }
    await settled();
    expect(sent).toMatchObject([
      { error: { code: -32700 } },
      ...Array.from({ length: 6 }, () => ({ error: { code: -32600 } })),
    ]);
    expect(received).toEqual([]);
  });

  it("answers what is no sound request under its id, where it has one", async () => {
    const { stdin, received, sent } = await start();
    for (const rest of [
      '"id":1,"method":"a","params":[]',
      '"id":"two","method":"a","params":"text"',
      '"id":3,"method":"a","params":null',
      '"id":4,"method":"a","params":{"_meta":7}',
      '"id":5,"method":"a","params":{"_meta":{"progressToken":{}}}',
      '"id":6,"method":8',
    ]) {
      stdin.write(`{"jsonrpc":"2.0",${rest}}\n`);
    }
    stdin.write('{"jsonrpc":"2.0","id":7,"result":"not an object"}\n');
    await settled();
    const refused = { error: { code: -32600 } };
    expect(sent).toMatchObject([...[1, "two", 3, 4, 5, 6].map((id) => ({ id, ...refused })), refused]);
    expect(sent.at(-1)).not.toHaveProperty("id");
    expect(received).toEqual([]);
  });

  it("refuses a message that is not UTF-8 under its id", async () => {
    const { stdin, received, sent } = await start();
    stdin.write(Buffer.from('{"jsonrpc":"2.0","id":8,"method":"a","params":{"x":"\xe4"}}\n', "latin1"));
    stdin.write(Buffer.from([0xc3, 0x0a]));
    stdin.write(request(9));
    await settled();
    expect(sent).toMatchObject([
      { id: 8, error: { code: -32700, message: expect.stringContaining("not UTF-8") } },
      { error: { code: -32700 } },
    ]);
    expect(received).toMatchObject([{ id: 9 }]);
  });

  it("waits once for a reader that is behind, however many answers queue", async () => {
    const stdout = new PassThrough({ highWaterMark: 1 });
    const transport = new StdioTransport({
      stdin: new PassThrough(),
      stdout,
      messageBytesMax: 1_000,
      drainMsMax: 50,
      log: createLog("silent", () => undefined),
      onInbound: () => undefined,
    });
    open.push(transport);
    await transport.start();
    const before = stdout.listenerCount("drain");
    const sends = Array.from({ length: 50 }, (_, id) => transport.send({ jsonrpc: "2.0", id, result: {} }));
    expect(stdout.listenerCount("drain")).toBe(before + 1);
    stdout.resume();
    await Promise.all(sends);
    const later = transport.send({ jsonrpc: "2.0", id: 50, result: {} });
    await transport.close();
    await later;
  });

  it("waits at the end of stdin for the answers of what was asked", async () => {
    const { stdin, transport, sent } = await start({ drainMsMax: 10_000 });
    stdin.end(request(1) + request(2).trimEnd());
    await settled();
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    await transport.send({ jsonrpc: "2.0", id: 2, result: {} });
    await transport.closed;
    expect(sent).toMatchObject([{ id: 1 }, { id: 2 }]);
  });

  it("does not wait longer than it may, nor for cancelled calls and subscriptions", async () => {
    const slow = await start({ drainMsMax: 5 });
    slow.stdin.end(request(1));
    await slow.transport.closed;
    const none = await start({ drainMsMax: 60_000 });
    none.stdin.write('{"jsonrpc":"2.0","id":3,"method":"subscriptions/listen","params":{}}\n');
    none.stdin.write(request(4));
    none.stdin.end('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}\n');
    await none.transport.closed;
  });

  it("ends when the client's side of stdout breaks", async () => {
    const { stdout, transport } = await start({ drainMsMax: 60_000 });
    stdout.destroy(new Error("EPIPE"));
    await transport.closed;
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  });
});
