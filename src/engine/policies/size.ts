/** How large the context is where a policy looks: after a plain commit what it was before, and what the commit adds (spec 5.4). */
import type { Hash } from "../../storage/records.ts";
import { measurePlanned, type PlannedChange } from "../compile/measure.ts";
import type { Engine } from "../engine.ts";
import { pointAt } from "../history/context-size.ts";
import { reportedSize } from "../history/reported-size.ts";
import { readSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";
import { TOKENS_PER_MESSAGE, TOKENS_PER_NAME, TOKENS_PER_PROMPT } from "../tokens/message-overhead.ts";
import { commitsIn } from "./memory.ts";
import type { Written } from "./occasion.ts";
import type { Known } from "./situation.ts";

/** What a plain commit adds at most, besides its text. */
const TOKENS_PER_COMMIT = TOKENS_PER_MESSAGE + TOKENS_PER_NAME;

/** Whether a head's size is less than so many tokens. Where the most that it can be is less already, nothing is measured. */
export async function isSmallerThan(
  engine: Engine,
  at: { readonly head: Hash; readonly known: Known; readonly size: () => Promise<number> },
  tokens: number,
): Promise<boolean> {
  const { head, known } = at;
  const { memory, written } = known;
  const atMost = mostAt(head, known);
  memory.size =
    atMost === null || written === null
      ? null
      : { head, atMost, annotationSequence: written.receipt.annotationSequence };
  if (atMost !== null && atMost < tokens && (await isUnreported(engine, head, known))) return true;
  const size = await at.size();
  const { strategy } = await readSettings(engine, engine.scope.tract, head);
  const isSum = strategy === null || strategy === "full";
  if (isSum && written !== null && known.facts.unreported === head)
    memory.size = {
      head,
      atMost: size + TOKENS_PER_PROMPT,
      annotationSequence: written.receipt.annotationSequence,
    };
  return size < tokens;
}

/** null: not known. */
function mostAt(head: Hash, { memory: { size }, written }: Known): number | null {
  if (size === null || size.annotationSequence !== written?.receipt.annotationSequence) return null;
  if (size.head === head) return size.atMost;
  const added = addedTo(written, head);
  if (added === null || added.base !== size.head) return null;
  let { atMost } = size;
  for (const { commit } of added.planned.chain) {
    // An edit takes something away, too, and settings may show everything in another way.
    if (commit.operation !== "append" || commit.contentType === "config") return null;
    atMost += TOKENS_PER_COMMIT + commit.tokens;
  }
  return atMost;
}

/** Where no report stands, none stands after further commits. */
async function isUnreported(engine: Engine, head: Hash, { facts, written }: Known): Promise<boolean> {
  if (facts.unreported === head) return true;
  const base = written === null ? undefined : written.change.commits[0]?.parents[0];
  const isNone =
    (base !== undefined && facts.unreported === base) ||
    (await engine.store.findUsage(engine.scope.tract, head)) === null;
  if (isNone) facts.unreported = head;
  return isNone;
}

/** Compiled tokens of a head, as status tells them. */
export async function sizeHere(engine: Engine, head: Hash | null, known: Known | null): Promise<number> {
  const grown = known === null || head === null ? null : await grownSize(engine, head, known);
  if (grown !== null) return grown;
  const site = await readSite(engine, {});
  const settings = await readSettings(engine, engine.scope.tract, head);
  if (known !== null && head !== null && site.tract !== null) {
    known.memory.encoding = site.tract.encoding;
    await isUnreported(engine, head, known);
  }
  return (await reportedSize(engine, pointAt(engine, site, head, settings))).tokens;
}

/** null when it has to be measured from what is stored. */
async function grownSize(
  engine: Engine,
  head: Hash,
  { memory, facts, written }: Known,
): Promise<number | null> {
  const { encoding } = memory;
  const added = written === null ? null : addedTo(written, head);
  if (written === null || added === null || encoding === null) return null;
  if (facts.unreported !== added.base && facts.unreported !== head) return null;
  const { tract } = engine.scope;
  const settings = await readSettings(engine, tract, head);
  const { annotationSequence } = written.receipt;
  const at = { tract, encoding, head: added.base, annotationSequence, settings };
  // It is kept where measuring looks first, so the next write, and whoever asks for the size, goes on from it.
  const { tokens } = await measurePlanned(engine, at, added.planned);
  facts.unreported = head;
  return tokens;
}

/** Of a write that has only put commits on one another: what they stand on, and they. null: it did something else. */
function addedTo(
  { change }: Written,
  head: Hash,
): { readonly base: Hash; readonly planned: PlannedChange } | null {
  const commits = change.annotations.length > 0 ? null : commitsIn(change);
  const [base] = commits?.[0]?.parents ?? [];
  if (commits === null || base === undefined || commits.at(-1)?.hash !== head) return null;
  const isLine = commits.every(
    ({ parents }, i) => parents.length === 1 && parents[0] === (i === 0 ? base : commits[i - 1]?.hash),
  );
  if (!isLine) return null;
  const contents = new Map(change.contents.map((content) => [content.hash, content]));
  const chain = commits.map((commit) => {
    const content = commit.contentHash === null ? undefined : contents.get(commit.contentHash);
    return { commit, body: content?.body ?? null, text: content?.text ?? null };
  });
  return { base, planned: { chain, annotations: [] } };
}
