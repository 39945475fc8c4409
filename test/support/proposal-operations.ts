/** The operations on policies and proposals that write, for tests that hold for all that write. */
import type { Engine } from "../../src/engine/engine.ts";
import {
  pausePolicy,
  removePolicy,
  resumePolicy,
  setPolicy,
} from "../../src/engine/policies/change-policy.ts";
import { approveProposal, editProposal, rejectProposal } from "../../src/engine/policies/decide.ts";
import { listProposals } from "../../src/engine/policies/proposals.ts";
import { propose } from "../../src/engine/policies/propose.ts";
import { done } from "./compress.ts";
import { TOOLBOX } from "./policies.ts";
import type { WritingOperation } from "./writing-operations.ts";

async function proposed(engine: Engine): Promise<string> {
  const made = await propose(engine, {
    policy: "tidy",
    kind: "auto-compress",
    autonomy: "collaborative",
    target: "main",
    reason: "The context of main is large",
    gain: 100,
    action: { tool: "compress", arguments: { branch: "main", strategy: "extract", target_tokens: 100 } },
  });
  if (made === null) throw new Error("nothing was proposed");
  return made.proposal.id;
}

/** Its ground is gone: the context is as small as it was to become. */
async function groundless(engine: Engine): Promise<string> {
  const id = await proposed(engine);
  await done(engine, { strategy: "extract", targetTokens: 100 });
  return id;
}

async function policed(engine: Engine): Promise<string> {
  await setPolicy(engine, { name: "tidy", kind: "checkpoint" });
  return "tidy";
}

async function paused(engine: Engine): Promise<string> {
  const name = await policed(engine);
  await pausePolicy(engine, { name });
  return name;
}

export const PROPOSAL_OPERATIONS: readonly WritingOperation[] = [
  { name: "policy set", prepare: async () => "", act: policed, goesOn: false },
  {
    name: "policy removed",
    prepare: policed,
    act: (engine, name) => removePolicy(engine, { name }),
    goesOn: false,
  },
  {
    name: "policy paused",
    prepare: policed,
    act: (engine, name) => pausePolicy(engine, { name }),
    goesOn: false,
  },
  {
    name: "policy resumed",
    prepare: paused,
    act: (engine, name) => resumePolicy(engine, { name }),
    goesOn: false,
  },
  { name: "propose", prepare: async () => "", act: proposed, goesOn: false },
  {
    name: "proposal approved",
    prepare: proposed,
    act: (engine, id) => approveProposal({ ...engine, toolbox: TOOLBOX }, { id }),
    goesOn: false,
  },
  {
    name: "proposal rejected",
    prepare: proposed,
    act: (engine, id) => rejectProposal(engine, { id, reason: "not now" }),
    goesOn: false,
  },
  {
    name: "proposal edited",
    prepare: proposed,
    act: (engine, id) => editProposal(engine, { id, changes: { target_tokens: 90 } }),
    goesOn: false,
  },
  { name: "proposal expired", prepare: groundless, act: listProposals, goesOn: false },
];
