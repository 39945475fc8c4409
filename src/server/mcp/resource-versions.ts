/** A short text per resource that changes when, and only when, reading it again may give something else. */
import type { Engine } from "../../engine/engine.ts";
import { TractError } from "../../engine/errors.ts";
import { resolveRef } from "../../engine/history/revision.ts";
import { assertNever } from "../../engine/invariant.ts";
import type { ResourceAddress } from "../../tools/resource-uris.ts";

/** Of a resource; the engine is scoped to its tract. */
export async function resourceVersion(engine: Engine, address: ResourceAddress): Promise<string> {
  const tract = await engine.store.findTract(engine.scope.tract);
  switch (address.kind) {
    case "context":
      return `${await headOf(engine, address.ref)} ${tract?.annotationSequence}`;
    case "log":
      return await headOf(engine, address.branch);
    case "commit":
    case "status":
      return `${tract?.operationSequence} ${tract?.ledgerSequence}`;
    case "ledger":
      return `${tract?.ledgerSequence}`;
    case "compile-records":
      return (await engine.store.listCompileRecords(engine.scope.tract, { limit: 1 }))[0]?.id ?? "";
    case "compile-record":
      return ""; // A record never changes.
    default:
      return assertNever(address);
  }
}

/** Of the list of resources, which has entries per branch. */
export async function branchListVersion(engine: Engine): Promise<string> {
  const branches = await engine.store.listRefs(engine.scope.tract, "branch");
  return JSON.stringify(branches.map((branch) => branch.name));
}

/** A ref that is not there (yet, or any more) is a version of its own. */
async function headOf(engine: Engine, ref: string): Promise<string> {
  try {
    return (await resolveRef(engine, { ref })).commit ?? "unborn";
  } catch (error) {
    if (error instanceof TractError) return error.code;
    throw error;
  }
}
