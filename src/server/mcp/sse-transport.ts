/** The transport of revision 2024-11-05: answers go down an event stream, messages come in by POST (spec 6.1). */
import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/server";
import { isJSONRPCNotification, isJSONRPCRequest, isJSONRPCResponse } from "@modelcontextprotocol/server";

export interface SseTransportOptions {
  /** Where the client is to post its messages, relative to the address of the stream. */
  readonly endpoint: string;
  /** How often the stream says that it is alive, in milliseconds. */
  readonly aliveMs: number;
}

/** What waits to be read by the client. */
interface Frame {
  readonly text: string;
  /** It was read, or never will be. */
  readonly over: () => void;
}

/** Some sixty lines of our own: the SDK's copy of the old transport is frozen, and reads bodies past our limits. */
export class SseTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: <T extends JSONRPCMessage>(message: T) => void;
  /** What the client reads; cancelling it ends the connection. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly #options: SseTransportOptions;
  readonly #encoder = new TextEncoder();
  readonly #frames: Frame[] = [];
  /** Says to a reader that waits that there is something, or that it is the end. */
  #arrived = (): void => undefined;
  #isClosed = false;
  #alive: NodeJS.Timeout | null = null;

  constructor(options: SseTransportOptions) {
    this.#options = options;
    const source = {
      pull: (reader: ReadableStreamDefaultController<Uint8Array>) => this.#give(reader),
      cancel: () => this.close(),
    };
    // Nothing is taken before it is asked for, so that whoever sends knows what was read.
    this.stream = new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
  }

  async start(): Promise<void> {
    void this.#write(`event: endpoint\ndata: ${this.#options.endpoint}\n\n`);
    this.#alive = setInterval(() => {
      if (this.#frames.length === 0) void this.#write(": keepalive\n\n");
    }, this.#options.aliveMs);
    this.#alive.unref();
  }

  /** Resolves when the client has taken it, so that the answers of a client that reads none stay bounded by its calls. */
  async send(message: JSONRPCMessage): Promise<void> {
    await this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  /** Takes a posted message; false when it is none. */
  receive(message: unknown): boolean {
    if (!isMessage(message)) return false;
    this.onmessage?.(message);
    return true;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#alive !== null) clearInterval(this.#alive);
    for (const { over } of this.#frames) over();
    this.#arrived();
    this.onclose?.();
  }

  async #write(text: string): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((over) => {
      this.#frames.push({ text, over });
      this.#arrived();
    });
  }

  /** The next frame; after the end, what had been written before it. */
  async #give(reader: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#frames.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    const frame = this.#frames.shift();
    if (frame === undefined) reader.close();
    else {
      reader.enqueue(this.#encoder.encode(frame.text));
      frame.over();
    }
  }
}

function isMessage(value: unknown): value is JSONRPCMessage {
  return isJSONRPCRequest(value) || isJSONRPCNotification(value) || isJSONRPCResponse(value);
}
