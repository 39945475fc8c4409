/** Strategy `llm` of merge: where two texts differ an LLM writes the one that holds both, and picks a side of everything else (spec 3.3, 5.2). */
import type { Hash } from "../../storage/records.ts";
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import type { ConflictKind, RecordedConflict, SideRecord } from "../history/open-conflicts.ts";
import type { InquiryWords } from "../llm/inquiry.ts";
import { badResponse } from "../llm/llm-client.ts";
import { choicePrompt, mergePrompt, readChoice } from "../llm/prompts/merge.ts";
import { type Decision, decideByResolutions, type Pick } from "./decisions.ts";
import {
  type ConflictSide,
  contentOf,
  describeConflict,
  type Material,
  pickedSide,
  readMaterial,
} from "./material.ts";
import type { MergeParts } from "./merge-types.ts";

export const MERGE_WORDS: InquiryWords = {
  operation: "merge",
  without:
    "Without one: strategy report shows the conflicts, give resolutions for them; or choose ours, theirs, both or record.",
  afterFailure: "Nothing was merged; resolutions, or another strategy, need no LLM.",
};

/**
 * Decides conflicts; none with another strategy, and none in a dry run.
 *
 * @throws TractError `llm-bad-response` for an answer that resolves nothing, and all that asking throws.
 */
export async function decideByLlm(
  engine: Engine,
  parts: MergeParts,
  conflicts: readonly RecordedConflict[],
): Promise<ReadonlyMap<RecordedConflict, Decision>> {
  const { request, inquiry } = parts;
  if (request.strategy !== "llm" || request.dryRun === true) return new Map();
  const material = await readMaterial(engine, conflicts);
  const decisions = await inquiry.each(conflicts, async (conflict) =>
    conflict.kind === "both_edit"
      ? await joinedText(engine, parts, { conflict, material })
      : await choice(engine, parts, { conflict, material }),
  );
  return new Map(decisions.map(({ conflict, decision }) => [conflict, decision]));
}

interface Question {
  readonly conflict: RecordedConflict;
  readonly material: Material;
}

interface Answered {
  readonly conflict: RecordedConflict;
  readonly decision: Decision;
}

async function joinedText(
  engine: Engine,
  { ends, inquiry }: MergeParts,
  { conflict, material }: Question,
): Promise<Answered> {
  const textOf = ({ hash }: SideRecord): string | null =>
    hash === null ? null : storedText(contentOf(material, hash));
  const prompt = mergePrompt({
    base: textOf(conflict.base),
    ours: textOf(pickedSide(material, conflict.ours)),
    theirs: textOf(pickedSide(material, conflict.theirs)),
    instructions: null,
  });
  const { text, config } = await inquiry.ask(prompt, { inputs: inputsOf(conflict) });
  const decided = await decideByResolutions(
    engine,
    ends.site,
    [conflict],
    [{ target: conflict.target, content: text }],
  ).catch((error: unknown) => {
    throw error instanceof TractError ? unfit(error, conflict) : error;
  });
  const decision = decided.get(conflict);
  return decision?.kind === "content"
    ? { conflict, decision: { ...decision, generationConfig: config } }
    : { conflict, decision: { kind: "record" } };
}

const ABOUT: Readonly<Record<Exclude<ConflictKind, "both_edit">, string>> = {
  compress_vs_edit:
    "One side summarised a message together with others, the other side changed it; both keeps the summary with the changed text below it.",
  skip_vs_edit: "One side left a message out, the other side changed it.",
  priority: "One side left a message out, the other side pinned it.",
  config: "Both sides set one setting.",
};

async function choice(
  engine: Engine,
  { inquiry }: MergeParts,
  { conflict, material }: Question,
): Promise<Answered> {
  const { kind, target } = conflict;
  const picks: readonly Pick[] =
    kind === "compress_vs_edit" ? ["ours", "theirs", "both"] : ["ours", "theirs"];
  const told = describeConflict(engine, material, conflict);
  const about = kind === "both_edit" ? "Both sides changed one text." : ABOUT[kind];
  const prompt = choicePrompt({
    about: kind === "config" ? `${about} It is called ${JSON.stringify(target)}.` : about,
    base: sideText(told.base),
    ours: sideText(told.ours),
    theirs: sideText(told.theirs),
    picks,
  });
  const { text } = await inquiry.ask(prompt, { inputs: inputsOf(conflict) });
  const pick = readChoice(text, picks);
  if (pick === null)
    throw badResponse("the LLM's answer picks none of the sides", { kind, target, expected: picks });
  return { conflict, decision: { kind: "pick", pick } };
}

function sideText({ text, priority }: ConflictSide): string {
  return priority == null ? text : `(${priority === "skip" ? "left out" : priority})\n${text}`;
}

function inputsOf({ base, ours, theirs }: RecordedConflict): readonly Hash[] {
  return [...new Set([base, ours, theirs].flatMap(({ commits }) => commits))];
}

function unfit({ code }: TractError, { kind, target }: RecordedConflict): TractError {
  return badResponse("the LLM's text cannot take the place of the two", { refused: code, kind, target });
}
