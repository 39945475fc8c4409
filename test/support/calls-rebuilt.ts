/** Holds what the scripted LLM received against what the ledger gives back: every call's messages, made again from its record. */
import { expect } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import { canonicalJson } from "../../src/engine/content/canonical-json.ts";
import { sha256 } from "../../src/engine/content/hashes.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { queryLedger } from "../../src/engine/ledger/query-ledger.ts";
import type { LlmServer } from "./llm-server.ts";

/** Expects one entry for each request, and its very messages; gives how many there are by operation. */
export async function expectCallsRebuilt(
  engine: Engine,
  llm: LlmServer,
): Promise<Readonly<Record<string, number>>> {
  const { entries, nextCursor } = await queryLedger(engine, {
    eventType: "LLM_CALL",
    metadata: "full",
    limit: 200,
  });
  expect(nextCursor).toBeNull();
  const rebuilt: string[] = [];
  const operations: Record<string, number> = {};
  for (const { metadata = {} } of entries) {
    const { compile_record: recordId, operation, digest } = metadata;
    operations[String(operation)] = (operations[String(operation)] ?? 0) + 1;
    const messages = (
      typeof recordId === "string" ? (await compile(engine, { recordId })).toOpenAI() : metadata.messages
    ) as readonly object[];
    rebuilt.push(canonicalJson(messages));
    const lines = messages.map((message) => `${canonicalJson(message)}\n`).join("");
    expect(sha256(`tract.compile.v1\n${lines}`)).toBe(digest);
  }
  expect(rebuilt.sort()).toEqual(llm.requests.map(({ body }) => canonicalJson(body.messages)).sort());
  return operations;
}
