/** Stage 4 of compile: what annotations, filters and names leave in, each omission with its reason (spec 1.6, 2.1, 2.2). */
import type { AnnotationRecord, Hash, Priority } from "../../../storage/records.ts";
import { effectiveLabels, effectivePriority, judged } from "../../history/priority.ts";
import { createEntry, type Entry, type OmitReason, type Place, withOut } from "../entry.ts";
import type { Selection } from "../options.ts";

/** The newest annotation of each commit that has one. */
export interface Annotations {
  readonly get: (commit: Hash) => AnnotationRecord | undefined;
}

export const NO_ANNOTATIONS: Annotations = { get: () => undefined };

/** With further rows on top, given by sequence: those of a plan, which may never be stored. */
export function withAnnotations(before: Annotations, rows: readonly AnnotationRecord[]): Annotations {
  if (rows.length === 0) return before;
  const newest = new Map(rows.map((row) => [row.commit, row]));
  return { get: (commit) => newest.get(commit) ?? before.get(commit) };
}

/**
 * Entries for the places whose content can be compiled; config and metadata have none. Skip drops, then filters, and of instructions with one
 * name the one nearest to the head stays.
 *
 * @param earlier entries made before; those that are still right are used again, with what was parsed of them.
 */
export function applyAnnotations(
  places: readonly Place[],
  annotations: Annotations,
  selection: Selection,
  earlier: readonly Entry[] = [],
): readonly Entry[] {
  const known = new Map(earlier.map((entry) => [entry.place, entry]));
  const entries: Entry[] = [];
  const named: number[] = [];
  for (const place of places) {
    const { role } = place.shown.commit;
    if (role === null) continue;
    const priority = priorityOf(place, annotations);
    const out = reasonToOmit(place, priority, annotations, selection);
    const before = known.get(place);
    const entry =
      before !== undefined && before.priority === priority
        ? withOut(before, out)
        : createEntry(place, { role, priority, out });
    if (out === null && entry.head.name !== null && entry.type === "instruction") named.push(entries.length);
    entries.push(entry);
  }
  return named.length === 0 ? entries : keepNearest(entries, named);
}

function priorityOf({ commit, shown }: Place, annotations: Annotations): Priority {
  if (shown.commit === commit) return annotations.get(commit.hash)?.priority ?? commit.priority;
  return effectivePriority(
    judged(shown.commit, annotations.get(shown.commit.hash)),
    judged(commit, annotations.get(commit.hash)),
  );
}

function reasonToOmit(
  place: Place,
  priority: Priority,
  annotations: Annotations,
  selection: Selection,
): OmitReason | null {
  if (priority === "skip") return "skip";
  // What is pinned is always compiled, whatever was summarised before it was (spec 1.6).
  if (place.cover !== null && (place.cover.isFirm || priority !== "pinned")) return "compressed";
  const type = place.shown.commit.contentType ?? "";
  if (selection.include !== null) {
    if (!selection.include.has(type)) return "type";
  } else if (type === "reasoning" && !selection.includeReasoning) return "type";
  if (selection.exclude.has(type)) return "type";
  if (selection.includeLabels === null && selection.excludeLabels.size === 0) return null;
  const labels = labelsOf(place, annotations);
  if (selection.includeLabels !== null && !labels.some((label) => selection.includeLabels?.has(label)))
    return "label";
  return labels.some((label) => selection.excludeLabels.has(label)) ? "label" : null;
}

/** Labels of the commit and of the edit that speaks for it. */
function labelsOf({ commit, shown }: Place, annotations: Annotations): readonly string[] {
  const own = effectiveLabels(commit, annotations.get(commit.hash));
  if (shown.commit === commit) return own;
  return [...own, ...effectiveLabels(shown.commit, annotations.get(shown.commit.hash))];
}

/** `named` holds the positions of the named instructions, oldest first. */
function keepNearest(entries: readonly Entry[], named: readonly number[]): readonly Entry[] {
  const kept = [...entries];
  const names = new Set<string>();
  for (const position of named.toReversed()) {
    const entry = entries[position];
    const name = entry?.head.name ?? null;
    if (entry === undefined || name === null) continue;
    if (names.has(name)) kept[position] = withOut(entry, "superseded");
    names.add(name);
  }
  return kept;
}
