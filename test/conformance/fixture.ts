/** What fixtures of the conformance suite are made of: a tool as it is listed and called, and the bytes that several send. */
import type { CallToolResult, InputRequiredResult, ServerContext, Tool } from "@modelcontextprotocol/server";

export interface FixtureTool {
  readonly description: string;
  readonly inputSchema?: Tool["inputSchema"];
  readonly call: (call: FixtureCall) => FixtureResult | Promise<FixtureResult>;
}

export interface FixtureCall {
  readonly args: Readonly<Record<string, unknown>>;
  readonly context: ServerContext;
}

export type FixtureResult = CallToolResult | InputRequiredResult;

export function saying(text: string): CallToolResult {
  return { content: [{ type: "text", text }] };
}

/** One red pixel. */
export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";

/** One silent sample. */
export const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQIAAAAAAA==";
