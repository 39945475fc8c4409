/** A scripted LLM: a real HTTP server on loopback that speaks the OpenAI chat protocol and answers what a test tells it to. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ScriptedToolCall {
  readonly id?: string;
  readonly name: string;
  readonly arguments: string;
}

export interface ScriptedUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cost?: number;
}

interface Reported {
  prompt: number;
  completion: number;
  cost: number | null;
}

/** An answer, whole or streamed as the request asks. */
export interface ScriptedReply {
  readonly kind?: "reply";
  readonly text?: string | null;
  readonly toolCalls?: readonly ScriptedToolCall[];
  /** Default: the model of the request. null: not named. */
  readonly model?: string | null;
  /** Default: some usage. null: not reported. */
  readonly usage?: ScriptedUsage | null;
  readonly finishReason?: string;
}

/** One answer of the script. */
export type ScriptStep =
  | string
  | ScriptedReply
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** A body that is sent as it is, with status 200. */
  | { readonly kind: "raw"; readonly body: string; readonly contentType?: string }
  /** Never answers; the connection stays open. */
  | { readonly kind: "silence" }
  /** Sends the beginning of a stream, then nothing more. */
  | { readonly kind: "stall"; readonly text: string }
  /** Drops the connection, after the beginning of a stream if there is a text. */
  | { readonly kind: "drop"; readonly text?: string };

export interface LlmRequestSeen {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests of every shape.
  readonly body: any;
}

export interface LlmServer {
  /** What `base_url` is to be. */
  readonly baseUrl: string;
  /** Requests so far, refused ones among them. */
  readonly requests: readonly LlmRequestSeen[];
  /** Adds answers; each request takes the next one. Without one left, the server answers 500 and fails the test's expectation. */
  readonly script: (...steps: readonly ScriptStep[]) => void;
  /** Drops the answers that nobody has asked for yet. */
  readonly forget: () => void;
  /** Resolves with the next request that comes. */
  readonly nextRequest: () => Promise<LlmRequestSeen>;
  /** Tokens reported in all replies so far. */
  readonly reported: () => { readonly prompt: number; readonly completion: number };
  /** What the replies so far were told to have cost; null: none was. */
  readonly costReported: () => number | null;
  readonly close: () => Promise<void>;
}

/** @param options With `apiKey`, every other key is refused, in words that quote it, as providers do. */
export async function startLlmServer(options: { readonly apiKey?: string } = {}): Promise<LlmServer> {
  const requests: LlmRequestSeen[] = [];
  const steps: ScriptStep[] = [];
  const waiting: ((seen: LlmRequestSeen) => void)[] = [];
  const reported: Reported = { prompt: 0, completion: 0, cost: null };
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const seen = { path: request.url ?? "", headers: request.headers, body };
      requests.push(seen);
      for (const resolve of waiting.splice(0)) resolve(seen);
      const key = (request.headers.authorization ?? "").replace(/^Bearer /, "");
      if (options.apiKey !== undefined && key !== options.apiKey)
        return sendError(response, 401, `Incorrect API key provided: ${key}`);
      if (request.url !== "/v1/chat/completions") return sendError(response, 404, "no such address");
      const step = steps.shift();
      if (step === undefined) return sendError(response, 500, "the script is over");
      return play(response, typeof step === "string" ? { text: step } : step, body, reported);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    script: (...more) => void steps.push(...more),
    forget: () => void steps.splice(0),
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    reported: () => ({ prompt: reported.prompt, completion: reported.completion }),
    costReported: () => reported.cost,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: any JSON.
async function readBody(request: IncomingMessage): Promise<any> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? null : JSON.parse(text);
}

