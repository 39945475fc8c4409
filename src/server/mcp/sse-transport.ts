/** The transport of revision 2024-11-05: answers go down an event stream, messages come in by POST (spec 6.1). */
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/server";
import { isJSONRPCNotification, isJSONRPCRequest, isJSONRPCResponse } from "@modelcontextprotocol/server";

export interface SseTransportOptions {
  /** Where the client is to post its messages, relative to the address of the stream. */
  readonly endpoint: string;
  /** How often the stream says that it is alive, in milliseconds. */
  readonly aliveMs: number;
}

/** Some forty lines of our own: the SDK's copy of the old transport is frozen, and reads bodies past our limits. */
export class SseTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: <T extends JSONRPCMessage>(message: T) => void;
  /** What the client reads; cancelling it ends the connection. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly #options: SseTransportOptions;
  readonly #encoder = new TextEncoder();
  #out: ReadableStreamDefaultController<Uint8Array> | null = null;
  #alive: NodeJS.Timeout | null = null;

  constructor(options: SseTransportOptions) {
    this.#options = options;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#out = controller;
      },
      cancel: () => this.close(),
    });
  }

  async start(): Promise<void> {
    this.#write(`event: endpoint\ndata: ${this.#options.endpoint}\n\n`);
    this.#alive = setInterval(() => this.#write(": keepalive\n\n"), this.#options.aliveMs);
    this.#alive.unref();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  /** Takes a posted message; false when it is none. */
  receive(message: unknown): boolean {
    if (!isMessage(message)) return false;
    this.onmessage?.(message);
    return true;
  }

  async close(): Promise<void> {
    if (this.#out === null) return;
    const out = this.#out;
    this.#out = null;
    if (this.#alive !== null) clearInterval(this.#alive);
    try {
      out.close();
    } catch {
      // The client has cancelled it.
    }
    this.onclose?.();
  }

  #write(frame: string): void {
    this.#out?.enqueue(this.#encoder.encode(frame));
  }
}

function isMessage(value: unknown): value is JSONRPCMessage {
  return isJSONRPCRequest(value) || isJSONRPCNotification(value) || isJSONRPCResponse(value);
}
