/** Annotates commits: priority, what a summary must keep, labels; all refs in one operation (spec 1.6; spec 9, 5). */
import type { CommitRecord, Hash, JsonObject, Priority } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import {
  type AnnotationChange,
  type AnnotationState,
  annotatedState,
  NO_ANNOTATION,
  sameState,
} from "./annotation-state.ts";
import { pointAt } from "./context-size.ts";
import { readLabels } from "./labels.ts";
import { effectiveLabels, effectivePriority, judged } from "./priority.ts";
import { isoNow, operationChange, type Plan, publishPlan } from "./publish.ts";
import { commitOf } from "./ref-value.ts";
import { reportedSizes } from "./reported-size.ts";
import { type Retain, readRetain } from "./retain.ts";
import { resolveCommit } from "./revision.ts";
import { readSettings } from "./settings.ts";
import { readSite, type Site } from "./snapshot.ts";
import { readRoots } from "./unreachable.ts";
import type { PlaceResult } from "./worktree.ts";

export interface AnnotateRequest {
  readonly refs: readonly string[];
  /** What HEAD means in `refs`, and the branch that the annotation is made on. Default: the worktree's. */
  readonly branch?: string | undefined;
  /** null: back to the default. */
  readonly priority?: Priority | null | undefined;
  /** null: nothing in particular must be kept any more. */
  readonly retain?: Retain | null | undefined;
  readonly addLabels?: readonly string[] | undefined;
  readonly removeLabels?: readonly string[] | undefined;
  /** Why, for people. */
  readonly reason?: string | undefined;
}

export interface AnnotatedCommit {
  readonly hash: Hash;
  /** The priority in force. */
  readonly priority: Priority;
  /** All labels: those of commit time first. */
  readonly labels: readonly string[];
  readonly retain: JsonObject | null;
}

export interface AnnotateResult extends PlaceResult {
  /** In the order of the refs. */
  readonly annotated: readonly AnnotatedCommit[];
  /** Compiled size of the branch in tokens, as annotated. */
  readonly contextTokens: number;
}

/**
 * Annotates commits. A row holds the whole new state of its commit; two annotators never overwrite each other unseen.
 *
 * @throws TractError `not-found` (also for a commit that no branch, tag or HEAD reaches), `ambiguous-ref`, `invalid-argument`,
 *   `nothing-to-do` when every commit is so already.
 */
export async function annotate(engine: Engine, request: AnnotateRequest): Promise<AnnotateResult> {
  const change = readChange(engine, request);
  return await publishPlan(engine, () => planAnnotate(engine, request, change));
}

async function planAnnotate(
  engine: Engine,
  request: AnnotateRequest,
  wanted: AnnotationChange,
): Promise<Plan<AnnotateResult>> {
  const site = await readSite(engine, { branch: request.branch });
  const targets = await readTargets(engine, site, request);
  const now = isoNow(engine);
  const states = targets.map((target) => ({
    target,
    next: annotatedState(target.state, target.commit, wanted),
  }));
  const after = new Map(states.map(({ target, next }) => [target.commit.hash, next]));
  const changed = states.filter(({ target, next }) => !sameState(target.state, next));
  if (changed.length === 0) throw nothingToChange(targets);
  for (const { next } of changed) readLabels(engine, next.labels, "add_labels");
  const operationId = engine.newId();
  const commits = changed.map(({ target }) => target.commit.hash);
  const change = operationChange(engine, site, {
    id: operationId,
    type: "annotate",
    branch: site.branch,
    now,
    sources: commits,
    params: paramsOf(wanted),
    reason: `Annotated ${commits.length} ${commits.length === 1 ? "commit" : "commits"}`,
    evidence: { commits, ...(wanted.priority === undefined ? {} : { priority: wanted.priority }) },
  });
  const annotations = changed.map(({ target, next }) => ({
    commit: target.commit.hash,
    ...next,
    reason: request.reason ?? null,
    author: engine.scope.author,
    createdAt: now,
    branch: site.branch ?? target.commit.branch,
  }));
  const head = site.head?.hash ?? null;
  // Measured before it is written: nothing may fail afterwards.
  const at = pointAt(engine, site, head, await readSettings(engine, engine.scope.tract, head));
  const planned = { chain: [], annotations };
  const size = await reportedSizes(engine, { before: at, after: at, planned });
  return {
    change: {
      ...change,
      annotations,
      expect: { refs: [], annotationSequence: site.tract?.annotationSequence ?? 0 },
    },
    result: () => ({
      operationId,
      branch: site.branch,
      head,
      warnings: warningsOf(targets, wanted),
      annotated: states.map(({ target }) => describe(target, after)),
      contextTokens: size.after,
    }),
  };
}

/** A commit to annotate, as it is now. */
interface Target {
  readonly commit: CommitRecord;
  readonly state: AnnotationState;
  /** For an edit: the commit that it replaces, whose priority it has unless annotated itself. */
  readonly edited: { readonly commit: CommitRecord; readonly state: AnnotationState } | null;
}

