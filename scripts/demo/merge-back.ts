/** The chapter in which an experiment comes back: two sides changed the same message, and nothing of either is lost. */
import { strict as assert } from "node:assert";
import { cut, emphasis, fact, good, heading, line, shortHash } from "./page.ts";
import type { Compiled, Logged, Merged } from "./results.ts";
import { NOTES } from "./summaries.ts";
import type { TractSession } from "./tract-session.ts";

export async function mergeBack({ call }: TractSession): Promise<void> {
  heading(
    "Merge it back, with a conflict",
    "Both sides rewrote the hand-over note. A merge never blocks and never guesses: it says what differs.",
  );
  const note = await findNote(call);
  await call("commit", { content: NOTES.onBranch, edit_target: note });
  await call("checkout", { ref: "main" });
  await call("commit", { content: NOTES.onMain, edit_target: note });
  const report = await call<Merged>("merge", { source: "lane-metric" });
  assert.equal(report.kind, "conflicts");
  for (const { kind, target, ours, theirs } of report.conflicts) {
    line(`${emphasis(kind)} of ${shortHash(target)}`);
    fact("  ours", cut(ours.text ?? "", 170));
    fact("  theirs", cut(theirs.text ?? "", 170));
  }
  const merged = await call<Merged>("merge", {
    source: "lane-metric",
    resolutions: [{ target: note, content: NOTES.agreed }],
  });
  assert.equal(merged.kind, "resolved");
  const { messages } = await call<Compiled>("compile", { format: "openai", budget_tokens: 1_000_000 });
  const text = JSON.stringify(messages);
  assert(text.includes(NOTES.agreed), "the resolution is what compile shows");
  assert(!text.includes(NOTES.onMain), "and nothing else stands in its place");
  fact("resolved", cut(NOTES.agreed, 190));
  good(
    `merged ${merged.commits_brought.count} commits of lane-metric; both versions of the note stay in history`,
  );
}

async function findNote(call: TractSession["call"]): Promise<string> {
  const { entries } = await call<Logged>("log", {
    text: "For the next session",
    role: "assistant",
    limit: 1,
  });
  const [note] = entries;
  assert(note, "the transcript ends with a hand-over note");
  return note.hash;
}
