/** Plans the commits of each transcript on the branch it belongs to. */
import type { Author, ContentRecord, Hash, RefValue } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import type { BudgetCheck } from "../history/budget.ts";
import {
  type CommitBase,
  type ContentItem,
  type PlannedCommits,
  planCommits,
} from "../history/plan-commit.ts";
import { commitOf } from "../history/ref-value.ts";
import type { Screen } from "../history/screen.ts";
import { screenItem } from "../history/screen-item.ts";
import type { Site } from "../history/snapshot.ts";
import { createRest, type Rest } from "../long-work.ts";
import type { CheckedTranscript } from "./checked-transcript.ts";
import { checkImportBudget } from "./import-budget.ts";
import type { ImportSource } from "./import-source.ts";
import { findNamedBranch, findOwnBranch, type ImportTarget } from "./import-target.ts";

export interface ImportHooks {
  readonly signal?: AbortSignal | undefined;
  /** Commits planned so far, and in all. */
  readonly progress?: ((done: number, total: number, message: string) => void) | undefined;
}

/** One transcript on its way into a branch. */
export interface PlannedBranch {
  readonly transcript: CheckedTranscript;
  readonly target: ImportTarget;
  readonly planned: PlannedCommits;
  /** Of the branch after the import. */
  readonly head: Hash | null;
  readonly budget: BudgetCheck | null;
}

interface ImportPlan {
  readonly source: ImportSource;
  readonly hooks: ImportHooks;
  readonly site: Site;
  readonly operationId: string;
  readonly now: string;
}

/**
 * @throws TractError `cancelled` when the signal says so; `budget-exceeded`; `exists` when there is no free name.
 */
export async function planBranches(engine: Engine, plan: ImportPlan): Promise<readonly PlannedBranch[]> {
  const { source, site, hooks } = plan;
  const refs = site.tract === null ? [] : await engine.store.listRefs(engine.scope.tract, "branch");
  const branches = new Map<string, RefValue>(refs.map((ref) => [ref.name, ref.value]));
  const named = source.branch === null ? undefined : branches.get(source.branch);
  const screen = await engine.screen(engine, named === undefined ? null : commitOf(named));
  const claimed = new Set<string>();
  const total = source.transcripts.reduce((sum, transcript) => sum + transcript.items.length, 0);
  const planned: PlannedBranch[] = [];
  const rest = createRest(engine, hooks.signal);
  let done = 0;
  for (const transcript of source.transcripts) {
    const target = await findTarget(engine, { source, branches, claimed, screen }, transcript);
    claimed.add(target.branch);
    const report = (items: number): void => hooks.progress?.(done + items, total, target.branch);
    planned.push(await planBranch(engine, plan, { transcript, target, rest, report }));
    done += transcript.items.length;
  }
  return planned;
}

async function findTarget(
  engine: Engine,
  at: {
    readonly source: ImportSource;
    readonly branches: ReadonlyMap<string, RefValue>;
    readonly claimed: ReadonlySet<string>;
    readonly screen: Screen | null;
  },
  transcript: CheckedTranscript,
): Promise<ImportTarget> {
  // A branch has them without credentials.
  const contents = transcript.items.map((item, index) => {
    const screened = screenItem(at.screen, item, { path: `items[${index}].`, author: engine.scope.author });
    return screened.item.content.record.hash;
  });
  if (at.source.branch === null) return await findOwnBranch(engine, at, { name: transcript.name, contents });
  return await findNamedBranch(engine, at, { name: at.source.branch, contents });
}

async function planBranch(
  engine: Engine,
  plan: ImportPlan,
  input: {
    readonly transcript: CheckedTranscript;
    readonly target: ImportTarget;
    readonly rest: Rest;
    readonly report: (items: number) => void;
  },
): Promise<PlannedBranch> {
  const { transcript, target, rest, report } = input;
  const { site, source, operationId, now } = plan;
  const author: Author = { ...engine.scope.author, kind: "import", name: source.sourceName ?? source.format };
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const screen = await engine.screen(engine, target.parent?.hash ?? null);
  const base = { parent: target.parent, branch: target.branch, author, operationId, now, tokens, screen };
  const items = transcript.items.slice(target.present);
  const planned = await planInParts(base, items, { rest, report });
  const budget = items.length === 0 ? null : await checkImportBudget(engine, { site, target, planned, now });
  const head = planned.chain.at(-1)?.commit.hash ?? target.parent?.hash ?? null;
  return { transcript, target, planned, head, budget };
}

/** In parts, so that a long import can be watched and cancelled. */
async function planInParts(
  base: CommitBase,
  items: readonly ContentItem[],
  { rest, report }: { readonly rest: Rest; readonly report: (items: number) => void },
): Promise<PlannedCommits> {
  const chain: ChainCommit[] = [];
  const contents: ContentRecord[] = [];
  for (let from = 0; from < items.length; from += PART_ITEMS_MAX) {
    await rest();
    const parent = chain.at(-1)?.commit ?? base.parent;
    const part = planCommits({ ...base, parent }, items.slice(from, from + PART_ITEMS_MAX));
    chain.push(...part.chain);
    contents.push(...part.contents);
    report(Math.min(from + PART_ITEMS_MAX, items.length));
  }
  return { chain, contents, annotations: [] };
}

const PART_ITEMS_MAX = 100;
