/** Random histories: SQLite gives the same answers as the memory model. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ChangeSet } from "../../src/storage/change-set.ts";
import type { GarbageRule, Swept } from "../../src/storage/garbage.ts";
import { openStore } from "../../src/storage/open-store.ts";
import type { Hash, PlanRecord, RefKind, RefValue } from "../../src/storage/records.ts";
import type { Store } from "../../src/storage/store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { ADA, BOT, contentOf, hashesOf, type SampleCommit, SampleTract } from "../support/sample-tract.ts";

/** One write, in numbers: they pick from what is there, whatever that is by then. */
interface Step {
  readonly kind:
    | "append"
    | "batch"
    | "edit"
    | "merge"
    | "summary"
    | "reveal"
    | "plan"
    | "annotate"
    | "move"
    | "undo"
    | "again"
    | "stale";
  readonly picks: readonly number[];
}

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom(
      "append",
      "append",
      "append",
      "batch",
      "edit",
      "merge",
      "merge",
      "summary",
      "reveal",
      "plan",
      "annotate",
      "move",
      "undo",
      "again",
      "stale",
    ),
    picks: fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 25 },
);

const BRANCHES = ["main", "side", "third"];
const TYPES = ["dialogue", "config", "instruction"];

/** Turns steps into change sets, keeping what the tract should look like just far enough to do so. */
class Writer {
  readonly tract = new SampleTract();
  readonly commits: SampleCommit[] = [];
  readonly #refs = new Map<string, RefValue | null>();
  readonly plans: PlanRecord[] = [];
  #operations = 0;