async function readTargets(engine: Engine, site: Site, request: AnnotateRequest): Promise<readonly Target[]> {
  const { store, scope, limits } = engine;
  const { refs, branch } = request;
  if (refs.length === 0 || refs.length > limits.batchItemsMax)
    throw invalid("refs", `1 to ${limits.batchItemsMax} refs`);
  const hashes = new Set<Hash>();
  for (const ref of refs) hashes.add(await resolveCommit(engine, { ref, branch }));
  await requireReachable(engine, site, [...hashes]);
  const targets: Target[] = [];
  for (const commit of await store.readCommits(scope.tract, [...hashes])) {
    const [original] =
      commit.editTarget === null ? [] : await store.readCommits(scope.tract, [commit.editTarget]);
    targets.push({
      commit,
      state: await readState(engine, commit.hash),
      edited:
        original === undefined ? null : { commit: original, state: await readState(engine, original.hash) },
    });
  }
  return targets;
}

async function readState(engine: Engine, commit: Hash): Promise<AnnotationState> {
  return (await engine.store.readCommitAnnotations(engine.scope.tract, commit)).at(-1) ?? NO_ANNOTATION;
}

/** An annotation on a commit that nothing leads to would be seen by nobody. */
async function requireReachable(engine: Engine, site: Site, commits: readonly Hash[]): Promise<void> {
  const { store, scope } = engine;
  const heads = (await store.listRefs(scope.tract, "worktree")).flatMap(({ value }) => commitOf(value) ?? []);
  const named = (await readRoots(engine)).map((root) => root.commit);
  const roots = new Set([...(site.head === null ? [] : [site.head.hash]), ...named, ...heads]);
  for (const commit of commits) {
    let isReached = false;
    for (const root of roots) {
      isReached = root === commit || (await store.isReachable(scope.tract, commit, root));
      if (isReached) break;
    }
    if (!isReached) throw unreached(commit);
  }
}

/** An edit and its target may be annotated by the same call. */
function describe(
  { commit, state, edited }: Target,
  after: ReadonlyMap<Hash, AnnotationState>,
): AnnotatedCommit {
  const next = after.get(commit.hash) ?? state;
  const original =
    edited === null ? null : judged(edited.commit, after.get(edited.commit.hash) ?? edited.state);
  return {
    hash: commit.hash,
    priority: effectivePriority(judged(commit, next), original),
    labels: effectiveLabels(commit, next),
    retain: next.retain,
  };
}

function readChange(engine: Engine, request: AnnotateRequest): AnnotationChange {
  const { priority, retain, reason } = request;
  const addLabels = readLabels(engine, request.addLabels ?? [], "add_labels");
  const removeLabels = readLabels(engine, request.removeLabels ?? [], "remove_labels");
  if (priority === undefined && retain === undefined && addLabels.length + removeLabels.length === 0)
    throw invalid("priority", "at least one of priority, retain, add_labels, remove_labels");
  const both = addLabels.find((label) => removeLabels.includes(label));
  if (both !== undefined) throw invalid("remove_labels", "no label that is also in add_labels");
  const { messageCharsMax } = engine.limits;
  if (reason !== undefined && (reason.length > messageCharsMax || !reason.isWellFormed()))
    throw invalid("reason", `at most ${messageCharsMax} characters of well-formed Unicode`);
  return {
    priority,
    retain: retain === undefined || retain === null ? retain : readRetain(engine.limits, retain),
    addLabels,
    removeLabels,
  };
}

/** Only the retain rule can hold text of the caller; the annotation row has it. */
function paramsOf({ priority, retain, addLabels, removeLabels }: AnnotationChange): JsonObject {
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(retain === undefined ? {} : { retain: retain === null ? "none" : "set" }),
    ...(addLabels.length > 0 ? { add_labels: addLabels } : {}),
    ...(removeLabels.length > 0 ? { remove_labels: removeLabels } : {}),
  };
}

function warningsOf(targets: readonly Target[], { removeLabels }: AnnotationChange): readonly string[] {
  const kept = removeLabels.filter((label) => targets.some(({ commit }) => commit.labels.includes(label)));
  return kept.map((label) => `label ${JSON.stringify(label)} was given at commit time and stays`);
}

function nothingToChange(targets: readonly Target[]): TractError {
  return new TractError("nothing-to-do", "these commits are annotated so already; nothing was stored", {
    hint: "Look at show for the annotations in force.",
    data: { commits: targets.map(({ commit }) => commit.hash) },
  });
}

function unreached(commit: Hash): TractError {
  return new TractError(
    "not-found",
    `commit ${commit.slice(0, 12)} is in the store, but no branch, tag or HEAD leads to it`,
    {
      hint: "Put a branch or a tag on it first, then annotate it.",
      data: { commit },
    },
  );
}

function invalid(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: "Correct this argument and call again; nothing was stored.",
    data: { path, expected },
  });
}
