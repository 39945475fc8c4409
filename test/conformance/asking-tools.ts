/** The suite's tools that ask the client in the midst of a call, as revisions up to 2025-11-25 do, and those that log to it. */

import { setTimeout as sleep } from "node:timers/promises";
import type { ElicitRequestFormParams } from "@modelcontextprotocol/server";
import { type FixtureCall, type FixtureTool, saying } from "./fixture.ts";

const STEP_MS = 20;

export const ASKING_TOOLS: Readonly<Record<string, FixtureTool>> = {
  test_tool_with_logging: {
    description: "Logs three times to the client",
    call: async ({ context: { mcpReq } }) => {
      for (const words of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
        await mcpReq.log("info", words);
        await sleep(STEP_MS);
      }
      return saying("done");
    },
  },
  test_logging_tool: {
    description: "Logs to a client that wants it",
    call: async ({ context: { mcpReq } }) => {
      await mcpReq.log("info", "called");
      return saying("done");
    },
  },
  test_sampling: {
    description: "Has the client's model answer",
    inputSchema: { type: "object", properties: { prompt: { type: "string" } }, required: ["prompt"] },
    call: async ({ args, context: { mcpReq } }) => {
      const { content } = await mcpReq.requestSampling({
        messages: [{ role: "user", content: { type: "text", text: String(args.prompt) } }],
        maxTokens: 100,
      });
      return saying(`LLM response: ${"text" in content ? content.text : ""}`);
    },
  },
  test_elicitation: {
    description: "Asks the person",
    inputSchema: { type: "object", properties: { message: { type: "string" } }, required: ["message"] },
    call: (call) =>
      ask(call, String(call.args.message), {
        type: "object",
        properties: {
          username: { type: "string", description: "User's response" },
          email: { type: "string", description: "User's email address" },
        },
        required: ["username", "email"],
      }),
  },
  test_elicitation_sep1034_defaults: {
    description: "Asks with a default of every kind",
    call: (call) =>
      ask(call, "Please review", {
        type: "object",
        properties: {
          name: { type: "string", default: "John Doe" },
          age: { type: "integer", default: 30 },
          score: { type: "number", default: 95.5 },
          status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
          verified: { type: "boolean", default: true },
        },
        required: [],
      }),
  },
  test_elicitation_sep1330_enums: {
    description: "Asks with an enumeration of every form",
    call: (call) =>
      ask(call, "Please choose", {
        type: "object",
        properties: {
          untitledSingle: { type: "string", enum: OPTIONS },
          titledSingle: { type: "string", oneOf: titled("Option") },
          legacyEnum: {
            type: "string",
            enum: ["opt1", "opt2", "opt3"],
            enumNames: ["Option One", "Option Two", "Option Three"],
          },
          untitledMulti: { type: "array", items: { type: "string", enum: OPTIONS } },
          titledMulti: { type: "array", items: { anyOf: titled("Choice") } },
        },
        required: [],
      }),
  },
};

const OPTIONS = ["option1", "option2", "option3"];

function titled(noun: string): { readonly const: string; readonly title: string }[] {
  return ["First", "Second", "Third"].map((word, i) => ({
    const: `value${i + 1}`,
    title: `${word} ${noun}`,
  }));
}

async function ask(
  { context }: FixtureCall,
  message: string,
  requestedSchema: ElicitRequestFormParams["requestedSchema"],
): Promise<ReturnType<typeof saying>> {
  const { action, content } = await context.mcpReq.elicitInput({ mode: "form", message, requestedSchema });
  return saying(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);
}