  change({ kind, picks }: Step): ChangeSet {
    const [a = 0, b = 0, c = 0, d = 0] = picks;
    const made = this.#commits(kind, a, b, c);
    this.commits.push(...made);
    const tip = made.at(-1)?.commit.hash ?? this.#pick(d)?.commit.hash ?? null;
    const name = BRANCHES[d % BRANCHES.length] ?? "main";
    const isMoving = kind === "move" || (made.length > 0 && b % 3 > 0);
    const refMoves = isMoving ? [this.#move("branch", name, c % 7 === 0 ? null : tip)] : [];
    const target = this.#pick(a)?.commit.hash;
    const annotations =
      kind === "annotate" && target !== undefined
        ? [this.tract.annotation(target, { priority: (["skip", "pinned", null] as const)[b % 3] ?? null })]
        : [];
    const reported = made.at(-1)?.commit.hash ?? target;
    const usages =
      a % 4 === 0 && reported !== undefined
        ? [{ commit: reported, promptTokens: b, completionTokens: c, createdAt: this.tract.now() }]
        : [];
    const undone =
      kind === "undo" && this.#operations > 0
        ? [{ sequence: (a % this.#operations) + 1, undone: b % 2 === 0 }]
        : [];
    const isStale = kind === "stale";
    const plans = kind === "plan" ? [this.#plan(a, b)] : [];
    const over: Partial<ChangeSet> = {
      refMoves,
      annotations,
      plans,
      usages,
      undoneMarks: undone,
      expect: { refs: [], annotationSequence: isStale ? 1_000_000 : null },
      ensureWorktree: d % 5 === 0 ? { name: `w${a % 3}`, branch: name } : null,
    };
    const change = this.#operations === 0 ? this.tract.creation(made, over) : this.tract.change(made, over);
    if (!isStale) this.#operations += 1;
    const sources = target !== undefined && kind === "move" ? [target] : [];
    const tokens = {
      originalTokens: a % 3 === 0 ? b % 5 : null,
      compressedTokens: a % 4 === 0 ? c % 3 : null,
    };
    const operation = { ...change.operation!, type: kind, worktree: `w${b % 3}`, sources, ...tokens };
    return { ...change, operation };
  }

  #plan(a: number, b: number): PlanRecord {
    const earlier = a % 2 === 0 ? this.plans[b % Math.max(1, this.plans.length)] : undefined;
    const state = (["pending", "applied", "rejected"] as const)[b % 3] ?? "pending";
    const plan = this.tract.plan({ ...(earlier === undefined ? {} : { id: earlier.id }), state });
    this.plans.push(plan);
    return plan;
  }

  #commits(kind: Step["kind"], a: number, b: number, c: number): readonly SampleCommit[] {
    const parent = c % 11 === 0 ? undefined : this.#pick(a);
    const parents = parent === undefined ? [] : [parent.commit.hash];
    const author = b % 2 === 0 ? ADA : BOT;
    const type = TYPES[c % TYPES.length] ?? "dialogue";
    const content = contentOf(`text ${b % 20}`, { type, role: type === "config" ? null : "user" });
    const generated =
      b % 3 === 0 ? { generationConfig: { model: "mn"[c % 2] ?? "", temperature: (c % 4) / 2 } } : {};
    switch (kind) {
      case "append":
        return [this.tract.commit({ parents, author, content, ...generated })];
      case "batch":
        return this.tract.chain(parents[0] ?? null, 1 + (b % 4), { author });
      case "edit": {
        const target = this.#pick(b);
        return target === undefined
          ? []
          : [this.tract.commit({ parents, edits: target.commit.hash, content, ...generated })];
      }
      case "merge": {
        const other = this.#pick(b);
        if (parent === undefined || other === undefined || other === parent) return [];
        return [this.tract.commit({ parents: [...parents, other.commit.hash], content: null })];
      }
      case "summary":
        return [this.tract.commit({ parents, operation: "summary", content })];
      case "reveal": {
        const target = this.#pick(b);
        return target === undefined
          ? []
          : [this.tract.commit({ parents, operation: "reveal", edits: target.commit.hash, content: null })];
      }
      case "again":
        return parent === undefined ? [] : [parent];
      default:
        return [];
    }
  }

  #pick(number: number): SampleCommit | undefined {
    return this.commits[number % Math.max(1, this.commits.length)];
  }

  #move(kind: RefKind, name: string, commit: Hash | null): ChangeSet["refMoves"][number] {
    const before = this.#refs.get(name) ?? null;
    const after = commit === null ? null : { commit };
    this.#refs.set(name, after);
    return { kind, name, before, after };
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tract-model-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function publishBoth(stores: readonly Store[], change: ChangeSet): Promise<void> {
  const results = await Promise.allSettled(stores.map((store) => store.publish(change)));
  const [model, real] = results.map((result) =>
    result.status === "fulfilled"
      ? { receipt: result.value }
      : { moved: (result.reason as { moved?: unknown }).moved },
  );
  expect(real).toEqual(model);
}

const WARM = { field: "temperature", operator: ">", value: 0.5 } as const;
const MODEL = { field: "model", operator: "=", value: "m" } as const;

/** Answers to every question, as one value. */
async function answers(store: Store, { tract: { name }, commits, plans }: Writer): Promise<unknown> {
  const hashes = [...new Set(hashesOf(commits.map(({ commit }) => commit)))];
  const operations = await store.readOperations(name, { limit: 1000 });
  const pairs = hashes.flatMap((head, index) => [[head, hashes[(index * 7 + 3) % hashes.length]!] as const]);
  return {
    tract: await store.findTract(name),
    operations,
    standing: await store.readOperations(name, { limit: 3, standing: true, worktree: "w1" }),
    annotations: await store.readAnnotations(name, { after: 0, upTo: 1000 }),
    ledger: await store.readLedger(name, { order: "desc", limit: 1000 }),
    branches: await store.listRefs(name, "branch"),
    worktrees: await store.listRefs(name, "worktree"),
    commits: await store.readCommits(name, hashes),
    asOf: await Promise.all(
      BRANCHES.flatMap((branch) =>
        operations.map(({ sequence }) => store.readRefAsOf(name, "branch", branch, sequence)),
      ),
    ),
    snapshots: await Promise.all(
      BRANCHES.map((branch) => store.readSnapshot(name, { worktree: "w0", branch, defaultBranch: "main" })),
    ),
    chains: await Promise.all(
      hashes.map(async (head) =>
        hashesOf(((await store.readChain(name, head)) ?? []).map(({ commit }) => commit)).toSorted(),
      ),
    ),
    beyond: await Promise.all(
      pairs.map(async ([head, after]) =>
        (await store.readChain(name, head, after))?.map(({ commit }) => commit.hash).toSorted(),
      ),
    ),
    configs: await Promise.all(hashes.map((head) => store.readConfigCommits(name, head))),
    counts: await Promise.all(pairs.map(([head, without]) => store.countReachable(name, head, without))),
    reachable: await Promise.all(hashes.flatMap((a) => hashes.map((b) => store.isReachable(name, a, b)))),
    ancestors: await Promise.all(
      hashes.flatMap((head) => [0, 1, 2, 5].map((n) => store.readAncestor(name, head, n))),
    ),
    sides: await Promise.all(
      pairs.flatMap(([head, without]) => [
        store.readSide(name, head, without),
        store.readSide(name, head, null),
      ]),
    ),
    bases: await Promise.all(hashes.flatMap((a) => hashes.map((b) => store.readMergeBases(name, a, b)))),
    summaries: await Promise.all(hashes.map((head) => store.readSummaries(name, head))),
    plans: [
      await store.listPlans(name, { limit: 1000 }),
      await store.listPlans(name, { state: "pending", limit: 2 }),
      await Promise.all(plans.map(({ id }) => store.findPlan(name, id))),
    ],
    sorted: await Promise.all(
      (["original_tokens", "compressed_tokens", "ratio"] as const).flatMap((sort) => [
        store.readOperations(name, { sort, limit: 1000 }),
        store.readOperations(name, { sort, limit: 2, offset: 1, originalTokensMin: 2 }),
        store.readOperations(name, { sort, limit: 3, worktree: "w1", standing: true }),
        store.readOperations(name, { sort, limit: 3, ref: { kind: "branch", name: "main" } }),
      ]),
    ),
    large: await store.readOperations(name, { originalTokensMin: 2, worktree: "w1", limit: 3 }),
    usages: [
      await store.readUsages(name, hashes),
      await Promise.all(hashes.map((head) => store.findUsage(name, head))),
    ],
    generated: await Promise.all(
      [{}, ...pairs.map(([head, exclude]) => ({ head, exclude }))].flatMap((scope) => [
        store.readByConfig(name, { ...scope, conditions: [WARM], limit: 1000, scanMax: 9_999 }),
        store.readByConfig(name, { ...scope, conditions: [MODEL, WARM], limit: 2, scanMax: 9_999 }),
        store.readByConfig(name, { ...scope, conditions: [], limit: 3, scanMax: 9_999, firstParent: true }),
      ]),
    ),
    edits: await Promise.all(pairs.map(([head, target]) => store.readEdits(name, target, head))),
    logs: await Promise.all(
      pairs.flatMap(([head, other]) => [
        store.readLog(name, { head, limit: 4, firstParent: true }),
        store.readLog(name, { head, limit: 5, firstParent: false, exclude: other }),
        store.readLog(name, { head, limit: 5, firstParent: false, after: other }),
        store.readLog(name, {
          head,
          limit: 3,
          firstParent: false,
          contentTypes: ["config"],
          authorKinds: ["user"],
        }),
      ]),
    ),
    usedBy: await Promise.all(hashes.map((commit) => store.readOperations(name, { limit: 9, commit }))),
  };
}

async function expectParentsFirst(store: Store, { tract: { name }, commits }: Writer): Promise<void> {
  for (const { commit: head } of commits) {
    const chain = (await store.readChain(name, head.hash)) ?? [];
    const seen = new Set<Hash>();
    for (const { commit } of chain) {
      for (const parent of commit.parents) expect(seen).toContain(parent);
      seen.add(commit.hash);
    }
  }
}

it("gives the answers of the model for any history", async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const real = await openStore(join(folder, `${run++}.db`), { durability: "normal" });
      const model = createMemoryStore();
      const writer = new Writer();
      for (const step of list) await publishBoth([model, real], writer.change(step));
      expect(await answers(real, writer)).toEqual(await answers(model, writer));
      await expectParentsFirst(real, writer);
      expect([await real.checkIntegrity(), await real.checkDerived()]).toEqual([[], []]);
      await real.close();
    }),
    { numRuns: 60, seed: 20_261_121 },
  );
});

