/** What is remembered of a resource, to tell whether reading it again may give something else. */
import { sha256 } from "../../engine/content/hashes.ts";
import type { Engine } from "../../engine/engine.ts";
import { resolveRef } from "../../engine/history/revision.ts";
import { show } from "../../engine/history/show.ts";
import { status } from "../../engine/history/status.ts";
import { assertNever } from "../../engine/invariant.ts";
import type { TractRecord } from "../../storage/records.ts";
import type { ResourceAddress } from "../../tools/resource-uris.ts";

export interface ResourceVersion {
  /** Cheap to find; while it is the same, the resource is. */
  readonly mark: string;
  /** Of what the resource says, where the mark moves far more often than that; else null. */
  readonly digest: string | null;
}

/**
 * Of a resource; the engine is scoped to its tract, null while there is no store.
 *
 * @throws TractError what reading it throws, such as `not-found`.
 * @param before What was remembered of it last, which saves reading it when nothing has happened.
 */
export async function resourceVersion(
  engine: Engine | null,
  address: ResourceAddress,
  before: ResourceVersion | undefined,
): Promise<ResourceVersion> {
  const tract = engine === null ? null : await engine.store.findTract(engine.scope.tract);
  if (engine === null || tract === null) return { mark: "", digest: null };
  const mark = await markOf(engine, tract, address);
  if (mark === before?.mark) return before;
  return { mark, digest: await digestOf(engine, address) };
}

/** Of the list of resources, which has entries per branch. */
export async function branchListVersion(engine: Engine | null): Promise<ResourceVersion> {
  const branches = engine === null ? [] : await engine.store.listRefs(engine.scope.tract, "branch");
  return { mark: JSON.stringify(branches.map((branch) => branch.name)), digest: null };
}

async function markOf(engine: Engine, tract: TractRecord, address: ResourceAddress): Promise<string> {
  switch (address.kind) {
    case "context":
      return await headOf(engine, tract, address.ref);
    case "log":
      return await headOf(engine, tract, address.branch);
    case "commit":
      return String(tract.operationSequence);
    case "status":
      return `${tract.operationSequence} ${tract.ledgerSequence}`;
    case "ledger":
      return await newestEntry(engine, address.session);
    case "compile-records":
      return (await engine.store.listCompileRecords(engine.scope.tract, { limit: 1 }))[0]?.id ?? "";
    case "compile-record":
      return ""; // A record never changes.
    default:
      return assertNever(address);
  }
}

/** Annotations act at once on every branch that shows the commit. */
async function headOf(engine: Engine, { annotationSequence }: TractRecord, ref: string): Promise<string> {
  const { commit } = await resolveRef(engine, { ref });
  return commit === null ? "unborn" : `${commit} ${annotationSequence}`;
}

async function newestEntry({ store, scope }: Engine, sessionId: string): Promise<string> {
  const [newest] = await store.readLedger(scope.tract, { sessionId, order: "desc", limit: 1 });
  return String(newest?.sequence);
}

async function digestOf(engine: Engine, address: ResourceAddress): Promise<string | null> {
  if (address.kind === "commit") return sha256(JSON.stringify(await show(engine, { refs: [address.hash] })));
  if (address.kind !== "status") return null;
  // The size of the store changes with whatever anybody does.
  const { store: _, ...said } = await status(engine);
  return sha256(JSON.stringify(said));
}
