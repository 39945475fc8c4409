/** Turns decisions on conflicts into commits and annotations (spec 3.3; table in docs/decisions/0008). Pure but for parsing. */
import type { Hash } from "../../storage/records.ts";
import type { RecordedConflict, SideRecord } from "../history/open-conflicts.ts";
import type { CommitItem } from "../history/plan-commit.ts";
import { assertNever } from "../invariant.ts";
import { commitTarget, type Decided } from "./decisions.ts";
import { joinContents } from "./join-contents.ts";
import { contentOf, pickedSide } from "./material.ts";
import {
  keptContent,
  madeContent,
  markedContent,
  markingEdit,
  named,
  type ResolveContext,
  resolvingEdit,
} from "./resolution-items.ts";
import { resolveCompressed } from "./resolve-compressed.ts";
import { resolveConfigs, type SettingsToKeep } from "./resolve-configs.ts";
import { type JudgedState, resolveJudgements } from "./resolve-judgements.ts";

export interface Resolved {
  /** In the order in which they are committed. */
  readonly items: readonly CommitItem[];
  readonly states: readonly JudgedState[];
  /** What could not be done as decided: contents and settings that cannot be both. Then nothing may be written. */
  readonly unresolved: readonly RecordedConflict[];
}

export function resolveConflicts(
  context: ResolveContext,
  decided: readonly Decided[],
  settingsToKeep: SettingsToKeep,
): Resolved {
  const of = (...kinds: readonly RecordedConflict["kind"][]): readonly Decided[] =>
    decided.filter(({ conflict }) => kinds.includes(conflict.kind));
  const texts = of("both_edit");
  const textTargets = new Set(texts.map(({ conflict }) => conflict.target));
  const judgements = resolveJudgements(context, of("skip_vs_edit", "priority"), textTargets);
  const compressed = resolveCompressed(context, of("compress_vs_edit"));
  const edits = texts.map((one) => resolveText(context, one));
  const configs = resolveConfigs(context, of("config"), settingsToKeep);
  return {
    items: [
      ...compressed.items,
      ...judgements.items,
      ...edits.flatMap((edit) => (edit.item === null ? [] : edit.item)),
      ...configs.items,
    ],
    states: judgements.states,
    unresolved: [
      ...edits.flatMap((edit, index) => (edit.item === null ? (texts[index]?.conflict ?? []) : [])),
      ...configs.unresolved,
    ],
  };
}

/** One commit with two texts: the edit that shows from now on; null when they cannot stand in one. */
function resolveText(
  context: ResolveContext,
  { conflict, decision }: Decided,
): { readonly item: CommitItem | null } {
  const { material } = context;
  const target = commitTarget(conflict);
  const textsOf = (recordOf: (side: SideRecord) => SideRecord) => ({
    ours: named(context, "ours", contentOf(material, recordOf(conflict.ours).hash)),
    theirs: named(context, "theirs", contentOf(material, recordOf(conflict.theirs).hash)),
  });
  switch (decision.kind) {
    case "record": {
      const { ours, theirs } = textsOf((side) => side);
      return { item: markingEdit(target, [conflict], markedContent(context, ours, theirs)) };
    }
    case "content": {
      const { content, generationConfig } = decision;
      const by = generationConfig === undefined ? "content" : "llm";
      return { item: resolvingEdit(context, { target, conflict, content, by, generationConfig }) };
    }
    case "value":
      return { item: null };
    case "pick": {
      const { pick } = decision;
      if (pick !== "both") {
        const side = pickedSide(material, conflict[pick]);
        const like: Hash | undefined = side.commits.at(-1);
        const content = keptContent(context, side.hash);
        return { item: resolvingEdit(context, { target, conflict, content, by: pick, like }) };
      }
      const { ours, theirs } = textsOf((side) => pickedSide(material, side));
      const joined = joinContents(ours, theirs);
      if (joined === null) return { item: null };
      const content = madeContent(context, joined);
      return { item: resolvingEdit(context, { target, conflict, content, by: pick }) };
    }
    default:
      return assertNever(decision);
  }
}
