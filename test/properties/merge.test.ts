/** Laws of merging over random histories of three branches (spec 3.3; spec 7.2). */
import fc from "fast-check";
import { expect, it } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import { explain } from "../../src/engine/compile/explain.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { status } from "../../src/engine/history/status.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import type { MergeResult } from "../../src/engine/merge/merge-types.ts";
import type { Hash } from "../../src/storage/records.ts";
import { openTestEngine } from "../support/engine.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { expectSound, headOf, providerProblems, reached, texts } from "../support/merging.ts";
import { type Merging, mergingStep, startMergeWorld, work } from "../support/random-merges.ts";

/** What every commit shows at a head. */
async function shownAt(engine: Engine, head: Hash | undefined): Promise<ReadonlyMap<Hash, string>> {
  if (head === undefined) return new Map();
  const { messages, commitHashes } = await compile(engine, {
    ref: head,
    strategy: "full",
    includeReasoning: true,
  });
  return new Map(
    messages.flatMap((message, i) =>
      (commitHashes[i] ?? []).map((hash) => [hash, JSON.stringify(message)] as const),
    ),
  );
}

/** A clean merge shows what the side that changed a commit made of it. */
async function expectThreeWay(
  engine: Engine,
  result: MergeResult,
  ends: readonly [Hash, Hash],
): Promise<void> {
  const bases = await engine.store.readMergeBases("test", ...ends);
  const summaries = await engine.store.readSummaries("test", result.head ?? ends[0]);
  if (summaries.length > 0 || bases.length > 1) return;
  const base = await shownAt(engine, bases[0]);
  const [ours, theirs] = [await shownAt(engine, ends[0]), await shownAt(engine, ends[1])];
  const merged = await shownAt(engine, result.head ?? undefined);
  expect(new Set(merged.keys())).toEqual(new Set([...ours.keys(), ...theirs.keys()]));
  for (const [hash, shown] of merged) {
    const our = ours.get(hash);
    const their = theirs.get(hash);
    const isOurs = their === undefined || (our !== undefined && our !== base.get(hash));
    expect(shown).toBe(isOurs ? our : their);
  }
}

async function mergeUnderLaws(engine: Engine, wanted: Merging): Promise<void> {
  const { source, into, strategy, noFf } = wanted;
  const [ours, theirs] = [await headOf(engine, into), await headOf(engine, source)];
  if (source === into || ours === null || theirs === null) return;
  const report = await merge(engine, { source, into, noFf, dryRun: true });
  if (report.kind !== "conflicts" && report.kind !== "up_to_date") {
    const { strategy: _, ...byOurs } = {
      strategy,
      ...(await merge(engine, { source, into, noFf, strategy: "ours", dryRun: true })),
    };
    expect(byOurs).toEqual(report);
  }
  const before = await texts(engine, into);
  const result = await merge(engine, { source, into, strategy, noFf });
  if (report.kind === "conflicts") expect(result.conflicts.length).toBeGreaterThan(0);
  else expect(result.kind).toBe(report.kind === "up_to_date" ? result.kind : report.kind);
  if (result.kind === "conflicts") {
    expect(await headOf(engine, into)).toBe(ours);
    return;
  }
  if (result.operationId !== null) await expectUndoable(engine, result, before);
  const all = await reached(engine, await headOf(engine, into));
  for (const side of [ours, theirs])
    for (const hash of await reached(engine, side)) expect(all).toContain(hash);
  expect((await merge(engine, { source, into })).kind).toBe("up_to_date");
  expect(await providerProblems(engine, into)).toEqual([]);
  if (result.operationId !== null)
    expect((await status(engine, { branch: into })).tokens).toBe(result.tokensAfter);
  if (result.kind === "clean") await expectThreeWay(engine, result, [ours, theirs]);
  if (result.kind === "resolved") await expectPicked(engine, into, result);
  if (result.kind === "recorded") await resolveLater(engine, wanted, result);
}

async function expectUndoable(engine: Engine, result: MergeResult, before: readonly string[]): Promise<void> {
  const { branch, operationId } = result;
  const after = await texts(engine, branch);
  const undone = await undo(engine, { operation: operationId ?? undefined });
  expect(await texts(engine, branch)).toEqual(before);
  await undo(engine, { operation: undone.operationId ?? undefined });
  expect(await texts(engine, branch)).toEqual(after);
  expect(await headOf(engine, branch)).toBe(result.head);
}

/** Where both had edited and one side was picked, its text shows, unless something else hides the commit. */
async function expectPicked(engine: Engine, into: string, result: MergeResult): Promise<void> {
  const all = (await texts(engine, into)).join("\n");
  for (const [index, { by }] of result.resolutions.entries()) {
    const conflict = result.conflicts[index];
    if (conflict?.kind !== "both_edit") continue;
    const { included } = await explain(engine, { ref: into, strategy: "full" }, conflict.target);
    if (!included) continue;
    if (by === "ours" || by === "theirs") expect(all).toContain(payloadOf(conflict[by].text));
    if (by !== "both") continue;
    for (const side of [conflict.ours, conflict.theirs]) expect(all).toContain(payloadOf(side.text));
  }
}

/** The text of a tool call or result starts with the tool's name, of a summary with what it is. */
function payloadOf(text: string): string {
  return text.replace(/^(?:read |\[Summary[^\]]*\]\n)/, "");
}

/** Every recorded conflict can be resolved on its own, one way or another; a text for it shows. */
async function resolveLater(
  engine: Engine,
  { source, into }: Merging,
  { conflicts }: MergeResult,
): Promise<void> {
  for (const [index, target] of [...new Set(conflicts.map((conflict) => conflict.target))].entries()) {
    const before = (await status(engine, { branch: into })).conflicts.map((one) => one.target);
    // What was resolved before may have ended this one, too: it may be skipped below a summary that is gone now.
    if (!before.includes(target)) continue;
    const pick = ([undefined, "ours", "theirs", "base"] as const)[(index + before.length) % 4];
    const isSetting = target === "recent";
    const content = isSetting ? 9 : `resolved ${target.slice(0, 8)}`;
    const resolution = pick === undefined ? { target, content } : { target, pick };
    const result = await merge(engine, { source, into, resolutions: [resolution] });
    expect(result.kind).toBe("resolved");
    const still = (await status(engine, { branch: into })).conflicts;
    expect(still.map((one) => one.target)).not.toContain(target);
    expect(await providerProblems(engine, into)).toEqual([]);
    if (isSetting || pick !== undefined) continue;
    const { included } = await explain(engine, { ref: into, strategy: "full" }, target);
    if (included) expect((await texts(engine, into)).join("\n")).toContain(content);
  }
}

it("loses nothing of either side, shows what was resolved, and stays valid, whatever the histories", {
  timeout: timeLimit(30_000),
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(mergingStep, { minLength: 8, maxLength: 40, size: "max" }), async (script) => {
      const { engine, close } = await openTestEngine({ store: "memory" });
      const world = await startMergeWorld(engine);
      for (const step of script) {
        if (step.do !== "merge") await work(world, step);
        else await mergeUnderLaws(engine, step);
      }
      await mergeUnderLaws(engine, {
        do: "merge",
        source: "topic",
        into: "main",
        strategy: "theirs",
        noFf: true,
      });
      await expectSound(engine);
      await close();
    }),
    { numRuns: runs(15), endOnFailure: false },
  );
});
