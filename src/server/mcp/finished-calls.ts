/** Results of calls that wait for a human's answers, sealed, so that nothing depends on the memory of a connection (spec 6.2). */
import { randomBytes } from "node:crypto";
import { createRequestStateCodec, type RequestStateCodec } from "@modelcontextprotocol/server";
import type { ToolResult } from "../../tools/tool.ts";

/** A finished call whose proposals the human may decide about. */
export interface FinishedCall {
  readonly tool: string;
  readonly result: ToolResult;
  readonly questions: readonly Question[];
}

export interface Question {
  readonly id: string;
  readonly policy: string;
  readonly text: string;
}

/** One process serves both calls, so its own key will do. */
export const FINISHED_CALLS: RequestStateCodec<FinishedCall> = createRequestStateCodec({
  key: randomBytes(32),
  ttlSeconds: 3_600,
});
