/** A request to MCP over HTTP whose caller is known and whose body is parsed, and its answer. */
import type { Access } from "../../tools/access.ts";
import type { SessionServices } from "./services.ts";

/** Who asks. */
export interface HttpCaller {
  /** Name of whoever showed a token; no two tokens share one. */
  readonly principal: string;
  /** The same at one address: whom bounds are kept for. */
  readonly client: string;
  readonly access: Access;
}

export interface HttpCall {
  readonly request: Request;
  readonly body: unknown;
  readonly caller: HttpCaller;
}

export interface HttpAnswer {
  readonly response: Response;
  /** Of the ledger, for the log; null when the request belongs to none. */
  readonly sessionId: string | null;
  /** To be called when the answer is out or the client gone; resolves when nothing of the request is under way any more. */
  readonly done: () => Promise<void>;
}

/** Services of one more client. */
export type Connect = (access: Access) => SessionServices;

/** Codes of JSON-RPC for what the transport itself refuses. */
const SERVER_ERROR = -32_000;
export const SESSION_GONE = -32_001;
export const INVALID_REQUEST = -32_600;

/** An answer to what is not served; with 503 the client is asked to come again. */
export function refused(status: number, message: string, code: number = SERVER_ERROR): HttpAnswer {
  const headers = status === 503 ? { "Retry-After": "1" } : {};
  return {
    response: Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, { status, headers }),
    sessionId: null,
    done: async () => undefined,
  };
}
