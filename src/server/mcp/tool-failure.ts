/** Failures in the shapes of the protocol: a tool's result with `isError`, or an error of a resource or prompt. */
import { type CallToolResult, ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { expectedFailure, failureText, INTERNAL_FAILURE, type ToolFailure } from "../../tools/failure.ts";
import { type Log, reportBug } from "../log.ts";

/** A failure that the model can mend, in text and in structure (spec 6.2). */
export function failedToolResult(failure: ToolFailure): CallToolResult {
  return {
    content: [{ type: "text", text: failureText(failure) }],
    structuredContent: { error: failure },
    isError: true,
  };
}

/**
 * The same for requests that have no error result of their own; nothing else of an error reaches the wire.
 *
 * @param asked What the protocol wants to see again of the request.
 */
export function protocolFailure(
  error: unknown,
  log: Log,
  asked: Readonly<Record<string, string>> = {},
): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const failure = expectedFailure(error);
  if (failure === null) reportBug(error, "a request", log);
  const shown = failure ?? INTERNAL_FAILURE;
  const code = shown.code === "internal" ? ProtocolErrorCode.InternalError : ProtocolErrorCode.InvalidParams;
  return new ProtocolError(code, `${shown.code}: ${shown.message.replace(/\.$/, "")}. ${shown.hint}`, {
    ...shown,
    ...asked,
  });
}
