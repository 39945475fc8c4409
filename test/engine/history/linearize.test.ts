/** Stage 1: one order for any graph, every commit once, what a merge brings directly before the merge (spec 2.2). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearize } from "../../../src/engine/history/linearize.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { ChainBuilder } from "../../support/chain-builder.ts";

/** Builds a graph from `name: parents`, in the order given, and gives the linear order of the last as names. */
function orderOf(graph: Readonly<Record<string, string>>, shuffled = false): string {
  const history = new ChainBuilder();
  const hashes = new Map<string, Hash>();
  const hashOf = (name: string): Hash => {
    const hash = hashes.get(name);
    if (hash === undefined) throw new Error(`no commit ${name}`);
    return hash;
  };
  for (const [name, list] of Object.entries(graph)) {
    const parents = list.split("").map(hashOf);
    hashes.set(name, parents.length > 1 ? history.merge(...parents) : history.user(name, { parents }));
  }
  const rows = shuffled ? history.rows.toReversed() : history.rows;
  if (history.head === null) return "";
  const names = new Map([...hashes].map(([name, hash]) => [hash, name]));
  return linearize(rows, history.head)
    .map(({ commit }) => names.get(commit.hash))
    .join("");
}

describe("linearize", () => {
  it("keeps a chain as it is", () => {
    expect(orderOf({ a: "", b: "a", c: "b" })).toBe("abc");
  });

  it("puts the other side of a merge directly before the merge", () => {
    expect(orderOf({ a: "", b: "a", x: "a", y: "x", m: "by", c: "m" })).toBe("abxymc");
  });

  it("does not care in which order the rows came", () => {
    expect(orderOf({ a: "", b: "a", x: "a", y: "x", m: "by", c: "m" }, true)).toBe("abxymc");
  });

  it("puts a side that was merged before into its first place only", () => {
    expect(orderOf({ a: "", x: "a", b: "a", m: "bx", y: "x", c: "m", n: "cy" })).toBe("abxmcyn");
  });

  it("orders criss-cross merges, each commit once", () => {
    expect(orderOf({ a: "", b: "a", x: "a", m: "bx", n: "xb", c: "m", z: "n", p: "cz" })).toBe("abxmcnzp");
  });

  it("takes the other parents of an octopus in their order", () => {
    expect(orderOf({ a: "", b: "a", x: "a", y: "a", z: "y", m: "bxz" })).toBe("abxyzm");
  });

  it("goes into merges on the side, recursively", () => {
    expect(orderOf({ a: "", b: "a", x: "a", u: "x", y: "x", n: "yu", m: "bn" })).toBe("abxyunm");
  });

  it("joins histories that have no common beginning", () => {
    expect(orderOf({ a: "", b: "a", x: "", y: "x", m: "by" })).toBe("abxym");
  });

  it("gives every commit of a random graph once, parents first, and orders what is behind a head alike on its own", () => {
    const graph = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 24,
    });
    fc.assert(
      fc.property(graph, (picks) => {
        const history = new ChainBuilder();
        const made: Hash[] = [history.user("0", { parents: [] })];
        for (const pick of picks) {
          const parents = [...new Set([made.at(-1), ...pick.map((n) => made[n % made.length])])].filter(
            (hash) => hash !== undefined,
          );
          made.push(
            parents.length > 1 ? history.merge(...parents) : history.user(String(made.length), { parents }),
          );
        }
        const order = linearize(history.rows.toReversed(), made.at(-1) ?? made[0]!).map(
          ({ commit }) => commit.hash,
        );
        expect(new Set(order).size).toBe(made.length);
        const position = new Map(order.map((hash, index) => [hash, index]));
        for (const { commit } of history.rows)
          for (const parent of commit.parents)
            expect(position.get(parent)).toBeLessThan(position.get(commit.hash) ?? -1);
        const middle = made[made.length >> 1]!;
        const known = new Set(linearize(behind(history, middle), middle).map(({ commit }) => commit.hash));
        const later = history.rows.filter(({ commit }) => !known.has(commit.hash));
        expect([...known, ...linearize(later, made.at(-1)!).map(({ commit }) => commit.hash)]).toEqual(order);
      }),
    );
  });
});

/** Rows reachable from a commit. */
function behind(history: ChainBuilder, head: Hash): ChainBuilder["rows"] {
  const wanted = new Set([head]);
  const rows = history.rows.toReversed().filter(({ commit }) => {
    if (!wanted.has(commit.hash)) return false;
    for (const parent of commit.parents) wanted.add(parent);
    return true;
  });
  return rows.reverse();
}
