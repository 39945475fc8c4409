/** Makes groups of selected blocks: what one summary will stand for, what it must contain, and how long it may be (spec 3.5). */
import type { Hash } from "../../storage/records.ts";
import { type Entry, textOf } from "../compile/entry.ts";
import { cutText } from "../cut-text.ts";
import { type Block, entriesOf, type HeadContext, lastRequest } from "./head-context.ts";
import { bodyOf, type Group, groupOf } from "./material.ts";
import { type RetainRule, retainedTexts, retainRulesOf } from "./retain-rules.ts";
import type { Selection } from "./select.ts";
import { type SizeGoal, SUMMARY_OVERHEAD_TOKENS, SUMMARY_SHARE } from "./select-for-size.ts";
import { tellingFacts } from "./telling-facts.ts";

export interface SummaryGroup extends Group {
  /** In order of history; those of a later summary may be summaries themselves. */
  readonly sources: readonly Hash[];
  /** Parallel to `sources`: the commit whose content shows there. */
  readonly shown: readonly Hash[];
  readonly retain: readonly RetainRule[];
  /** Word for word in the summary, as far as there is room; missing ones are put back first. */
  readonly mustKeep: readonly string[];
  /** For the text of the summary. */
  readonly targetTokens: number;
}

/** A group for each run of blocks without another message in between, so that each is summarised where it stood. */
export function groupsOf(
  context: HeadContext,
  blocks: readonly Block[],
  goal: SizeGoal | null = null,
): readonly SummaryGroup[] {
  const runs: Block[][] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    if (run?.at(-1)?.index === block.index - 1) run.push(block);
    else runs.push([block]);
  }
  const tokens = blocks.reduce((sum, block) => sum + block.tokens, 0);
  const share = goal === null ? SUMMARY_SHARE : shareFor(goal, tokens, runs.length);
  const material = new KeepList(context);
  return runs.map((run) => {
    const group = groupOf(run.flatMap(({ units }) => units));
    const entries = group.pieces.map(({ entry }) => entry);
    const retain = material.rulesOf(entries);
    return {
      ...group,
      sources: entries.map(({ hash }) => hash),
      shown: entries.map(({ place }) => place.shown.commit.hash),
      retain,
      mustKeep: material.mustKeep(group, retain),
      targetTokens: targetFor(group.tokens * share),
    };
  });
}

/**
 * The groups of a selection. Of several, those that a summary could hardly make shorter stay as they are: a few words between pinned messages
 * must not stand in the way of the rest. Who lists the commits means each of them.
 */
export function selectedGroups(
  context: HeadContext,
  { blocks, goal, isListed }: Pick<Selection, "blocks" | "goal" | "isListed">,
): { readonly groups: readonly SummaryGroup[]; readonly warnings: readonly string[] } {
  const all = groupsOf(context, blocks, goal);
  const groups = isListed ? all : all.filter(({ tokens }) => tokens >= GROUP_TOKENS_MIN);
  if (groups.length === 0 || groups.length === all.length) return { groups: all, warnings: [] };
  const left = all.length - groups.length;
  const runs = left === 1 ? "1 run of messages stays" : `${left} runs of messages stay`;
  return { groups, warnings: [`${runs} as before: too short to get shorter`] };
}

const GROUP_TOKENS_MIN = 30;

function targetFor(tokens: number): number {
  return Math.max(TARGET_TOKENS_MIN, Math.min(TARGET_TOKENS_MAX, Math.floor(tokens)));
}

/** Less would hold no sentence. */
const TARGET_TOKENS_MIN = 16;
/** A longer text is no summary any more, whatever it stands for; a context read with the usual budget would leave it out. */
const TARGET_TOKENS_MAX = 4_000;

/** What the summaries may have of the tokens they replace, so that the whole context reaches its target. */
function shareFor({ contextTokens, targetTokens }: SizeGoal, tokens: number, groupCount: number): number {
  const left = targetTokens - (contextTokens - tokens) - groupCount * SUMMARY_OVERHEAD_TOKENS;
  return Math.min(SUMMARY_SHARE, Math.max(0, left / tokens));
}

/** Must-keep texts and the most telling facts: what a plan tells whoever writes the summary. */
export function keepListOf(group: SummaryGroup): readonly string[] {
  return [...new Set([...retainedTexts(group.retain), ...group.mustKeep, ...tellingFacts(group.said)])];
}

/** Of an important message, and of the last request. */
const SENTENCE_CHARS_MAX = 240;

/** What the messages of a context must leave in their summary. */
class KeepList {
  readonly #context: HeadContext;
  readonly #request: Entry | null;
  readonly #names: readonly string[];
  /** Entries that summaries stand for, by commit; read when a group has a summary in it. */
  #covered: ReadonlyMap<Hash, Entry> | null = null;

  constructor(context: HeadContext) {
    this.#context = context;
    this.#request = lastRequest(context);
    const inForce = context.blocks.flatMap(({ entries }) =>
      entries.flatMap(({ type, head }) => (type === "instruction" && head.name !== null ? head.name : [])),
    );
    this.#names = [...new Set(inForce)].filter((name) => name.trim() !== "");
  }

  /** Of the messages, and of those that summaries among them stand for. */
  rulesOf(entries: readonly Entry[]): readonly RetainRule[] {
    const { annotations, coverage } = this.#context.draft;
    const beneath = new Set<Hash>();
    const waiting = entries.map(({ hash }) => hash);
    for (let hash = waiting.pop(); hash !== undefined; hash = waiting.pop())
      for (const source of (coverage.contents.get(hash)?.sources ?? []) as readonly Hash[]) {
        // The schema of the content type says that sources are hashes.
        if (beneath.has(source)) continue;
        beneath.add(source);
        waiting.push(source);
      }
    const originals =
      beneath.size === 0 ? [] : [...beneath].flatMap((hash) => this.#coveredEntries().get(hash) ?? []);
    const inOrder = originals.toSorted((a, b) => a.ordinal - b.ordinal);
    return retainRulesOf([...entries, ...inOrder], annotations);
  }

  mustKeep({ pieces, text }: Group, retain: readonly RetainRule[]): readonly string[] {
    const instructions = retain.flatMap(({ instructions: words }) => words ?? []);
    const names = this.#names.filter((name) => text.includes(name));
    const sentences = pieces.flatMap(({ entry }) =>
      entry.priority === "important" || entry === this.#request ? firstSentence(entry) : [],
    );
    return [...new Set([...names, ...instructions, ...sentences])];
  }

  #coveredEntries(): ReadonlyMap<Hash, Entry> {
    this.#covered ??= new Map(
      [...entriesOf(this.#context.draft)]
        .filter(({ out }) => out === "compressed")
        .map((entry) => [entry.hash, entry]),
    );
    return this.#covered;
  }
}

/** The beginning of a message up to the end of its first sentence, on one line. */
function firstSentence(entry: Entry): readonly string[] {
  const text = (entry.type === "tool_io" ? bodyOf(entry) : textOf(entry)).slice(0, 4 * SENTENCE_CHARS_MAX);
  const line = text.replace(/\s+/gu, " ").trim();
  const end = /[.!?。！？](?=\s|$)/u.exec(line);
  const sentence = end === null ? line : line.slice(0, end.index + 1);
  return sentence === "" ? [] : [cutText(sentence, SENTENCE_CHARS_MAX, "")];
}
