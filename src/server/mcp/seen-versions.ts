/** How watched resources and their list were when they were last looked at, to tell which have changed. */
import { setImmediate } from "node:timers/promises";
import type { Engine } from "../../engine/engine.ts";
import { TractError } from "../../engine/errors.ts";
import { parseResourceUri } from "../../tools/resource-uris.ts";
import type { ResourceVersion } from "./resource-versions.ts";

/** Stands for the list of resources among addresses. */
export const LIST = "";

export type EngineToLookWith = (site: { readonly tract?: string }) => Promise<Engine | null>;

export interface SeenVersions {
  /** How addresses are that were not looked at before. */
  readonly remember: (addresses: readonly string[]) => Promise<void>;
  /** Tells what has changed since it was looked at before; the first look at an address only remembers. Cheap while nobody writes. */
  readonly look: (addresses: ReadonlySet<string>, tell: Tell) => Promise<void>;
  readonly keepOnly: (addresses: ReadonlySet<string>) => void;
}

type Tell = (address: string) => Promise<void>;

/** @param engineFor Gives null while there is no store. */
export function createSeenVersions(engineFor: EngineToLookWith): SeenVersions {
  const seen = new Map<string, ResourceVersion>();
  /** Of the store when everything was last seen; null: not yet, or not everything. */
  let counter: number | null = null;

  async function versionOf(address: string): Promise<ResourceVersion | null> {
    // With what it needs of the engine it would weigh on every start; nobody watches before the engine is there.
    const { branchListVersion, resourceVersion } = await import("./resource-versions.ts");
    if (address === LIST) return await branchListVersion(await engineFor(siteOf(LIST)));
    const resource = parseResourceUri(address);
    if (resource === null) return null;
    return await resourceVersion(await engineFor(siteOf(address)), resource, seen.get(address));
  }

  async function visit(address: string, tell: Tell): Promise<void> {
    const before = seen.get(address);
    const now = await versionOf(address).catch(asVersion);
    if (now === null) return;
    seen.set(address, now);
    if (before !== undefined && hasChanged(before, now)) await tell(address);
  }

  /** What cannot be looked at hides nothing else; the first of such failures is thrown at the end. */
  async function visitAll(addresses: Iterable<string>, tell: Tell): Promise<void> {
    const failures: unknown[] = [];
    for (const address of addresses) {
      await setImmediate(); // However much is watched, calls get their turn.
      await visit(address, tell).catch((error: unknown) => void failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  return {
    remember: async (addresses) => {
      const unseen = addresses.filter((address) => !seen.has(address));
      await visitAll(unseen, async () => undefined);
    },
    look: async (addresses, tell) => {
      const engine = await engineFor(siteOf([...addresses].at(-1) ?? LIST));
      const now = engine === null ? null : await engine.store.readChangeCounter();
      if (now === counter) return;
      counter = null;
      await visitAll(addresses, tell);
      counter = now;
    },
    keepOnly: (addresses) => {
      for (const address of seen.keys()) if (!addresses.has(address)) seen.delete(address);
    },
  };
}

/** A client may have no access to the server's own tract, where the list of resources is of. */
function siteOf(address: string): { readonly tract?: string } {
  const tract = parseResourceUri(address)?.tract;
  return tract === undefined ? {} : { tract };
}

/** A refusal, such as of a ref that is not there, is a version of its own. */
function asVersion(error: unknown): ResourceVersion {
  if (error instanceof TractError) return { mark: error.code, digest: null };
  throw error;
}

function hasChanged(before: ResourceVersion, now: ResourceVersion): boolean {
  return before.mark !== now.mark && (now.digest === null || now.digest !== before.digest);
}
