/** An engine that watches over its tract as a server's does, and policies for it. */
import type { Engine } from "../../src/engine/engine.ts";
import { type SetPolicyRequest, setPolicy } from "../../src/engine/policies/change-policy.ts";
import type { Notice } from "../../src/engine/policies/occasion.ts";
import { createWatch } from "../../src/engine/policies/watch.ts";
import type { ToolBox } from "../../src/engine/toolbox.ts";
import type { LedgerRecord } from "../../src/storage/records.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { createToolBox } from "../../src/tools/toolbox.ts";

export const TOOLBOX: ToolBox = createToolBox({
  tools: TOOLS,
  readTextFile: () => Promise.reject(new Error("no files here")),
  notesReads: false,
});

/** As a process of its own has it: with a watch that knows nothing yet. What its policies say is in `notices`. */
export interface WatchedEngine extends Engine {
  readonly notices: Notice[];
}

export function watched(engine: Engine, parts: Partial<Pick<Engine, "toolbox">> = {}): WatchedEngine {
  const notices: Notice[] = [];
  const scope = { ...engine.scope, notices };
  return { ...engine, watch: createWatch(), toolbox: TOOLBOX, ...parts, scope, notices };
}

/** Sets a policy without anybody watching. */
export async function givePolicy(engine: Engine, policy: SetPolicyRequest): Promise<void> {
  await setPolicy({ ...engine, watch: null }, policy);
}

/** Entries about policies and proposals, oldest first: `POLICY ACTED`. */
export async function decisions(engine: Engine): Promise<readonly string[]> {
  return (await decisionEntries(engine)).map(({ eventType, decision }) => `${eventType} ${decision}`);
}

export async function decisionEntries(engine: Engine): Promise<readonly LedgerRecord[]> {
  return await engine.store.readLedger(engine.scope.tract, {
    eventTypes: ["POLICY", "PROPOSAL"],
    order: "asc",
    limit: 100,
  });
}
