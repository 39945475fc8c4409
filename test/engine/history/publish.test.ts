/** Losing the race for a branch: how a write waits before it is planned again. */
import { expect, it, onTestFinished } from "vitest";
import { commit } from "../../../src/engine/history/commit.ts";
import { openTestEngine } from "../../support/engine.ts";

/** Commits while another writer is faster so many times; gives the longest pauses that the write asked for, in milliseconds. */
async function pausesWhenOutrun(times: number): Promise<readonly number[]> {
  const on = await openTestEngine({ store: "memory" });
  onTestFinished(on.close);
  const { store } = on.engine;
  const pauses: number[] = [];
  let ahead = times;
  const outrun = new Proxy(store, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function") return member;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        if (key === "publish" && ahead > 0) {
          ahead -= 1;
          await commit(on.engine, { items: [{ content: `faster ${ahead}` }] });
        }
        return await Reflect.apply(member, target, args);
      };
    },
  });
  const pause = async (upToMs: number): Promise<void> => void pauses.push(upToMs);
  const { head } = await commit({ ...on.engine, store: outrun, pause }, { items: [{ content: "mine" }] });
  expect((await store.readRef("test", "branch", "main"))?.value).toEqual({ commit: head });
  return pauses;
}

it("plans again at once when others were faster once or twice", async () => {
  expect(await pausesWhenOutrun(1)).toEqual([]);
  expect(await pausesWhenOutrun(2)).toEqual([]);
});

it("pauses longer and longer, up to a bound, when others are faster again and again", async () => {
  expect(await pausesWhenOutrun(13)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 250, 250, 250]);
});