function play(
  response: ServerResponse,
  step: Exclude<ScriptStep, string>,
  // biome-ignore lint/suspicious/noExplicitAny: any JSON.
  body: any,
  reported: Reported,
): void {
  switch (step.kind) {
    case "status":
      sendError(response, step.status, `scripted; ${JSON.stringify(body?.messages)}`, step.headers);
      break;
    case "raw":
      response.writeHead(200, { "content-type": step.contentType ?? "application/json" });
      response.end(step.body);
      break;
    case "silence":
      break;
    case "stall":
      beginStream(response, step.text);
      break;
    case "drop":
      if (step.text !== undefined) beginStream(response, step.text);
      // What was written goes out first.
      setImmediate(() => response.destroy());
      break;
    default: {
      const usage = step.usage === undefined ? { prompt_tokens: 11, completion_tokens: 7 } : step.usage;
      reported.prompt += usage?.prompt_tokens ?? 0;
      reported.completion += usage?.completion_tokens ?? 0;
      if (usage?.cost !== undefined) reported.cost = (reported.cost ?? 0) + usage.cost;
      if (body?.stream === true) streamReply(response, step, body, usage);
      else sendReply(response, step, body, usage);
    }
  }
}

type Usage = NonNullable<ScriptedReply["usage"]> | null;

/** Providers quote what they were sent; clients must not repeat it. */
function sendError(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify({ error: { message, type: "scripted", code: status } }));
}

function modelOf(step: ScriptedReply, body: { readonly model?: string }): { readonly model?: string } {
  const model = step.model === undefined ? body.model : step.model;
  return model === null || model === undefined ? {} : { model };
}

function callsOf(step: ScriptedReply): readonly object[] {
  return (step.toolCalls ?? []).map(({ id, name, arguments: given }, index) => ({
    index,
    ...(id === undefined ? {} : { id }),
    type: "function",
    function: { name, arguments: given },
  }));
}

function finishOf(step: ScriptedReply): string {
  return step.finishReason ?? ((step.toolCalls ?? []).length > 0 ? "tool_calls" : "stop");
}

function sendReply(
  response: ServerResponse,
  step: ScriptedReply,
  body: { model?: string },
  usage: Usage,
): void {
  const calls = callsOf(step);
  const message = {
    role: "assistant",
    content: step.text ?? null,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      id: "chatcmpl-scripted",
      object: "chat.completion",
      created: 1_767_225_600,
      ...modelOf(step, body),
      choices: [{ index: 0, message, finish_reason: finishOf(step) }],
      ...(usage === null ? {} : { usage }),
    }),
  );
}

function beginStream(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  writeChunk(response, { choices: [{ index: 0, delta: { role: "assistant", content: text } }] });
}

function streamReply(
  response: ServerResponse,
  step: ScriptedReply,
  body: { model?: string; stream_options?: { include_usage?: boolean } },
  usage: Usage,
): void {
  const model = modelOf(step, body);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (delta: object, finish: string | null = null): void =>
    writeChunk(response, { ...model, choices: [{ index: 0, delta, finish_reason: finish }] });
  send({ role: "assistant", content: "" });
  for (const word of (step.text ?? "").match(/\S+\s*|\s+/gu) ?? []) send({ content: word });
  for (const [index, call] of (step.toolCalls ?? []).entries()) {
    const half = Math.floor(call.arguments.length / 2);
    const id = call.id === undefined ? {} : { id: call.id };
    send({ tool_calls: [{ index, ...id, type: "function", function: { name: call.name, arguments: "" } }] });
    for (const part of [call.arguments.slice(0, half), call.arguments.slice(half)])
      send({ tool_calls: [{ index, function: { arguments: part } }] });
  }
  send({}, finishOf(step));
  if (usage !== null && body.stream_options?.include_usage === true)
    writeChunk(response, { ...model, choices: [], usage });
  response.end("data: [DONE]\n\n");
}

function writeChunk(response: ServerResponse, chunk: object): void {
  const whole = {
    id: "chatcmpl-scripted",
    object: "chat.completion.chunk",
    created: 1_767_225_600,
    ...chunk,
  };
  response.write(`data: ${JSON.stringify(whole)}\n\n`);
}
