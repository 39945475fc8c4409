/** A store as one caller may see it: only the tracts of the caller's token, and for a reader nothing that writes (spec 7.4). */
import type { ChangeSet } from "../storage/change-set.ts";
import type { Garbage } from "../storage/garbage.ts";
import type { Store } from "../storage/store.ts";
import { type Access, mayUseTract, requireTractAccess, requireWriteAccess } from "../tools/access.ts";

/**
 * Limits are kept here, below every operation, so that none can forget them: whatever names a tract is checked. In the port a first
 * argument that is text is the name of a tract.
 *
 * @returns The store itself when there is nothing to limit. Its methods else throw TractError `not-allowed`.
 */
export function limitStore(store: Store, access: Access): Store {
  if (access.mayWrite && access.tracts === null) return store;
  return new Proxy(store, {
    get: (target, name) => {
      const own: unknown = Reflect.get(target, name, target);
      if (name === "isReadonly") return target.isReadonly || !access.mayWrite;
      if (typeof own !== "function") return own;
      return async (...args: readonly unknown[]) => {
        checkCall(access, name, args);
        const result: unknown = await Reflect.apply(own, target, args);
        return name === "listTracts" ? visible(access, result) : result;
      };
    },
  });
}

function checkCall(access: Access, name: string | symbol, args: readonly unknown[]): void {
  if (!READS.test(String(name))) requireWriteAccess(access, "this call");
  for (const tract of tractsOf(name, args)) requireTractAccess(access, tract);
}

/** What changes nothing but a search index; whatever else the port will have counts as a write. */
const READS = /^(?:find|list|read|is|count|search|snippets|scan|check|indexForSearch|close)/;

function tractsOf(name: string | symbol, args: readonly unknown[]): readonly string[] {
  const [first, second] = args;
  if (name === "publish") {
    const changes = [first, ...(Array.isArray(second) ? second : [])] as readonly ChangeSet[]; // The arguments of publish in the port.
    return changes.map(({ tract }) => tract);
  }
  if (name === "sweepGarbage") return [(first as Garbage).tract]; // Its argument in the port.
  return typeof first === "string" && name !== "backupTo" ? [first] : [];
}

function visible(access: Access, tracts: unknown): unknown {
  const all = tracts as Awaited<ReturnType<Store["listTracts"]>>; // What listTracts gives.
  return all.filter(({ name }) => mayUseTract(access, name));
}
