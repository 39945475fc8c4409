/** Makes one commit of several: their texts joined, or the content given for them (spec 3.4). */
import type { Hash, JsonObject, Priority } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import type { AnnotationState } from "../history/annotation-state.ts";
import { readCommitItems } from "../history/commit-items.ts";
import type { Coverage } from "../history/coverage.ts";
import type { ContentItem } from "../history/plan-commit.ts";
import { effectivePriority, judged } from "../history/priority.ts";
import type { Site } from "../history/snapshot.ts";
import { invariant } from "../invariant.ts";
import { sameAuthor } from "../ledger/verify/links.ts";
import type { SquashStep } from "./arrange.ts";
import { invalidArgument } from "./reorganize-request.ts";

export interface SquashContext {
  readonly site: Site;
  readonly annotationOf: (hash: Hash) => AnnotationState | null;
  readonly coverage: Coverage;
}

/**
 * The commit that a run becomes. It has the labels of all, the highest of their priorities, and must retain what each of them had to.
 *
 * @throws TractError `invalid-argument` for what cannot be one commit (tool messages, summaries, pinned commits, different roles, kinds of
 *   content, skipped beside shown ones, partly summarised ones); `invalid-content` for the content given.
 */
export async function squashItem(
  engine: Engine,
  step: SquashStep,
  context: SquashContext,
): Promise<ContentItem> {
  const { members, run } = step;
  const priorities = members.map((member) => priorityOf(member, context));
  refuseKinds(step);
  refuseJudged(step, priorities, context);
  const input = run.content === undefined ? joinedContent(step) : givenContent(step);
  const [read] = await readCommitItems(engine, context.site, [{ content: input }]);
  invariant(read, "one item is read for one item");
  const commits = members.map(({ row }) => row.commit);
  const [first] = commits;
  invariant(first, "a run has commits");
  const configs = new Set(commits.map(({ generationConfig }) => JSON.stringify(generationConfig)));
  return {
    ...read,
    message: run.message ?? null,
    labels: [...new Set(commits.flatMap(({ labels }) => labels))],
    metadata: commits.find(({ metadata }) => metadata !== null)?.metadata ?? null,
    generationConfig: configs.size === 1 ? first.generationConfig : null,
    annotation: joinedAnnotation(step, priorities, context),
    ...(run.content === undefined ? { origin: "derived" as const } : {}),
    ...(commits.every(({ author }) => sameAuthor(author, first.author)) ? { author: first.author } : {}),
  };
}

type Member = SquashStep["members"][number];

function priorityOf({ row, shown }: Member, { annotationOf }: SquashContext): Priority {
  const target = judged(row.commit, annotationOf(row.commit.hash));
  if (shown === row) return effectivePriority(target, null);
  return effectivePriority(judged(shown.commit, annotationOf(shown.commit.hash)), target);
}

function refuseKinds({ members, run }: SquashStep): void {
  const shownRole = members[0]?.shown.commit.role;
  for (const { row, shown } of members) {
    const { hash, operation } = row.commit;
    const refuse = (why: string): never => {
      throw invalidArgument(run.path, `cannot join commit ${hash.slice(0, 12)}: ${why}`, [hash]);
    };
    if (operation !== "append") refuse(`it is a ${operation}`);
    for (const { contentType } of [row.commit, shown.commit])
      if (contentType === "tool_io") refuse("a tool call and its result are never joined with anything");
    if (shown.commit.role === null) refuse(`a ${shown.commit.contentType} has no message`);
    if (run.content !== undefined) continue;
    if (shown.commit.role !== shownRole) refuse("its role is another than that of the first");
    const isThought = shown.commit.contentType === "reasoning";
    if (isThought !== (members[0]?.shown.commit.contentType === "reasoning"))
      refuse("reasoning is joined with reasoning alone");
  }
}

