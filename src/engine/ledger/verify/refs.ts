/** Verifies refs: each stands where the last operation that moved it put it. */
import type { RefKind, RefRecord } from "../../../storage/records.ts";
import { sameRefValue } from "../../history/ref-value.ts";
import type { Verification } from "../verify.ts";
import { orDamage } from "./damaged-rows.ts";
import type { MovedRef, RefHistory } from "./ref-history.ts";

const KINDS: readonly RefKind[] = ["branch", "tag", "worktree", "orig_head", "previous"];

export async function verifyRefs(verification: Verification, history: RefHistory): Promise<void> {
  const { engine, report, tract } = verification;
  if (tract === null) return;
  const found = new Set<MovedRef>();
  for (const kind of KINDS) {
    const refs = await orDamage(engine.store.listRefs(engine.scope.tract, kind));
    if (refs === undefined)
      report({ kind: "ref", what: "unreadable", name: kind, detail: "none of this kind can be read" });
    for (const ref of refs ?? []) {
      const moved = history.find(kind, ref.name);
      if (moved !== undefined) found.add(moved);
      const problem = await problemOf(verification, ref, moved);
      if (problem === null || (await hasMovedSince(verification, ref))) continue;
      report({ kind: "ref", name: `${kind} ${ref.name}`, ...problem });
    }
  }
  for (const moved of history.all()) {
    if (moved.value === null || found.has(moved) || (await hasMovedSince(verification, moved))) continue;
    const detail = "it is gone, but no operation removed it";
    report({ kind: "ref", what: "missing", name: `${moved.kind} ${moved.name}`, detail });
  }
}

type RefProblem = {
  readonly what: "changed" | "unlinked";
  readonly field: string | null;
  readonly detail: string;
};

async function problemOf(
  { engine, since, tract }: Verification,
  ref: RefRecord,
  moved: MovedRef | undefined,
): Promise<RefProblem | null> {
  const isMadeAgain = ref.kind === "worktree" && moved?.value === null;
  if (moved === undefined || isMadeAgain) {
    if (since !== null) return null;
    // The first write in a worktree makes it, which is no move.
    const { kind, name, value } = ref;
    const isMade = kind === "worktree" && tract !== null;
    const made = isMade
      ? await engine.store.readRefAsOf(engine.scope.tract, kind, name, tract.operationSequence)
      : null;
    return sameRefValue(made, value)
      ? null
      : { what: "unlinked", field: null, detail: "no operation put it there" };
  }
  if (!sameRefValue(ref.value, moved.value))
    return { what: "changed", field: "value", detail: "it is not where the last operation put it" };
  return ref.updatedAt === moved.at
    ? null
    : { what: "changed", field: "updated_at", detail: "the last operation that moved it has another time" };
}

/** Others may have moved it while the operations were read. */
async function hasMovedSince(
  { engine, tract }: Verification,
  { kind, name }: Pick<RefRecord, "kind" | "name">,
): Promise<boolean> {
  const afterSequence = tract?.operationSequence ?? 0;
  const newer = { ref: { kind, name }, afterSequence, limit: 1 };
  return (await engine.store.readOperations(engine.scope.tract, newer)).length > 0;
}
