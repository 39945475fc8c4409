/** A session of an agent with all kinds of policies on, against the same session without any. */
import path from "node:path";
import { openStore, type Tract } from "../src/index.ts";
import type { BenchResult } from "./bench-result.ts";
import { paired, prose, timed } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const ROUNDS = 9;
const TURNS = 200;
const BAR = 1.1;

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const session = async (name: string, round: number, withPolicies: boolean): Promise<number> => {
      const store = await openStore(path.join(folder, `${name}-${round}.db`));
      const tract = await store.tract("bench");
      await tract.system("You are a careful agent.");
      if (withPolicies) await setPolicies(tract);
      const taken = await timed(async () => {
        for (let turn = 0; turn < TURNS; turn++) await playTurn(tract, turn);
      });
      await store.close();
      return taken / TURNS;
    };
    // Warms the compiler for both.
    await session("warm-on", 0, true);
    await session("warm-off", 0, false);
    const { ours, floor, ratio } = await paired(
      ROUNDS,
      (round) => session("on", round, true),
      (round) => session("off", round, false),
    );
    return [
      {
        id: "5.4",
        measure: `a turn of a session with seven policies on, against off`,
        ours,
        floor,
        unit: "ms",
        ratio,
        bar: `≤ ${BAR}×`,
        pass: ratio <= BAR,
      },
    ];
  });
}

async function setPolicies(tract: Tract): Promise<void> {
  await tract.setPolicy({ kind: "auto-compress", params: { budget: 1_000_000 } });
  await tract.setPolicy({ kind: "auto-pin", autonomy: "autonomous" });
  await tract.setPolicy({ kind: "auto-branch" });
  await tract.setPolicy({ kind: "auto-archive" });
  await tract.setPolicy({ kind: "checkpoint", autonomy: "autonomous" });
  await tract.setPolicy({ kind: "secret-scan" });
  await tract.setPolicy({ kind: "retention", params: { older_than_days: 30 } });
}

/** What the user says, a tool call with its result, and the answer to the context compiled then. */
async function playTurn(tract: Tract, turn: number): Promise<void> {
  const call = { content_type: "tool_io", direction: "call", tool_name: "read_file", call_id: `c${turn}` };
  await tract.user(prose(4 * turn, 400));
  await tract.commit({ ...call, payload: { path: `src/file-${turn}.ts` } });
  await tract.commit({ ...call, direction: "result", payload: prose(4 * turn + 1, 2_000) });
  await tract.compile({ budgetTokens: 100_000 });
  await tract.assistant(prose(4 * turn + 2, 1_000));
}
