/** An engine with the real tools and the scripted LLM, and contexts that are too large for their budget. */
import type { Engine } from "../../src/engine/engine.ts";
import { commit } from "../../src/engine/history/commit.ts";
import type { LedgerRecord } from "../../src/storage/records.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { createToolBox } from "../../src/tools/toolbox.ts";
import { assistant, commitAll, exchange, FILLER, user } from "./compress.ts";
import { type Conversation, openConversation } from "./conversing.ts";
import type { TestEngineOptions } from "./engine.ts";

/** The same engine with every tool at hand. */
export function withTools(engine: Engine): Engine {
  const readTextFile = async (): Promise<string> => await Promise.reject(new Error("no files here"));
  return { ...engine, toolbox: createToolBox({ tools: TOOLS, readTextFile, notesReads: false }) };
}

export interface Orchestration extends Conversation {
  /** Without an LLM. */
  readonly bare: Engine;
  /** Entries ORCHESTRATION, oldest first. */
  readonly journal: () => Promise<readonly LedgerRecord[]>;
}

export async function openOrchestration(options: TestEngineOptions = {}): Promise<Orchestration> {
  const on = await openConversation(options);
  const engine = withTools(on.engine);
  return {
    ...on,
    engine,
    bare: { ...engine, llm: null },
    withLlm: (changes) => withTools(on.withLlm(changes)),
    journal: async () => await on.entries("ORCHESTRATION"),
  };
}

/** Turns of work with a pinned rule, and a budget that they are over. */
export async function overfill(engine: Engine, budget = 900): Promise<void> {
  await commitAll(engine, [
    { content: "Never delete the file release.txt.", role: "system", priority: "pinned" },
    ...Array.from({ length: 6 }, (_, turn) => [
      user(`Question ${turn}: where is it? ${FILLER}`),
      ...exchange(`t${turn}`, `Result ${turn}. ${FILLER.repeat(4)}`),
      assistant(`Answer ${turn}: it is in src/part-${turn}.ts. ${FILLER.repeat(2)}`),
    ]).flat(),
    user("And now?"),
  ]);
  await setBudget(engine, budget);
}

export async function setBudget(engine: Engine, max_tokens: number): Promise<void> {
  await setting(engine, { budget: { max_tokens, action: "warn" } });
}

export async function setting(engine: Engine, settings: object): Promise<void> {
  await commit(engine, { items: [{ content: { content_type: "config", settings } }] });
}
