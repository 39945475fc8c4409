/** Knows which calls of a connection wait for their answer, whether or not the client that asked is still there. */
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/server";

/** What one POST has asked for. */
export interface OpenedCalls {
  /** Resolves when each call has its answer, or the connection has ended. */
  readonly over: Promise<void>;
  /** They were refused: there will be no answer. */
  readonly drop: () => void;
}

export interface OpenCalls {
  /** The requests among what a client posts. */
  readonly open: (body: unknown) => OpenedCalls;
  /** Takes notice of what the server has sent. */
  readonly sent: (message: JSONRPCMessage) => void;
  /** Nobody will answer this one. */
  readonly close: (id: RequestId) => void;
  readonly closeAll: () => void;
}

/** Ids of the JSON-RPC requests that a body holds, one or a batch; notifications and answers are done at once. */
export function requestIds(body: unknown): readonly RequestId[] {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
  return messages.flatMap((message) => {
    const { id, method } = Object(message) as { readonly id?: unknown; readonly method?: unknown }; // An object; its fields may be anything.
    return typeof method === "string" && (typeof id === "string" || typeof id === "number") ? [id] : [];
  });
}

export function createOpenCalls(): OpenCalls {
  /** Nothing stops a client from using an id twice. */
  const waiting = new Set<{ readonly id: RequestId; readonly end: () => void }>();

  function close(id: RequestId): void {
    for (const call of waiting) {
      if (call.id !== id) continue;
      call.end();
      return;
    }
  }

  return {
    open: (body) => {
      const ends: (() => void)[] = [];
      const answers = requestIds(body).map(
        (id) =>
          new Promise<void>((resolve) => {
            const end = (): void => {
              waiting.delete(call);
              resolve();
            };
            const call = { id, end };
            waiting.add(call);
            ends.push(end);
          }),
      );
      return {
        over: Promise.all(answers).then(() => undefined),
        drop: () => {
          for (const end of ends) end();
        },
      };
    },
    sent: (message) => {
      if (!("method" in message) && message.id !== undefined) close(message.id);
    },
    close,
    closeAll: () => {
      for (const { end } of waiting) end();
    },
  };
}
