/** Random histories for property tests: small commands that most often make sense, and what a tract looks like after each. */
import fc from "fast-check";
import { compile } from "../../src/engine/compile/compile.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch, renameBranch } from "../../src/engine/history/branch.ts";
import { checkout } from "../../src/engine/history/checkout.ts";
import { type CommitResult, commit } from "../../src/engine/history/commit.ts";
import { reset } from "../../src/engine/history/reset.ts";
import { createTag, deleteTag } from "../../src/engine/history/tag.ts";
import type { Hash, RefKind } from "../../src/storage/records.ts";
import { allRefs, inWorktree } from "./history.ts";

const WORKTREES = ["default", "second"] as const;
const BRANCHES = ["main", "a", "b"] as const;
const TAGS = ["t1", "t2"] as const;
const PRIORITIES = ["skip", "normal", "important", "pinned"] as const;

const worktree = fc.constantFrom(...WORKTREES);
const branch = fc.constantFrom(...BRANCHES);
const tag = fc.constantFrom(...TAGS);
/** Mostly what is there, so that most steps do something. */
const ref = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 30 }) },
  { weight: 4, arbitrary: fc.constantFrom("HEAD", "HEAD~1", "main") },
  { weight: 2, arbitrary: fc.oneof(branch, tag, fc.constantFrom("HEAD~2", "-", "ORIG_HEAD", "@{1}")) },
);
/** A ref, or the number of a commit in the order of making. */
type AnyRef = string | number;

export type Command =
  | {
      readonly kind: "append";
      readonly priority: (typeof PRIORITIES)[number] | undefined;
      readonly count: number;
    }
  | { readonly kind: "edit"; readonly target: AnyRef }
  | { readonly kind: "elsewhere"; readonly branch: string }
  | { readonly kind: "configure"; readonly recent: number }
  | { readonly kind: "create"; readonly branch: string; readonly from: AnyRef; readonly switch: boolean }
  | { readonly kind: "checkout"; readonly ref: AnyRef }
  | { readonly kind: "reset"; readonly ref: AnyRef }
  | { readonly kind: "rename"; readonly branch: string; readonly to: string }
  | { readonly kind: "delete"; readonly branch: string; readonly force: boolean }
  | { readonly kind: "tag"; readonly tag: string; readonly ref: AnyRef }
  | { readonly kind: "untag"; readonly tag: string }
  | {
      readonly kind: "annotate";
      readonly refs: readonly AnyRef[];
      readonly priority: (typeof PRIORITIES)[number] | null | undefined;
      readonly addLabels: readonly string[];
      readonly removeLabels: readonly string[];
    };

export interface Step {
  readonly worktree: string;
  readonly command: Command;
}

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      priority: fc.option(fc.constantFrom(...PRIORITIES), { nil: undefined }),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("edit" as const), target: ref }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("elsewhere" as const), branch }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("configure" as const), recent: fc.integer({ min: 0, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("create" as const), branch, from: ref, switch: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("checkout" as const), ref }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("reset" as const), ref }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rename" as const), branch, to: branch }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      branch,
      force: fc.constantFrom(true, true, false),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("tag" as const), tag, ref }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("untag" as const), tag }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("annotate" as const),
      refs: fc.array(ref, { minLength: 1, maxLength: 2 }),
      priority: fc.option(fc.option(fc.constantFrom(...PRIORITIES)), { nil: undefined }),
      addLabels: fc.subarray(["x", "y"]),
      removeLabels: fc.subarray(["v", "w"]),
    }),
  },
);

export function steps(maxLength: number): fc.Arbitrary<readonly Step[]> {
  return fc.array(fc.record({ worktree, command }), {
    minLength: Math.min(8, maxLength),
    maxLength,
    size: "max",
  });
}

/** Runs a step and notes the commits that it made; false when it was refused or had nothing to write. */
export async function run(engine: Engine, step: Step, made: Hash[]): Promise<boolean> {
  const here = inWorktree(engine, step.worktree);
  const before = await operationCount(engine);
  try {
    made.push(...(await act(here, step.command, made)));
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
  }
  return (await operationCount(engine)) > before;
}

