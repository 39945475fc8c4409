/** What an MCP connection needs from the composition: engines on demand, the profile, files and a log. */
import type { Engine } from "../../engine/engine.ts";
import type { Access } from "../../tools/access.ts";
import type { CallSite } from "../../tools/call-site.ts";
import type { Profile } from "../../tools/profiles.ts";
import type { Tool } from "../../tools/tool.ts";
import type { Log } from "../log.ts";

/** Where a call is to happen, and who calls. */
export interface CallOrigin extends CallSite {
  /** The client's own name, for authors and the ledger. */
  readonly client?: string;
}

export interface McpServices {
  /** Version of the package. */
  readonly version: string;
  readonly profile: Profile;
  readonly tools: readonly Tool[];
  /** Where calls work that name no tract. */
  readonly tract: string;
  /** What the client may do. The engines keep to it; tools refuse with better words. */
  readonly access: Access;
  /** An engine scoped to the call. The store is opened by the first one; making a server has no side effects (spec 6.1). */
  readonly engineFor: (origin: CallOrigin) => Promise<Engine>;
  /** To look around before anything is asked of the store: null while there is none yet, which this never makes. It counts as no call. */
  readonly storedEngine: (origin: CallSite) => Promise<Engine | null>;
  /** An engine scoped to the call, null while the store is not open. */
  readonly openEngine: (origin: CallOrigin) => Promise<Engine | null>;
  /** Whether calls that only read are noted in the ledger. */
  readonly notesReads: boolean;
  /** Reads a file that a caller named, within the folder that settings allow. */
  readonly readTextFile: (path: string) => Promise<string>;
  readonly log: Log;
}

/** Services of one client among several of one process: with a session in the ledger that ends before the process does. */
export interface SessionServices extends McpServices {
  /** Of the client's session in the ledger. */
  readonly sessionId: string;
  /** Ends what the client began, and closes what was opened for it; safe when nothing was. */
  readonly close: () => Promise<void>;
}
