/** Plans that wait for summaries or for approval. */
import { expect, it } from "vitest";
import { StoreConflict } from "../../../src/storage/errors.ts";
import { BOT, branchMove, hashOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function plansContract(under: StoreUnderTest): void {
  it("gives back every field of a plan, however large its body", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const rich = tract.plan({
      kind: "collapse",
      branch: "side",
      author: BOT,
      body: { text: "é\u{1F600}".repeat(20_000), nested: [{ hash: hashOf("a"), count: 0.5, none: null }] },
    });
    const small = tract.plan({ body: {} });
    await store.publish(tract.creation([], { plans: [rich, small] }));
    expect(await store.findPlan(tract.name, rich.id)).toEqual(rich);
    expect(await store.findPlan(tract.name, small.id)).toEqual(small);
  });

  it("finds a plan by a unique prefix of at least 8 characters, in its own tract", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const [one, two] = [tract.plan(), tract.plan({ id: "01KZZZZZZZ0000000000000000" })];
    await store.publish(tract.creation([], { plans: [one, two] }));
    await store.publish(new SampleTract("other").creation());
    const find = async (id: string) => (await store.findPlan(tract.name, id))?.id ?? null;
    expect(await find("01KZZZZZ")).toBe(two.id);
    expect(await find("01KZZZZ")).toBeNull();
    expect(await find(one.id.slice(0, 25))).toBe(one.id);
    expect(await find("not a ulid at all")).toBeNull();
    expect(await find("")).toBeNull();
    expect(await store.findPlan("other", one.id)).toBeNull();
    await store.publish(tract.nothing({ plans: [tract.plan()] }));
    expect(await find(one.id.slice(0, 12))).toBeNull();
    expect(await find(one.id)).toBe(one.id);
  });

  it.each(["applied", "rejected", "expired"] as const)("keeps a plan that was %s as it is", async (state) => {
    const { store } = under;
    const tract = new SampleTract();
    const plan = tract.plan({ state });
    await store.publish(tract.creation([], { plans: [plan] }));
    expect(await store.findPlan(tract.name, plan.id)).toEqual(plan);
    expect(await store.listPlans(tract.name, { state, limit: 9 })).toEqual([plan]);
    const again = store.publish(tract.nothing({ plans: [{ ...plan, state: "pending" }] }));
    await expect(again).rejects.toBeInstanceOf(StoreConflict);
    expect(await store.findPlan(tract.name, plan.id)).toEqual(plan);
  });

  it("lists plans newest first, of one state if asked; a plan that replaces another keeps its place", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const plans = [tract.plan(), tract.plan(), tract.plan(), tract.plan({ state: "rejected" })];
    const [a, b, c, d] = plans;
    await store.publish(tract.creation([], { plans: [a!, b!] }));
    await store.publish(tract.nothing({ plans: [c!, d!] }));
    const applied = { ...b!, state: "applied", body: { done: true }, updatedAt: tract.now() } as const;
    await store.publish(tract.change([], { plans: [applied] }));
    const list = (query: object) => store.listPlans(tract.name, { limit: 9, ...query });
    expect(await list({})).toEqual([d, c, applied, a]);
    expect(await list({ limit: 2 })).toEqual([d, c]);
    expect(await list({ limit: 0 })).toEqual([]);
    expect(await list({ state: "pending" })).toEqual([c, a]);
    expect(await list({ state: "pending", limit: 1 })).toEqual([c]);
    expect(await list({ state: "applied" })).toEqual([applied]);
    expect(await list({ state: "rejected" })).toEqual([d]);
    expect(await store.listPlans("other", { limit: 9 })).toEqual([]);
  });

  it("leaves a plan as it is when the write that replaces it is refused", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const plan = tract.plan();
    await store.publish(tract.creation([], { plans: [plan] }));
    const expected = { refs: [], annotationSequence: 5 };
    const change = tract.change([], {
      expect: expected,
      plans: [{ ...plan, state: "applied" }, tract.plan()],
    });
    await expect(store.publish(change)).rejects.toBeInstanceOf(StoreConflict);
    await expect(
      store.publish(tract.nothing({ plans: [tract.plan({ createdAt: "now" })] })),
    ).rejects.toThrow();
    await expect(
      store.publish(tract.nothing({ plans: [tract.plan({ updatedAt: "now" })] })),
    ).rejects.toThrow();
    expect(await store.listPlans(tract.name, { limit: 9 })).toEqual([plan]);
  });

  it("never changes a plan that is applied or rejected", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const plans = [tract.plan({ state: "applied" }), tract.plan({ state: "rejected" })];
    await store.publish(tract.creation([], { plans }));
    for (const plan of plans) {
      const again = tract.change(tract.chain(null, 1), {
        plans: [{ ...plan, state: "pending", updatedAt: tract.now() }],
      });
      await expect(store.publish(again)).rejects.toMatchObject({ moved: { what: "plan", id: plan.id } });
    }
    expect(await store.listPlans(tract.name, { limit: 9 })).toEqual(plans.toReversed());
    expect(await store.findCommits(tract.name, "", 9)).toEqual([]);
  });

  it("lets one of two racing writers apply a plan when both move the branch it is for", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 2);
    const plan = tract.plan({ head: tipOf(commits) });
    const moves = [branchMove("main", null, tipOf(commits))];
    await store.publish(tract.creation(commits, { refMoves: moves, plans: [plan] }));
    const second = under.reopen === null ? store : await under.reopen();
    const tries = ["one", "two"].map((by) => {
      const made = tract.chain(tipOf(commits), 1);
      const applied = { ...plan, state: "applied", body: { by }, updatedAt: tract.now() } as const;
      const refMoves = [branchMove("main", tipOf(commits), tipOf(made))];
      return { applied, change: tract.change(made, { refMoves, plans: [applied] }), tip: tipOf(made) };
    });
    const [one, two] = tries;
    const results = await Promise.allSettled([store.publish(one!.change), second.publish(two!.change)]);
    const winner = tries[results.findIndex(({ status }) => status === "fulfilled")];
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(await store.listPlans(tract.name, { limit: 9 })).toEqual([winner?.applied]);
    expect(await store.findCommits(tract.name, "", 9)).toHaveLength(3);
    if (second !== store) await second.close();
  });

  it("keeps one row of a plan that two writers make at once", async () => {
    const { store } = under;
    const tract = new SampleTract();
    await store.publish(tract.creation());
    const second = under.reopen === null ? store : await under.reopen();
    const plan = tract.plan();
    const [one, two] = ["one", "two"].map((by) => tract.nothing({ plans: [{ ...plan, body: { by } }] }));
    await Promise.all([store.publish(one!), second.publish(two!)]);
    const [kept, ...others] = await store.listPlans(tract.name, { limit: 9 });
    expect(others).toEqual([]);
    expect(["one", "two"]).toContain(kept?.body.by);
    if (second !== store) await second.close();
  });
}
