/** Serves one HTTP request after another: who asks, what for, within which bounds, and in every case an answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Log, reportBug } from "../log.ts";
import { foreignName } from "../mcp/foreign-names.ts";
import type { HttpAnswer, HttpCall, HttpCaller } from "../mcp/http-call.ts";
import { carriesJson, type HttpEndpoint } from "../mcp/http-endpoint.ts";
import { requestIds } from "../mcp/http-open-calls.ts";
import type { HttpLimits } from "./http-limits.ts";
import { createBodyReader, type ReadBody } from "./read-body.ts";
import { Refusal, refusalBody } from "./refusal.ts";
import { emptyNote, logRequest, noteBody, type RequestNote } from "./request-log.ts";
import { createRequestRate } from "./request-rate.ts";
import { type Route, routeOf } from "./routes.ts";
import type { Admit } from "./tokens.ts";
import { closeInTime, goneSignal, sendWebResponse, toWebRequest } from "./web-bridge.ts";

export interface HandlerOptions {
  readonly endpoint: HttpEndpoint;
  readonly admit: Admit;
  /** Names by which clients may call this server. */
  readonly names: readonly string[];
  readonly version: string;
  /** Throws when the store cannot be reached. */
  readonly reachStore: () => Promise<void>;
  readonly limits: HttpLimits;
  readonly log: Log;
  /** Milliseconds, from any beginning. */
  readonly now: () => number;
}

export interface RequestHandler {
  /** Never fails. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Refuses what comes from now on; resolves when the calls under way are answered. */
  readonly finish: () => Promise<void>;
  readonly load: () => { readonly calls: number; readonly streams: number };
}

export function createRequestHandler(options: HandlerOptions): RequestHandler {
  const { limits, log, now } = options;
  const rate = createRequestRate(limits, now);
  const bodies = createBodyReader(limits);
  const calls = new Set<Promise<void>>();
  let isFinishing = false;

  function refuseAtTheEnd(): void {
    if (isFinishing) throw new Refusal(503, "the server is ending", { Connection: "close" });
  }

  async function serve(request: IncomingMessage, response: ServerResponse, note: RequestNote): Promise<void> {
    refuseAtTheEnd();
    checkNames(request, options.names);
    const route = routeOf((request.url ?? "").split("?", 1)[0] ?? "", request.method ?? "");
    const address = request.socket.remoteAddress ?? "";
    if (route === "health") {
      rate.take(address);
      await answerHealth(options, request, response);
      return;
    }
    const caller = admitted(options.admit, request, address);
    note.principal = caller.principal;
    rate.take(caller.client);
    await serveMcp({ request, response, note, route, caller });
  }

  async function serveMcp({ request, response, note, route, caller }: McpRequest): Promise<void> {
    const isPost = request.method === "POST";
    if (isPost && !carriesJson(request.headers["content-type"]))
      throw new Refusal(415, "Content-Type must be application/json");
    const { body, bytes, free } = isPost ? await bodies.read(request, caller.client) : NO_BODY;
    try {
      refuseAtTheEnd(); // A body may take its time.
      noteBody(note, body);
      if (note.call === "initialize" && bytes > limits.initializeBytesMax)
        throw new Refusal(413, `a session begins with at most ${limits.initializeBytesMax} bytes`);
      const isStream = request.method === "GET" || note.call === "subscriptions/listen";
      const over = isStream
        ? rate.beginStream(caller.client)
        : rate.begin(caller.client, requestIds(body).length);
      const answered = answer(options, { request, response, note, route, caller, body }).finally(over);
      if (!isStream) calls.add(answered);
      await answered.finally(() => calls.delete(answered));
    } finally {
      free();
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const note = emptyNote();
    const from = now();
    response.on("error", () => undefined); // The client is gone, which `close` says as well.
    try {
      await serve(request, response, note);
    } catch (error) {
      refuse(error, request, response, options);
    }
    logRequest(log, { request, response, note, ms: now() - from });
  }

  return {
    handle,
    finish: async () => {
      isFinishing = true;
      await Promise.allSettled(calls);
    },
    load: () => ({ calls: rate.running(), streams: rate.streaming() }),
  };
}

interface McpRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly note: RequestNote;
  readonly route: Route;
  readonly caller: HttpCaller;
}

type Asked = McpRequest & { readonly body: unknown };

async function answer(
  { endpoint, limits: { stallMsMax } }: HandlerOptions,
  { request, response, note, route, caller, body }: Asked,
): Promise<void> {
  const gone = goneSignal(response);
  const call = { request: toWebRequest(request, gone), body, caller };
  const { done, ...served } = await dispatch(endpoint, route, call);
  note.session = served.sessionId;
  await sendWebResponse(served.response, response, { gone, stallMsMax }).finally(done);
}

function dispatch(endpoint: HttpEndpoint, route: Route, call: HttpCall): Promise<HttpAnswer> {
  if (route === "sse") return endpoint.openSse(call);
  return route === "messages" ? endpoint.postMessage(call) : endpoint.mcp(call);
}

const NO_BODY: ReadBody = { body: undefined, bytes: 0, free: (): void => undefined };

/** @throws Refusal 400 or 403: it may come from a foreign web page. */
function checkNames(request: IncomingMessage, names: readonly string[]): void {
  if ((request.headersDistinct.host?.length ?? 0) > 1)
    throw new Refusal(400, "the header Host stands in the request twice");
  const foreign = foreignName(request.headers, names);
  if (foreign !== null) throw new Refusal(403, `the header ${foreign} names another server than this one`);
}

/** @throws Refusal 401 without a token that is known. */
function admitted(admit: Admit, request: IncomingMessage, address: string): HttpCaller {
  const admission = admit(request.headers.authorization);
  if (admission.kind === "admitted") {
    const { name, access } = admission.principal;
    return { principal: name, client: `${name} ${address}`, access };
  }
  const isWrong = admission.kind === "wrong";
  throw new Refusal(401, isWrong ? "the token is not known" : "a token is needed: Authorization: Bearer …", {
    "WWW-Authenticate": isWrong ? 'Bearer error="invalid_token"' : "Bearer",
  });
}

async function answerHealth(
  { reachStore, version, limits }: HandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const isReachable = await reachStore().then(
    () => true,
    () => false,
  );
  response.writeHead(isReachable ? 200 : 503, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
  });
  const health = {
    status: isReachable ? "ok" : "failing",
    version,
    store: isReachable ? "ok" : "unreachable",
  };
  response.end(request.method === "HEAD" ? undefined : JSON.stringify(health));
  closeInTime(response, limits.stallMsMax);
}

/** Answers what is not served; of our own bugs a client learns only that there was one. */
function refuse(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  { limits, log }: HandlerOptions,
): void {
  if (!(error instanceof Refusal)) reportBug(error, "an HTTP request", log);
  const refusal = error instanceof Refusal ? error : new Refusal(500, "Internal error");
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(refusal.status, { "Content-Type": "application/json", ...refusal.headers });
  response.end(refusalBody(refusal));
  closeInTime(response, limits.stallMsMax);
  // What is left of the body is taken off the wire unread, so that the client gets to read the answer; the time for it is bounded.
  request.resume();
}
