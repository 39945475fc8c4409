/** Says whether a commit is in a compiled context, and why or why not (spec 2.6). */
import type { Hash } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { linearize } from "../history/linearize.ts";
import { resolveCommit } from "../history/revision.ts";
import type { CompilePoint } from "./cache.ts";
import { resolveRequest } from "./compile.ts";
import { compose } from "./compose.ts";
import { allItems, type Composition } from "./context.ts";
import type { Entry, OmitReason } from "./entry.ts";
import type { CompileRequest } from "./options.ts";
import { readRecord, rebuildRecord } from "./record.ts";
import { segmentsOf } from "./segment.ts";

export interface Explanation {
  readonly hash: Hash;
  /** True when its content is shown, in a message or in the system text. */
  readonly included: boolean;
  /** A sentence. */
  readonly reason: string;
  /** Position in `messages`; null when not included, or in the system text of format anthropic. */
  readonly messageIndex: number | null;
}

/**
 * Explains one commit in the context that the request, or the record it names, comes to.
 *
 * @param commitRef any expression that names a commit.
 * @throws TractError `not-found` or `ambiguous-ref` for either ref; otherwise as compile does.
 */
export async function explain(
  engine: Engine,
  request: CompileRequest,
  commitRef: string,
): Promise<Explanation> {
  const hash = await resolveCommit(engine, { ref: commitRef, branch: request.branch });
  const { point, composition } = await composeFor(engine, request);
  const chain = point.head === null ? [] : ((await engine.store.readChain(point.tract, point.head)) ?? []);
  const order = point.head === null ? [] : linearize(chain, point.head);
  const row = order.find(({ commit }) => commit.hash === hash);
  if (row === undefined) return left(hash, "It is not in the history behind this head.");
  const target = row.commit.editTarget;
  const { operation } = row.commit;
  if (operation === "merge") return left(hash, "It is a merge; merges have no content of their own.");
  if (operation === "reveal")
    return left(hash, `It ends summary ${short(target ?? hash)}, whose originals show again.`);
  if (operation === "summary" && findEntry(hash, composition) === undefined)
    return left(hash, "It is a summary that was ended, or that only hides.");
  if (target === null) return explainPlace(hash, row, composition);
  const last = order.findLast(({ commit }) => commit.editTarget === target && commit.operation === "edit");
  if (last !== row) return left(hash, `A later edit of ${short(target)} is shown instead.`);
  const shown = explainPlace(target, row, composition);
  return {
    ...shown,
    hash,
    reason: `It is the last edit of ${short(target)} and speaks in its place. ${shown.reason}`,
  };
}

async function composeFor(
  engine: Engine,
  request: CompileRequest,
): Promise<{ readonly point: CompilePoint; readonly composition: Composition }> {
  if (request.recordId !== undefined)
    return await rebuildRecord(engine, await readRecord(engine, request.recordId));
  const { point, options } = await resolveRequest(engine, request);
  return { point, composition: await compose(engine, point, options) };
}

const REASONS: { readonly [R in OmitReason]: string } = {
  budget: "The budget had no room for it; a stub may stand for the run it is in.",
  skip: "Its priority is skip.",
  compressed: "A summary stands in its place.",
  type: "Its content type is not among those asked for.",
  label: "The label filters leave it out.",
  superseded: "A later instruction of the same name is in force.",
  strategy: "Its message is empty, so an outline has no line for it.",
};

/** `place` is where the commit stands, or the commit that it edits. */
function explainPlace(place: Hash, row: ChainCommit, composition: Composition): Explanation {
  const entry = findEntry(place, composition);
  if (entry === undefined) return left(place, `Commits of type ${row.commit.contentType} are not compiled.`);
  if (entry.out === "compressed")
    return left(place, `Summary ${short(entry.place.cover?.by ?? place)} stands in its place.`);
  if (entry.out !== null) return left(place, REASONS[entry.out]);
  if (isInGap(entry, composition)) return left(place, REASONS.budget);
  const { rendered } = composition;
  const index = allItems(rendered).findIndex(({ commits }) => commits.includes(place));
  const priority = entry.priority === "normal" ? "" : ` Its priority is ${entry.priority}.`;
  if (index >= 0) {
    const messageIndex = rendered.format === "markdown" ? 0 : index;
    return { hash: place, included: true, reason: `It is in the context.${priority}`, messageIndex };
  }
  if (rendered.system.some(({ commit }) => commit === place))
    return {
      hash: place,
      included: true,
      reason: `It is in the system text.${priority}`,
      messageIndex: null,
    };
  return left(place, "Its text is empty, which this format cannot show.");
}

function findEntry(hash: Hash, { draft }: Composition): Entry | undefined {
  for (const { entries } of [...segmentsOf(draft.sealed), draft]) {
    const entry = entries.find((candidate) => candidate.hash === hash);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function isInGap(entry: Entry, { arrangement }: Composition): boolean {
  if (arrangement.kind === "whole") return false;
  return !arrangement.pieces.some((piece) => piece.kind !== "gap" && piece.entries.includes(entry));
}

function left(hash: Hash, reason: string): Explanation {
  return { hash, included: false, reason, messageIndex: null };
}

function short(hash: Hash): string {
  return hash.slice(0, 8);
}
