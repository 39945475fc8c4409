/** Says whether a commit's text shows in a context, and if not, what stands in its way. */
import type { CommitRecord, Hash } from "../../storage/records.ts";
import type { Entry, OmitReason } from "../compile/entry.ts";
import type { Engine } from "../engine.ts";
import type { ContextView } from "./context-view.ts";

export interface Showing {
  readonly shown: boolean;
  /** Position in the messages of the whole context; null when it does not show. */
  readonly messageIndex: number | null;
  /** Why it does not show, in a sentence; null when it does. */
  readonly reason: string | null;
  /** The edit or summary that shows instead; null where there is none. */
  readonly shownInstead: Hash | null;
}

export async function showingOf(
  { store, scope }: Engine,
  { view, head }: { readonly view: ContextView; readonly head: Hash | null },
  commit: CommitRecord,
): Promise<Showing> {
  const messageIndex = view.messages.findIndex(({ shown }) => shown === commit.hash);
  if (messageIndex >= 0) return { shown: true, messageIndex, reason: null, shownInstead: null };
  const isBehind = head !== null && (await store.isReachable(scope.tract, commit.hash, head));
  if (!isBehind) return hidden("It is not in the history behind this head.");
  if (commit.operation === "merge") return hidden("Merges have no content of their own.");
  if (commit.operation === "reveal")
    return hidden("It ends a summary, whose originals show again, and has no content of its own.");
  const place = commit.editTarget ?? commit.hash;
  const entry = view.hidden.get(place);
  if (entry !== undefined) return behind(entry, commit);
  const message = view.messages.find((viewed) => viewed.place === place);
  if (message !== undefined) return hidden("An edit shows in its place.", message.shown);
  // Edits of a summary go with it.
  return commit.contentType === "summary"
    ? hidden("It was ended, or it only hides.")
    : hidden(`Commits of type ${commit.contentType} are not compiled.`);
}

const REASONS: { readonly [R in OmitReason]: string } = {
  budget: "The budget had no room for it.",
  skip: "Its priority is skip.",
  compressed: "A summary stands in its place.",
  type: "Its content type is left out unless it is asked for.",
  label: "The label filters leave it out.",
  superseded: "A later instruction of the same name is in force.",
  strategy: "Its message is empty, so an outline has no line for it.",
};

/** Its place is out of the context altogether; an edit may hide it besides. */
function behind({ out, place }: Entry, commit: CommitRecord): Showing {
  if (out === "compressed") return hidden(REASONS.compressed, place.cover?.by ?? null);
  if (place.shown.commit.hash !== commit.hash)
    return hidden("An edit stands in its place.", place.shown.commit.hash);
  return hidden(out === null ? "It has no text to show." : REASONS[out]);
}

function hidden(reason: string, shownInstead: Hash | null = null): Showing {
  return { shown: false, messageIndex: null, reason, shownInstead };
}
