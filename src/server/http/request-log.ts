/** One line of the log per request: what was asked and how it went, never what was said (spec 7.4). */
import type { IncomingMessage, ServerResponse } from "node:http";
import { TOOL_NAMES } from "../../tools/profiles.ts";
import type { Log } from "../log.ts";

/** What becomes known of a request while it is served. */
export interface RequestNote {
  /** Name of whoever showed a token. */
  principal: string | null;
  /** The method of JSON-RPC. */
  call: string | null;
  tool: string | null;
  /** Of the ledger: a session's id on the wire is as good as a key. */
  session: string | null;
}

export function emptyNote(): RequestNote {
  return { principal: null, call: null, tool: null, session: null };
}

/** Notes what a body asks for; only names that are known to be ours or plain are taken over. */
export function noteBody(note: RequestNote, body: unknown): void {
  const { method, params } = Object(body) as { readonly method?: unknown; readonly params?: unknown }; // An object; its fields may be anything.
  if (typeof method !== "string" || !PLAIN_METHOD.test(method)) return;
  note.call = method;
  const name: unknown = Object(params).name;
  if (method === "tools/call") note.tool = TOOL_NAMES.find((known) => known === name) ?? "unknown";
}

const PLAIN_METHOD = /^[a-zA-Z/_]{1,60}$/;

export interface LoggedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly note: RequestNote;
  readonly ms: number;
}

export function logRequest(log: Log, { request, response, note, ms }: LoggedRequest): void {
  const { principal, call, tool, session } = note;
  log.info("request", {
    method: request.method ?? "",
    // Without the query, which may hold the id of a session.
    path: (request.url ?? "").split("?", 1)[0]?.slice(0, PATH_CHARS_MAX) ?? "",
    status: response.statusCode,
    ms: Math.round(ms),
    ...(principal === null ? {} : { client: principal }),
    ...(call === null ? {} : { call }),
    ...(tool === null ? {} : { tool }),
    ...(session === null ? {} : { session }),
    ...(response.writableEnded ? {} : { gone: true }),
  });
}

const PATH_CHARS_MAX = 60;
