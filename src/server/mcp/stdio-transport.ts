/** The stdio wire of one connection: a message per line, bounded in size, with nothing but the protocol on stdout. */
import type { Readable, Writable } from "node:stream";
import type { JSONRPCMessage, RequestId, Transport } from "@modelcontextprotocol/server";
import { ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { Log } from "../log.ts";
import type { Envelope } from "./envelope-scanner.ts";
import { createLineSplitter, type LineSplitter } from "./line-splitter.ts";

export interface StdioTransportOptions {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly messageBytesMax: number;
  /** How long calls under way may be answered after stdin has ended, in milliseconds. */
  readonly drainMsMax: number;
  readonly log: Log;
  /** Sees every message before it is served. */
  readonly onInbound: (message: JSONRPCMessage) => void;
}

/**
 * Differs from the SDK's own in three things that matter to a caller: a message over the limit is answered and the connection goes on
 * (the SDK's closes it), a long message costs linear time, and a client that pipes requests in and closes stdin still gets its answers.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: <T extends JSONRPCMessage>(message: T) => void;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #options: StdioTransportOptions;
  readonly #lines: LineSplitter;
  /** Requests that a client may still wait for. */
  readonly #unanswered = new Set<RequestId>();
  #drain: NodeJS.Timeout | null = null;
  #isClosed = false;
  #markClosed: () => void = () => undefined;

  constructor(options: StdioTransportOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#markClosed = resolve;
    });
    this.#lines = createLineSplitter({
      bytesMax: options.messageBytesMax,
      onLine: (line) => this.#receive(line),
      onTooLong: (bytes, envelope) => this.#refuseTooLong(bytes, envelope),
    });
  }

  async start(): Promise<void> {
    const { stdin, stdout } = this.#options;
    stdin.on("data", this.#onData);
    stdin.on("end", this.#onEnd);
    stdin.on("close", this.#onEnd);
    stdin.on("error", this.#onBroken);
    stdout.on("error", this.#onBroken);
    if (stdin.readableEnded || stdin.destroyed) setImmediate(this.#onEnd);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed) return; // Nobody is there to read it.
    const { stdout } = this.#options;
    if (!stdout.write(`${JSON.stringify(message)}\n`)) {
      await new Promise<void>((resolve) => {
        stdout.once("drain", resolve);
        void this.closed.then(resolve);
      });
    }
    if (!("method" in message) && message.id !== undefined) this.#settle(message.id);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#drain !== null) clearTimeout(this.#drain);
    const { stdin } = this.#options;
    stdin.off("data", this.#onData);
    stdin.off("end", this.#onEnd);
    stdin.off("close", this.#onEnd);
    stdin.pause();
    this.#markClosed();
    this.onclose?.();
  }

  readonly #onData = (chunk: Buffer): void => this.#lines.push(chunk);

  readonly #onEnd = (): void => {
    if (this.#drain !== null || this.#isClosed) return;
    this.#lines.end();
    if (this.#unanswered.size === 0) void this.close();
    else this.#drain = setTimeout(() => void this.close(), this.#options.drainMsMax);
  };

  /** The other side is gone: there is nothing to wait for. The listeners stay, so that late writes fail in silence. */
  readonly #onBroken = (error: Error): void => {
    if (this.#isClosed) return;
    this.onerror?.(error);
    void this.close();
  };

  #receive(line: string): void {
    const message = parseMessage(line);
    if (message === "not-json") {
      this.#refuse(ProtocolErrorCode.ParseError, "the line is not JSON", null);
    } else if (message === "not-rpc") {
      this.#refuse(ProtocolErrorCode.InvalidRequest, "the line is not one JSON-RPC 2.0 message", null);
    } else {
      if ("method" in message) this.#follow(message);
      this.#options.onInbound(message);
      this.onmessage?.(message);
    }
  }

  /** Remembers which requests wait for an answer. A subscription never gets one while it stands. */
  #follow(message: Extract<JSONRPCMessage, { method: string }>): void {
    if (message.method === "notifications/cancelled") {
      const cancelled = message.params?.requestId;
      if (typeof cancelled === "string" || typeof cancelled === "number") this.#settle(cancelled);
    } else if ("id" in message && message.method !== "subscriptions/listen") {
      this.#unanswered.add(message.id);
    }
  }

  #settle(id: RequestId): void {
    this.#unanswered.delete(id);
    if (this.#drain !== null && this.#unanswered.size === 0) void this.close();
  }

  #refuseTooLong(bytes: number, { id, method }: Envelope): void {
    const bytesMax = this.#options.messageBytesMax;
    this.#options.log.warn("a message was too long and discarded", { bytes, method });
    const message = `the message has ${bytes} bytes; at most ${bytesMax} are read, so it was discarded`;
    const hint =
      "Send less at once: split the content into several commits, or give import_transcript a path instead of the text.";
    this.#refuse(ProtocolErrorCode.InvalidRequest, message, id, {
      code: "content-too-large",
      message,
      hint,
      data: { bytes, bytes_max: bytesMax },
    });
  }

  #refuse(code: number, message: string, id: RequestId | null, data?: unknown): void {
    const error = { code, message, ...(data === undefined ? {} : { data }) };
    void this.send({ jsonrpc: "2.0", ...(id === null ? {} : { id }), error });
  }
}

/** One JSON-RPC message; the protocol layer checks the rest of it. */
function parseMessage(line: string): JSONRPCMessage | "not-json" | "not-rpc" {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "not-json";
  }
  return isMessage(value) ? value : "not-rpc";
}

function isMessage(value: unknown): value is JSONRPCMessage {
  if (typeof value !== "object" || value === null || !("jsonrpc" in value) || value.jsonrpc !== "2.0")
    return false;
  const hasId = "id" in value && (typeof value.id === "string" || Number.isSafeInteger(value.id));
  if ("method" in value)
    return typeof value.method === "string" && (hasId || !("id" in value)) && hasSoundParams(value);
  return ("result" in value || "error" in value) && (hasId || !("id" in value));
}

function hasSoundParams(value: object): boolean {
  return (
    !("params" in value) ||
    (typeof value.params === "object" && value.params !== null && !Array.isArray(value.params))
  );
}
