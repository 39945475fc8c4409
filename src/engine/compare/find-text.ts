/** Finds the commits whose text holds a piece: first those that show, then those that do not (spec 3.1). */
import type { Hash } from "../../storage/records.ts";
import { storedText } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import type { ContextView } from "./context-view.ts";

export type MatchKind = "exact" | "folded";

export interface FoundText {
  /** Never empty; oldest first. */
  readonly commits: readonly Hash[];
  readonly kind: MatchKind;
}

interface Piece {
  readonly commit: Hash;
  readonly text: string;
}

/** null: it is nowhere in the history behind the head. The whole history is only read when the context does not have it. */
export async function findText(
  { store, scope }: Engine,
  { view, head, text }: { readonly view: ContextView; readonly head: Hash | null; readonly text: string },
): Promise<FoundText | null> {
  const shown = view.messages.map((viewed) => ({ commit: viewed.shown, text: viewed.message.content }));
  const found = findIn(shown, text);
  if (found !== null || head === null) return found;
  const seen = new Set(shown.map(({ commit }) => commit));
  const chain = (await store.readChain(scope.tract, head)) ?? [];
  const others = chain.flatMap(({ commit, body, text: given }) =>
    body === null || seen.has(commit.hash)
      ? []
      : [{ commit: commit.hash, text: storedText({ body, text: given }) }],
  );
  return findIn(others, text);
}

function findIn(pieces: readonly Piece[], text: string): FoundText | null {
  const exact = pieces.filter((piece) => piece.text.includes(text));
  if (exact.length > 0) return { commits: exact.map(({ commit }) => commit), kind: "exact" };
  const folded = fold(text);
  const alike = pieces.filter((piece) => fold(piece.text).includes(folded));
  return alike.length === 0 ? null : { commits: alike.map(({ commit }) => commit), kind: "folded" };
}

function fold(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