async function operationCount({ store, scope }: Engine): Promise<number> {
  return (await store.findTract(scope.tract))?.operationSequence ?? 0;
}

async function act(engine: Engine, wanted: Command, made: readonly Hash[]): Promise<readonly Hash[]> {
  const at = (any: AnyRef): string =>
    typeof any === "number" ? (made[any % (made.length || 1)] ?? "HEAD") : any;
  const text = `message ${made.length}`;
  switch (wanted.kind) {
    case "append": {
      const { priority } = wanted;
      const items = Array.from({ length: wanted.count }, (_, i) => ({ content: `${text}.${i}`, priority }));
      return hashes(await commit(engine, { items }));
    }
    case "edit":
      return hashes(await commit(engine, { items: [{ content: text, editTarget: at(wanted.target) }] }));
    case "elsewhere":
      return hashes(await commit(engine, { items: [{ content: text }], branch: wanted.branch }));
    case "configure":
      return hashes(
        await commit(engine, {
          items: [
            {
              content: { content_type: "config", settings: { strategy: "adaptive", recent: wanted.recent } },
            },
          ],
        }),
      );
    case "create":
      await createBranch(engine, {
        name: wanted.branch,
        from: at(wanted.from),
        switch: wanted.switch,
      });
      return [];
    case "checkout":
      await checkout(engine, { ref: at(wanted.ref) });
      return [];
    case "reset":
      await reset(engine, { ref: at(wanted.ref) });
      return [];
    case "rename":
      await renameBranch(engine, { name: wanted.branch, newName: wanted.to });
      return [];
    case "delete":
      await deleteBranch(engine, { name: wanted.branch, force: wanted.force });
      return [];
    case "tag":
      await createTag(engine, { name: wanted.tag, ref: at(wanted.ref), note: text });
      return [];
    case "untag":
      await deleteTag(engine, { name: wanted.tag });
      return [];
    case "annotate": {
      const { priority, addLabels, removeLabels } = wanted;
      // One time the one pair of labels comes and the other goes, the next time the reverse.
      const isEven = made.length % 2 === 0;
      await annotate(engine, {
        refs: wanted.refs.map(at),
        priority,
        addLabels: isEven ? addLabels : removeLabels,
        removeLabels: isEven ? removeLabels : addLabels,
      });
      return [];
    }
  }
}

function hashes({ commits }: CommitResult): readonly Hash[] {
  return commits.map(({ hash }) => hash);
}

/** What people see of a tract: where names lead, every commit's annotation, and what every branch compiles to. */
export async function lookAt(
  engine: Engine,
  made: readonly Hash[],
  kinds: readonly RefKind[],
): Promise<unknown> {
  const { store, scope } = engine;
  const refs: Record<string, unknown> = { ...(await allRefs(engine, kinds)) };
  // A worktree without a row stands on the default branch.
  for (const name of WORKTREES) refs[`worktree ${name}`] ??= { branch: "main" };
  const annotations: Record<string, unknown> = {};
  for (const hash of made) {
    const { priority, retain, labels } = (await store.readCommitAnnotations(scope.tract, hash)).at(-1) ?? {};
    if (priority != null || retain != null || (labels ?? []).length > 0)
      annotations[hash] = { priority, retain, labels };
  }
  const contexts: Record<string, unknown> = {};
  for (const { name } of await store.listRefs(scope.tract, "branch")) {
    const { messages, tokenCount } = await compile(engine, { ref: name });
    contexts[name] = { messages, tokenCount };
  }
  return { refs, annotations, contexts };
}

/** Every HEAD on a branch that is there; the default branch may be unborn. */
export async function danglingHeads(engine: Engine): Promise<readonly string[]> {
  const refs = await allRefs(engine, ["branch", "worktree"]);
  return Object.entries(refs).flatMap(([name, value]) => {
    if (!name.startsWith("worktree ")) return [];
    const { branch: attached } = value as { readonly branch?: string }; // Values of refs.
    return attached === undefined || attached === "main" || `branch ${attached}` in refs ? [] : [name];
  });
}
