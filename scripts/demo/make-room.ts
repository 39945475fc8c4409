/** The chapters in which the context is made smaller and larger again: receipts, an agent's summaries, expand, undo and redo. */
import { strict as assert } from "node:assert";
import { bar, cut, fact, good, heading, line, number, shortHash } from "./page.ts";
import type { Compressed, Expanded, Status, Undone } from "./results.ts";
import { SUMMARIES } from "./summaries.ts";
import type { TractSession } from "./tract-session.ts";

/** Gives the operation that summarised. */
export async function makeRoom({ call }: TractSession): Promise<Compressed> {
  heading(
    "Make room",
    "Old tool results become receipts; then the agent writes summaries, and a guard checks what they would lose.",
  );
  const before = await call<Status>("status");
  fact("before", `${bar(before.tokens, before.tokens)} ${number(before.tokens)} tokens`);
  const masked = await call<Compressed>("compress", { strategy: "mask", keep: 4 });
  fact("mask", gauge(masked, before.tokens, `${masked.groups.length} old tool results are one line each`));
  const plan = await call<Compressed>("compress", { strategy: "agent", older_than: 24 });
  assert(plan.plan, "strategy agent gives a plan and changes nothing");
  const { plan_id, groups } = plan.plan;
  for (const { sources, must_keep } of groups)
    line(`to summarise: ${sources.length} messages; must keep ${cut(must_keep.join(", "), 60)}`);
  assert.equal(groups.length, SUMMARIES.length, "one summary for each stretch between pinned messages");
  const summarised = await call<Compressed>("compress", { plan_id, summaries: SUMMARIES });
  fact("summaries", gauge(summarised, before.tokens, `${summarised.groups.length} summaries`));
  fact(
    "guard",
    `${summarised.kept_count} facts put back word for word, ${summarised.lost_count} listed as lost`,
  );
  assert(summarised.context_tokens < before.tokens / 2, "the context is less than half of what it was");
  return summarised;
}

function gauge({ context_tokens: tokens }: Compressed, whole: number, what: string): string {
  return `${bar(tokens, whole)} ${number(tokens)} tokens; ${what}`;
}

export async function bringBack({ call }: TractSession, summarised: Compressed): Promise<void> {
  heading(
    "Bring a piece back",
    "A summary stands over its originals. Read those that matter, or take the whole thing back and do it again.",
  );
  const [first] = summarised.groups;
  assert(first?.summary, "a group has a summary");
  const query = "why was the shared database ruled out";
  const { commits, tokens, left_out } = await call<Expanded>("expand", {
    summary: first.summary,
    query,
    budget_tokens: 500,
  });
  line(`expand ${shortHash(first.summary)} "${query}"`);
  for (const { hash, message } of commits.slice(0, 3)) line(`  ${shortHash(hash)} ${cut(message, 80)}`);
  good(`${commits.length} of the originals in ${number(tokens)} tokens; ${left_out.commits} more are there`);
  const small = await call<Status>("status");
  const { operation_id } = await call<Undone>("undo");
  const large = await call<Status>("status");
  fact("undo", `${number(small.tokens)} → ${number(large.tokens)} tokens: the originals are back`);
  assert(large.tokens > small.tokens);
  await call("undo", { operation: operation_id });
  const again = await call<Status>("status");
  fact("redo", `${number(large.tokens)} → ${number(again.tokens)} tokens: undo takes back an undo, too`);
  assert.deepEqual([again.head, again.tokens], [small.head, small.tokens]);
}
