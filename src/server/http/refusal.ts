/** What is said to an HTTP request that is not served: a status, and a short JSON-RPC error. */

/** A request that will not be served. Its message is ours alone: nothing of the request stands in it. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.headers = headers;
  }
}

/** The codes of JSON-RPC for what the transport itself refuses. */
const CODES: Readonly<Record<number, number>> = { 400: -32_700, 500: -32_603 };
const SERVER_ERROR = -32_000;

export function refusalBody({ status, message }: Refusal): string {
  return JSON.stringify({
    jsonrpc: "2.0",
    error: { code: CODES[status] ?? SERVER_ERROR, message },
    id: null,
  });
}

/** Asks the client to come again after a moment. */
export function busy(status: 429 | 503, message: string): Refusal {
  return new Refusal(status, message, { "Retry-After": "1" });
}
