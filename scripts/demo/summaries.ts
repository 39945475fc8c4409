/** What an agent writes when it is asked for summaries of the two stretches of the transcript: the demo plays its part. */
export const SUMMARIES: readonly string[] = [
  `The agent looked for the cause of #412 before changing anything.
- The test in test/dispatcher.test.ts fails in 9 of 60 runs: all four events arrive once, two neighbours swapped (/tmp/run-14.log).
- Wrong idea, given up: the shared file /tmp/parcelhook-test.db of test/support/database.ts. With one file per worker 8 of 60 runs failed, so the helper was put back.
- The test is right and the code is wrong. docs/ordering.md promises order per endpoint, also across a failed delivery. Three causes: since #395 due_at is in milliseconds and ORDER BY due_at has no tie-break; the order of UPDATE … RETURNING is arbitrary in SQLite; since #398 tick posts all due events at once with Promise.all (src/webhooks/dispatcher.ts, src/webhooks/outbox.ts). The unexplained nordlicht incident of 3 March in the runbook looks like the third.`,
  `Decided: one lane per endpoint. Rejected: one global queue (an endpoint that hangs until its 10 s timeout would delay all 400), sequence numbers in the payload (moves the problem to the shops).
- "Nothing overtakes an unfinished event" stands in the SQL of takeDue in src/webhooks/outbox.ts, so it holds across ticks and restarts; taken events are sorted by dueAt and id. The dispatcher sends a lane one after the other and gives the rest back with putBack when one fails.
- New tests first, in test/outbox.test.ts and test/dispatcher.test.ts. The tie test passed before the fix: it was the concurrent sending that swapped neighbours.
- After the fix 197 of 200 runs passed; the other 3 were a watcher of the user (process 48213) on the same /tmp/parcelhook-test.db: SqliteError: FOREIGN KEY constraint failed. As a change of its own test/support/database.ts now uses an in-memory database; then 200 of 200 with the whole suite.`,
];

/** The hand-over note as the branch leaves it, as main leaves it, and as both agree. */
export const NOTES: Readonly<Record<"onBranch" | "onMain" | "agreed", string>> = {
  onBranch:
    "For the next session: add a gauge per endpoint, seconds since its oldest unfinished event was due, alert above 900. Migration 004 before the new code.",
  onMain:
    "For the next session: the review is done, two commits. Migration 004 before the new code. Update docs/runbook.md line 22.",
  agreed:
    "For the next session: the review is done, two commits. Migration 004 before the new code. Update docs/runbook.md line 22, and add the gauge per endpoint, alert above 900.",
};