function refuseJudged(
  { members, run }: SquashStep,
  priorities: readonly Priority[],
  context: SquashContext,
): void {
  const covers = new Set(members.map(({ row }) => context.coverage.covers.get(row.commit.hash)?.by ?? null));
  for (const [i, { row }] of members.entries()) {
    if (priorities[i] !== "pinned") continue;
    const { hash } = row.commit;
    throw invalidArgument(run.path, `cannot join commit ${hash.slice(0, 12)}: it is pinned`, [hash]);
  }
  const skipped = priorities.filter((priority) => priority === "skip").length;
  if (skipped > 0 && skipped < members.length)
    throw invalidArgument(run.path, "cannot join skipped commits with others", run.commits);
  if (covers.size > 1)
    throw invalidArgument(run.path, "cannot join commits that a summary stands for with others", run.commits);
}

/** Where a text stands in a content that has one. */
function textFieldOf(content: JsonObject): "text" | "content" | null {
  if (typeof content.text === "string") return "text";
  return typeof content.content === "string" && (content.media_type ?? null) === null ? "content" : null;
}

function shownContent(shown: ChainCommit): JsonObject {
  invariant(shown.body !== null, "what shows has a content");
  return readContent({ body: shown.body }) as unknown as JsonObject; // Contents are JSON objects.
}

function joinedContent({ members, run }: SquashStep): JsonObject {
  const contents = members.map(({ shown }) => shownContent(shown));
  const [first] = contents;
  const field = first === undefined ? null : textFieldOf(first);
  const texts = contents.map((content) => {
    const own = textFieldOf(content);
    return own === null ? null : String(content[own]);
  });
  if (first === undefined || field === null || texts.includes(null))
    throw invalidArgument(run.path, "has commits without a text to join; give the content", run.commits);
  return { ...first, [field]: texts.filter((text) => text !== "").join("\n\n") };
}

/** A text takes the place of the first one's; a content object stands for itself. */
function givenContent({ members, run }: SquashStep): unknown {
  if (typeof run.content !== "string") return run.content;
  const first = members[0] === undefined ? {} : shownContent(members[0].shown);
  const field = textFieldOf(first);
  if (field === null)
    throw invalidArgument(`${run.path}.content`, "must be a content object: the first commit has no text");
  return { ...first, [field]: run.content };
}

const RISING: readonly Priority[] = ["skip", "normal", "important", "pinned"];

function joinedAnnotation(
  { members, folded }: SquashStep,
  priorities: readonly Priority[],
  { annotationOf }: SquashContext,
): AnnotationState {
  const all = [...members.map(({ row }) => row), ...folded].map(({ commit }) => annotationOf(commit.hash));
  const states = all.filter((state) => state !== null);
  const highest = RISING[Math.max(...priorities.map((priority) => RISING.indexOf(priority)))] ?? null;
  return {
    // All are normal by default, as pinned ones are not joined.
    priority: highest === "normal" ? null : highest,
    retain: joinedRetain(states.flatMap(({ retain }) => (retain === null ? [] : [retain]))),
    labels: [...new Set(states.flatMap(({ labels }) => labels))],
  };
}

/** What each of them had to retain. Of two ways to match the wider one is left, with plain texts written for it. */
function joinedRetain(rules: readonly JsonObject[]): JsonObject | null {
  const [only] = rules;
  if (only === undefined || rules.length === 1) return only ?? null;
  const mode = rules.some((rule) => rule.mode === "regex") ? "regex" : "substring";
  const instructions = rules.flatMap((rule) => rule.instructions ?? []).join("\n");
  const patterns = rules.flatMap((rule) => {
    const own = (rule.patterns ?? []) as readonly string[]; // readRetain wrote it.
    return rule.mode === mode ? own : own.map((text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  });
  return {
    ...(instructions === "" ? {} : { instructions }),
    ...(patterns.length === 0 ? {} : { patterns: [...new Set(patterns)] }),
    mode,
  };
}
