/** Sessions over random runs of a store: turn numbers go on, and every end tells exactly what stands in the ledger. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { openStore, type Tract } from "../../src/index.ts";
import { runs, timeLimit } from "../support/long-mode.ts";

/** What one process does: turns of its own session or of an earlier one, and commits that are no turns. */
interface Act {
  readonly kind: "turn" | "kept" | "commit" | "read";
  /** Counts back from the newest of the earlier sessions; null: the own one. */
  readonly earlier: number | null;
  readonly input: number;
  readonly output: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom("turn", "turn", "kept", "commit", "read"),
  earlier: fc.option(fc.nat(2)),
  input: fc.nat(1_000),
  output: fc.nat(1_000),
});

/** What the ledger should say of a session. */
interface Expected {
  turns: number;
  tokens: number;
}

it(
  "numbers turns on across restarts, and ends every session with the sums of its entries",
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(act, { maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        async (processes) => {
          const folder = await mkdtemp(join(tmpdir(), "tract-sessions-"));
          const expected = new Map<string, Expected>();
          try {
            for (const acts of processes) {
              const store = await openStore(join(folder, "t.db"), { durability: "normal" });
              const tract = await store.tract("demo");
              for (const one of acts) await perform(tract, one, expected);
              await store.close();
            }
            await check(join(folder, "t.db"), expected);
          } finally {
            await rm(folder, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: runs(12, 200) },
    );
  },
  timeLimit(60_000),
);

async function perform(
  tract: Tract,
  { kind, earlier, input, output }: Act,
  expected: Map<string, Expected>,
): Promise<void> {
  if (kind === "read") return void (await tract.compile());
  if (kind === "commit") return void (await tract.user("no turn"));
  const known = [...expected.keys()].toReversed();
  const session = earlier === null ? undefined : known[earlier];
  const turn = await tract.recordTurn({
    userMessage: "message",
    response: "response",
    commit: kind === "turn",
    usage: { input_tokens: input, output_tokens: output },
    session,
  });
  const before = expected.get(turn.sessionId) ?? { turns: 0, tokens: 0 };
  expect(turn.turnNumber).toBe(before.turns + 1);
  expected.set(turn.sessionId, { turns: turn.turnNumber, tokens: before.tokens + input + output });
}

async function check(location: string, expected: ReadonlyMap<string, Expected>): Promise<void> {
  const store = await openStore(location);
  const tract = await store.tract("demo");
  const { sessions = [] } = await tract.sessions({ limit: 200 });
  for (const { id, state, turns, tokens, llmCalls } of sessions) {
    const { turns: told, tokens: sum } = expected.get(id) ?? { turns: 0, tokens: 0 };
    expect({ state, turns, tokens, llmCalls }).toEqual({
      state: "ended",
      turns: told,
      tokens: sum,
      llmCalls: told,
    });
  }
  for (const id of expected.keys()) expect(sessions.map((session) => session.id)).toContain(id);
  const { totals } = await tract.queryLedger({ aggregate: "session", limit: 200 });
  for (const { group, totalTokens } of totals?.groups ?? [])
    expect(totalTokens).toBe(expected.get(group)?.tokens ?? 0);
  expect((await tract.verify()).problems).toEqual([]);
  await store.close();
}
