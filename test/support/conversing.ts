/** An engine whose LLM is the scripted server, and what tests of conversations look at. */
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import type { LlmAccess } from "../../src/engine/llm/llm-client.ts";
import { createOpenAiAccess } from "../../src/llm/openai-client.ts";
import type { LedgerRecord } from "../../src/storage/records.ts";
import { openTestEngine, type TestEngineOptions } from "./engine.ts";
import { type LlmServer, startLlmServer } from "./llm-server.ts";

export const KEY = "sk-secret-4f9a1c7e2b";

/** An answer that passes: it is tried again at once. */
export const SOON = { kind: "status", status: 503, headers: { "retry-after-ms": "1" } } as const;

/** The error that something fails with. */
export async function failed(act: Promise<unknown>): Promise<TractError> {
  const error: unknown = await act.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TractError)) throw error ?? new Error("nothing failed");
  return error;
}

export interface Conversation {
  readonly engine: Engine;
  readonly llm: LlmServer;
  /** The same engine with another client. */
  readonly withLlm: (options: Partial<Parameters<typeof createOpenAiAccess>[0]>) => Engine;
  /** Entries of a kind, oldest first. */
  readonly entries: (eventType?: string) => Promise<readonly LedgerRecord[]>;
  /** The bytes of every file of the store. */
  readonly files: () => Promise<readonly Buffer[]>;
  readonly close: () => Promise<void>;
}

/** With a model `test-model`, a key that the server knows, and a session. */
export async function openConversation(options: TestEngineOptions = {}): Promise<Conversation> {
  const llm = await startLlmServer({ apiKey: KEY });
  const provenance = {
    agent_id: "test",
    agent_class: null,
    session_id: "SES-01J00000000000000000000000",
    client: null,
  };
  const made = await openTestEngine({ ...options, scope: { provenance, ...options.scope } });
  const withLlm: Conversation["withLlm"] = (changes) => ({ ...made.engine, llm: access(llm, changes) });
  return {
    engine: withLlm({}),
    llm,
    withLlm,
    entries: async (eventType) =>
      await made.engine.store.readLedger(made.engine.scope.tract, {
        ...(eventType === undefined ? {} : { eventTypes: [eventType] }),
        order: "asc",
        limit: 1_000,
      }),
    files: made.files,
    close: async () => {
      await made.close();
      await llm.close();
    },
  };
}

function access(
  llm: LlmServer,
  changes: Partial<Parameters<typeof createOpenAiAccess>[0]>,
): LlmAccess | null {
  return createOpenAiAccess({
    apiKey: KEY,
    model: "test-model",
    baseUrl: llm.baseUrl,
    timeoutMs: 10_000,
    ...changes,
  });
}
