/** The stdio wire of one connection: a message per line, bounded in size, with nothing but the protocol on stdout. */
import type { Readable, Writable } from "node:stream";
import type { JSONRPCMessage, RequestId, Transport } from "@modelcontextprotocol/server";
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  ProtocolErrorCode,
} from "@modelcontextprotocol/server";
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
  /**
   * What has to be there before a message is served: it and all that follow wait for it, in their order. null: nothing. The promise must
   * not be rejected.
   */
  readonly prepare?: (message: JSONRPCMessage) => Promise<void> | null;
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
  /** Messages that wait for what has to be there first; null: none has to wait. */
  #held: JSONRPCMessage[] | null = null;
  /** Resolves when stdout takes more; one wait for all answers that queue there. */
  #flowing: Promise<void> | null = null;
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
      onNotUtf8: ({ id }) => this.#refuse(ProtocolErrorCode.ParseError, "the line is not UTF-8", id),
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
    if (!stdout.write(`${JSON.stringify(message)}\n`)) await this.#untilFlowing();
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

  #untilFlowing(): Promise<void> {
    const drained = new Promise<void>((resolve) => {
      if (this.#flowing === null) this.#options.stdout.once("drain", resolve);
    });
    this.#flowing ??= Promise.race([drained, this.closed]).finally(() => {
      this.#flowing = null;
    });
    return this.#flowing;
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
    const value = parseLine(line);
    if (value === undefined) {
      this.#refuse(ProtocolErrorCode.ParseError, "the line is not JSON", null);
    } else if (!isMessage(value)) {
      this.#refuse(
        ProtocolErrorCode.InvalidRequest,
        "the line is not one JSON-RPC 2.0 message",
        askedId(value),
      );
    } else {
      if ("method" in value) this.#follow(value);
      this.#admit(value);
    }
  }

  #admit(message: JSONRPCMessage): void {
    if (this.#held !== null) {
      this.#held.push(message);
      return;
    }
    const preparing = this.#options.prepare?.(message) ?? null;
    if (preparing === null) {
      this.#serve(message);
      return;
    }
    const held: JSONRPCMessage[] = [];
    this.#held = held;
    void preparing.then(() => {
      this.#held = null;
      this.#serve(message);
      for (const each of held) this.#admit(each);
    });
  }

  #serve(message: JSONRPCMessage): void {
    if (this.#isClosed) return;
    this.#options.onInbound(message);
    this.onmessage?.(message);
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

/** undefined when the line is no JSON. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** By the protocol layer's own checks: it would drop without an answer what does not pass them. */
function isMessage(value: unknown): value is JSONRPCMessage {
  return isJSONRPCRequest(value) || isJSONRPCNotification(value) || isJSONRPCResponse(value);
}

/** Id under which somebody waits for an answer to what is no sound message; null when nobody does. */
function askedId(value: unknown): RequestId | null {
  if (typeof value !== "object" || value === null || "result" in value || "error" in value) return null;
  const id: unknown = "id" in value ? value.id : null;
  return typeof id === "string" || (typeof id === "number" && Number.isSafeInteger(id)) ? id : null;
}
