/** Bounds what clients may ask for: requests per second, requests at once, streams that stay open. */
import { busy } from "./refusal.ts";

export interface RequestRate {
  /** Counts a request. @throws Refusal 429 when the client asks too often. */
  readonly take: (client: string) => void;
  /** Begins so many calls; gives what ends them. None is always welcome. @throws Refusal 429 or 503 when too many are under way. */
  readonly begin: (client: string, count: number) => () => void;
  /** The same for a stream, which stays open. */
  readonly beginStream: (client: string) => () => void;
  /** Calls under way. */
  readonly running: () => number;
  /** Streams that are open. */
  readonly streaming: () => number;
}

export interface RateLimits {
  readonly requestsPerSecond: number;
  readonly requestsBurst: number;
  readonly clientsMax: number;
  readonly callsMax: number;
  readonly callsPerClientMax: number;
  readonly streamsMax: number;
  readonly streamsPerClientMax: number;
}

interface Client {
  /** Requests that it may still make now. */
  left: number;
  atMs: number;
  calls: number;
  streams: number;
}

/** @param now Milliseconds, from any beginning. */
export function createRequestRate(limits: RateLimits, now: () => number): RequestRate {
  const clients = new Map<string, Client>();
  let running = 0;
  let streaming = 0;

  /** Its bucket, filled up to now; the one that asked last stands last. */
  function find(name: string): Client {
    const atMs = now();
    const known = clients.get(name);
    const since = known === undefined ? 0 : ((atMs - known.atMs) / 1_000) * limits.requestsPerSecond;
    const client = known ?? { left: limits.requestsBurst, atMs, calls: 0, streams: 0 };
    client.left = Math.min(limits.requestsBurst, client.left + since);
    client.atMs = atMs;
    clients.delete(name);
    clients.set(name, client);
    if (clients.size > limits.clientsMax) forgetOne();
    return client;
  }

  /** The one that was quiet longest; its bucket is full again or soon will be. */
  function forgetOne(): void {
    for (const [name, { calls, streams }] of clients) {
      if (calls + streams > 0) continue;
      clients.delete(name);
      return;
    }
  }

  return {
    take: (name) => {
      const client = find(name);
      if (client.left < 1) throw busy(429, "too many requests: come again in a moment");
      client.left -= 1;
    },
    begin: (name, count) => {
      const client = find(name);
      if (count > 0 && running + count > limits.callsMax)
        throw busy(503, "too many requests are being served");
      if (count > 0 && client.calls + count > limits.callsPerClientMax)
        throw busy(429, "too many requests at once");
      running += count;
      client.calls += count;
      return once(() => {
        running -= count;
        client.calls -= count;
      });
    },
    beginStream: (name) => {
      const client = find(name);
      if (streaming >= limits.streamsMax) throw busy(503, "too many open streams");
      if (client.streams >= limits.streamsPerClientMax)
        throw busy(429, "too many open streams of one client");
      streaming += 1;
      client.streams += 1;
      return once(() => {
        streaming -= 1;
        client.streams -= 1;
      });
    },
    running: () => running,
    streaming: () => streaming,
  };
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
