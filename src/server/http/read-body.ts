/** Reads a request's body as JSON within bounds: of each body, and of all that are held at once. */
import type { IncomingMessage } from "node:http";
import { busy, Refusal } from "./refusal.ts";

export interface ReadBody {
  readonly body: unknown;
  readonly bytes: number;
  readonly free: () => void;
}

export interface BodyReader {
  /**
   * Gives the JSON value, how long it was, and a function that gives its room back.
   *
   * @throws Refusal 413 too long, 429 or 503 too many at once, 415 compressed, 400 no JSON or the client broke off.
   */
  readonly read: (request: IncomingMessage, client: string) => Promise<ReadBody>;
}

export function createBodyReader(limits: {
  readonly bodyBytesMax: number;
  readonly bodiesBytesMax: number;
  readonly bodiesBytesPerClientMax: number;
}): BodyReader {
  let held = 0;
  const heldOf = new Map<string, number>();

  /** Also what is given back, as a negative number. @returns What the client holds now. */
  function hold(client: string, bytes: number): number {
    held += bytes;
    const all = (heldOf.get(client) ?? 0) + bytes;
    if (all > 0) heldOf.set(client, all);
    else heldOf.delete(client);
    return all;
  }

  return {
    read: async (request, client) => {
      let own = 0;
      const free = (): void => {
        hold(client, -own);
        own = 0;
      };
      try {
        if ((request.headers["content-encoding"] ?? "identity").toLowerCase() !== "identity")
          throw new Refusal(415, "compressed bodies are not read", { "Accept-Encoding": "identity" });
        // Refused by what it announces: nothing is read.
        if (Number(request.headers["content-length"] ?? 0) > limits.bodyBytesMax)
          throw tooLong(limits.bodyBytesMax);
        const chunks: Buffer[] = [];
        // The rest of a body that is refused is still taken off the wire, so that the client reads why.
        const whole: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false }); // No encoding is set, so chunks are bytes.
        for await (const chunk of whole) {
          own += chunk.length;
          const heldByClient = hold(client, chunk.length);
          if (own > limits.bodyBytesMax) throw tooLong(limits.bodyBytesMax);
          if (heldByClient > limits.bodiesBytesPerClientMax)
            throw busy(429, "too many long requests of one client at once");
          if (held > limits.bodiesBytesMax) throw busy(503, "too many long requests at once");
          chunks.push(chunk);
        }
        return { body: parse(Buffer.concat(chunks)), bytes: own, free };
      } catch (error) {
        free();
        throw error instanceof Refusal ? error : new Refusal(400, "the body could not be read");
      }
    },
  };
}

function tooLong(bytesMax: number): Refusal {
  return new Refusal(
    413,
    `the body is too long; at most ${bytesMax} bytes are read: split the content into several commits`,
  );
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal(400, "Parse error: the body is not valid JSON in UTF-8");
  }
}
