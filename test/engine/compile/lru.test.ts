/** The cache stays within its bounds and forgets what was not used for longest. */
import { describe, expect, it } from "vitest";
import { LruCache } from "../../../src/engine/compile/lru.ts";

describe("the cache", () => {
  it("forgets the entry that was not used for longest when there are too many", () => {
    const cache = new LruCache<number>({ entriesMax: 2, weightMax: 100 });
    cache.set("a", 1, 1);
    cache.set("b", 2, 1);
    cache.get("a");
    cache.set("c", 3, 1);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
  });

  it("forgets until the weight fits, and never keeps what is too heavy alone", () => {
    const cache = new LruCache<number>({ entriesMax: 9, weightMax: 10 });
    cache.set("a", 1, 4);
    cache.set("b", 2, 4);
    cache.set("c", 3, 5);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([undefined, 2, 3]);
    cache.set("d", 4, 11);
    expect(cache.get("d")).toBeUndefined();
    expect(cache.size).toBe(2);
  });

  it("counts an entry that is set again once", () => {
    const cache = new LruCache<number>({ entriesMax: 9, weightMax: 10 });
    for (let i = 0; i < 5; i++) cache.set("a", i, 8);
    cache.set("b", 1, 2);
    expect([cache.get("a"), cache.get("b")]).toEqual([4, 1]);
  });

  it("lists values by the beginning of their key, the last used first", () => {
    const cache = new LruCache<number>({ entriesMax: 9, weightMax: 10 });
    cache.set("x1", 1, 1);
    cache.set("y1", 2, 1);
    cache.set("x2", 3, 1);
    cache.get("x1");
    expect([...cache.startingWith("x")]).toEqual([1, 3]);
  });
});
