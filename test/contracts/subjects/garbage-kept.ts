/** Gc: contents that ledger entries keep, whatever becomes of the commits that name them. */
import { describe, expect, it } from "vitest";
import type { Garbage, KeepingEntries, Swept } from "../../../src/storage/garbage.ts";
import type { ContentRecord, Hash, JsonObject } from "../../../src/storage/records.ts";
import { branchMove, contentOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";
import { STRICT } from "./garbage.ts";

const KEEPING: readonly KeepingEntries[] = [
  { eventType: "TURN", keys: ["said", "answered"], unless: "commits" },
  { eventType: "CALL", keys: ["prompt"], unless: null },
];

export function keptContentsContract(under: StoreUnderTest): void {
  const find = async (): Promise<Garbage> =>
    await under.store.findGarbage("sample", { ...STRICT, keepingEntries: KEEPING }, async () => {});

  async function sweepAll(tract: SampleTract, garbage: Garbage): Promise<readonly Hash[]> {
    const gone: Hash[] = [];
    for (let round = 0; round < 100; round++) {
      const entry = (swept: Swept) =>
        tract.ledger({ eventType: "GC", decision: "SWEPT", metadata: { commits: swept.commits } });
      const swept = await under.store.sweepGarbage(garbage, { limit: 1, entry });
      if (swept === "stale") throw new Error("nobody else removes");
      if (swept === "done") return gone;
      gone.push(...swept.contents);
    }
    throw new Error("the sweep does not end");
  }

  /** Two commits that nothing leads to, with a content of their own each, and a newest one on main. */
  async function abandoned() {
    const tract = new SampleTract();
    const [one, two] = [contentOf("first text"), contentOf("second text")];
    const root = tract.chain(null, 1);
    await under.store.publish(tract.creation(root, { refMoves: [branchMove("main", null, tipOf(root))] }));
    const first = tract.commit({ parents: [tipOf(root)], content: one });
    const second = tract.commit({ parents: [first.commit.hash], content: two });
    await under.store.publish(tract.change([first, second]));
    const last = tract.chain(tipOf(root), 1);
    await under.store.publish(
      tract.change(last, { refMoves: [branchMove("main", tipOf(root), tipOf(last))] }),
    );
    return { tract, one, two };
  }

  const noted = async (tract: SampleTract, eventType: string, metadata: JsonObject): Promise<unknown> =>
    await under.store.publish(tract.nothing({ ledger: [tract.ledger({ eventType, metadata })] }));
  const there = async (...contents: readonly ContentRecord[]): Promise<readonly boolean[]> =>
    await Promise.all(
      contents.map(async ({ hash }) => (await under.store.readContents([hash])).length === 1),
    );

  describe.each(["before gc looks", "before gc sweeps"])("an entry written %s", (moment) => {
    async function gcWith(tract: SampleTract, write: () => Promise<unknown>) {
      if (moment === "before gc looks") await write();
      const garbage = await find();
      if (moment === "before gc sweeps") await write();
      return { garbage, gone: await sweepAll(tract, garbage) };
    }

    it("keeps the contents that it names", async () => {
      const { tract, one, two } = await abandoned();
      const { garbage, gone } = await gcWith(
        tract,
        async () => await noted(tract, "TURN", { said: one.hash, answered: two.hash, commits: [] }),
      );
      expect(garbage).toMatchObject({ commits: 2, contents: moment === "before gc looks" ? 0 : 2 });
      expect(gone).toEqual([]);
      expect(await there(one, two)).toEqual([true, true]);
      expect([await under.store.checkIntegrity(), await under.store.checkDerived()]).toEqual([[], []]);
    });

    it("keeps what those contents name, in an entry of another tract, too", async () => {
      const { tract, one, two } = await abandoned();
      const other = new SampleTract("other");
      await under.store.publish(other.creation(other.chain(null, 1)));
      const recipe = contentOf("recipe", {
        body: JSON.stringify({ content_type: "freeform", payload: [{ quote: one.hash }] }),
      });
      const { gone } = await gcWith(tract, async () => {
        const ledger = [other.ledger({ eventType: "CALL", metadata: { prompt: recipe.hash } })];
        await under.store.publish(other.nothing({ contents: [recipe], ledger }));
      });
      expect(gone).toEqual([two.hash]);
      expect(await there(one, two, recipe)).toEqual([true, false, true]);
    });

    it.each<readonly [string, string, (hash: Hash) => JsonObject]>([
      ["with commits of its own", "TURN", (hash) => ({ said: hash, commits: [hash] })],
      ["that names it under another key", "TURN", (hash) => ({ heard: hash, commits: [] })],
      ["of another type", "OTHER", (hash) => ({ said: hash, prompt: hash, commits: [] })],
      ["whose value is no hash", "CALL", () => ({ prompt: "not a hash" })],
    ])("%s keeps nothing", async (_, eventType, metadata) => {
      const { tract, one, two } = await abandoned();
      const { gone } = await gcWith(tract, async () => await noted(tract, eventType, metadata(one.hash)));
      expect([...gone].sort()).toEqual([one.hash, two.hash].sort());
    });
  });

  it("looks at more entries than one read takes", async () => {
    const { tract, one, two } = await abandoned();
    const call = (metadata: JsonObject) => tract.ledger({ eventType: "CALL", metadata });
    const many = Array.from({ length: 2_100 }, (_, serial) => call({ serial }));
    await under.store.publish(
      tract.nothing({
        ledger: [
          ...many,
          call({ prompt: one.hash }),
          tract.ledger({ eventType: "TURN", metadata: { said: two.hash } }),
        ],
      }),
    );
    expect((await find()).contents).toBe(0);
  });
}