/** Ages everything before a moment, and removes what the rule lets go. */
async function collect(
  store: Store,
  tract: string,
  rule: GarbageRule,
  entries: SampleTract,
): Promise<unknown> {
  const garbage = await store.findGarbage(tract, rule, async () => {});
  const swept: unknown[] = [];
  for (let part: Swept | "done" | "stale" | null = null; part !== "done"; ) {
    const entry = ({ commits }: Swept) => entries.ledger({ eventType: "GC", metadata: { commits } });
    part = await store.sweepGarbage(garbage, { limit: 3, entry });
    swept.push(part);
  }
  return { garbage, swept };
}

it("gives the answers of the model after gc, and after more was written", async () => {
  let run = 0;
  const rules = fc.record({
    commits: fc.nat(60),
    operations: fc.nat(60),
    relating: fc.subarray(["merge", "summary", "batch", "append"]),
    since: fc.option(fc.nat(60)),
  });
  await fc.assert(
    fc.asyncProperty(steps, rules, steps, async (list, { commits, operations, relating, since }, more) => {
      const real = await openStore(join(folder, `gc-${run++}.db`), { durability: "normal" });
      const model = createMemoryStore();
      const writer = new Writer();
      for (const step of list) await publishBoth([model, real], writer.change(step));
      const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 2_000).toISOString();
      const rule: GarbageRule = {
        commitsSince: at(commits),
        operationsSince: at(operations),
        relatingTypes: relating,
        relatingSince: since === null ? null : at(since),
        plainTypes: [],
        keepingEntries: [],
      };
      const { name } = writer.tract;
      const [modelled, swept] = [
        await collect(model, name, rule, new SampleTract("entries")),
        await collect(real, name, rule, new SampleTract("entries")),
      ];
      expect(swept).toEqual(modelled);
      expect(await answers(real, writer)).toEqual(await answers(model, writer));
      for (const step of more) await publishBoth([model, real], writer.change(step));
      expect(await answers(real, writer)).toEqual(await answers(model, writer));
      expect([await real.checkIntegrity(), await real.checkDerived()]).toEqual([[], []]);
      await real.close();
    }),
    { numRuns: 60, seed: 20_261_122 },
  );
});
