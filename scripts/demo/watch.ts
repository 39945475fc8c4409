/** The chapter in which the store looks after itself: a credential that never gets in, and a full context that a policy proposes to shrink. */
import { strict as assert } from "node:assert";
import { bar, cut, emphasis, fact, good, heading, line, number, shortHash } from "./page.ts";
import type { Approved, Commits, Proposals, Shown, Status } from "./results.ts";
import type { TractSession } from "./tract-session.ts";

/** Of the shape that scanners look for, and nobody's: put together here so that it stands in no file. */
const TOKEN = ["ghp", "Zk3vQ9xWm2Tn7RbL5cYd8HsJ4fGpA6uE1oNi"].join("_");

export async function watch({ call }: TractSession): Promise<void> {
  heading(
    "Let policies watch",
    "A policy is a rule, kept as a commit: it tells, proposes or acts, and never asks an LLM to decide.",
  );
  await keepSecretOut(call);
  await proposeToShrink(call);
}

async function keepSecretOut(call: TractSession["call"]): Promise<void> {
  await call("policy", { action: "set", policy: { kind: "secret-scan" } });
  const { commits, warnings } = await call<Commits>("commit", {
    content: `git push said: remote uses token ${TOKEN}`,
  });
  const [made] = commits;
  assert(made, "the message was committed");
  const shown = await call<Shown>("show", { refs: [made.hash] });
  const text = JSON.stringify(shown);
  assert(!text.includes(TOKEN) && text.includes("[redacted:"), "the token is not in the store");
  fact("secret-scan", cut(warnings.join(" "), 100));
  fact("stored", `${shortHash(made.hash)} ${cut(made.message, 90)}`);
}

async function proposeToShrink(call: TractSession["call"]): Promise<void> {
  const { tokens } = await call<Status>("status");
  const budget = tokens + 50;
  const { warnings } = await call<Commits>("policy", {
    action: "set",
    policy: { kind: "auto-compress", params: { budget, target: 0.7, strategy: "extract" } },
  });
  fact("auto-compress", cut(warnings.join(" "), 130));
  const { proposals } = await call<Proposals>("proposals");
  const [proposal] = proposals;
  assert(proposal?.policy === "auto-compress", "a full context makes a proposal");
  const full = await call<Status>("status");
  fact("before", `${bar(full.tokens, budget)} ${number(full.tokens)} of ${number(budget)} tokens`);
  line(`${emphasis(`proposals approve ${proposal.id}`)}   a person's word, or an agent's`);
  const approved = await call<Approved>("proposals", { action: "approve", id: proposal.id });
  const after = await call<Status>("status");
  fact(
    "after",
    `${bar(after.tokens, budget)} ${number(after.tokens)} tokens; undo would bring all of it back`,
  );
  assert(after.tokens < full.tokens && approved.operation_id, "approving is an ordinary operation");
  good("Who proposed, who approved and what it did is in the ledger");
}
