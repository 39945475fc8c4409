/** Has an LLM write a child's result; it passes the guard like anybody else's (spec 3.6). */
import { readChildWork } from "../compile/child-work.ts";
import { problemOf, refusedTwice } from "../compress/by-llm.ts";
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { readSite } from "../history/snapshot.ts";
import type { Inquiry, InquiryWords } from "../llm/inquiry.ts";
import { collapsePrompt } from "../llm/prompts/collapse.ts";
import { askedAgain } from "../llm/prompts/prompt.ts";
import { nothingDone, type Proposal } from "./collapse-plan.ts";
import { acceptResult, keepListOf, materialOf, planText } from "./collapse-text.ts";

export const RESULT_WORDS: InquiryWords = {
  operation: "collapse",
  without:
    "Without one: strategy agent gives you the child's work to summarise, manual takes your summary, last_output the child's own words.",
  afterFailure: "Nothing was collapsed; strategy agent lets you write the summary yourself.",
};

/**
 * The result in the LLM's words, as the guard takes it.
 *
 * @throws TractError `nothing-to-do` (the child has done nothing), `summary-refused` (twice by the guard), and all that asking throws.
 */
export async function resultByLlm(
  engine: Engine,
  { target, childHead }: Pick<Proposal, "target" | "childHead">,
  inquiry: Inquiry,
): Promise<Pick<Proposal, "text" | "generationConfig">> {
  const { child, from, into } = target;
  const { head } = await readSite(engine, { branch: into });
  await inquiry.prepare(head?.hash ?? null);
  const material = materialOf(await readChildWork(engine, { tract: child.tract, head: childHead, from }));
  const { group, targetTokens } = material;
  if (group.pieces.length === 0) throw nothingDone(child.worktree);
  const record = await engine.store.findTract(child.tract);
  const counter = await engine.tokenCounter(record?.encoding ?? engine.settings.encoding);
  const refusalOf = (text: string): TractError | null => {
    try {
      acceptResult(material, text, (part) => counter.count(part));
      return null;
    } catch (error) {
      if (error instanceof TractError) return error;
      throw error;
    }
  };
  const work = {
    tract: child.tract,
    inputs: group.pieces.map(({ hash }) => hash),
    quotes: [from, ...group.pieces.map(({ entry }) => entry.place.shown.commit.hash)],
  };
  const prompt = collapsePrompt({
    purpose: await purposeOf(engine, target),
    work: planText(material, engine.limits),
    mustKeep: keepListOf(material),
    targetTokens,
  });
  const first = await inquiry.ask(prompt, work);
  const refusal = refusalOf(first.text);
  if (refusal === null) return { text: first.text, generationConfig: first.config };
  const problem = problemOf(refusal);
  if (problem === null) throw refusal;
  const second = await inquiry.ask(askedAgain(prompt, first.text, problem), work);
  const again = refusalOf(second.text);
  if (again !== null) throw refusedTwice(again);
  return { text: second.text, generationConfig: second.config };
}

/** The last commit that the child was given. */
async function purposeOf({ store }: Engine, { child, from }: Proposal["target"]): Promise<string> {
  const [commit] = await store.readCommits(child.tract, [from]);
  if (commit === undefined || commit.contentHash === null) return "";
  const [content] = await store.readContents([commit.contentHash]);
  return content === undefined ? "" : storedText(content);
}
