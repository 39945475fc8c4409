/** Which tools each profile offers (spec 5.6, 6.2): exposure is a question of its own, apart from behaviour. */
import { TractError } from "../engine/errors.ts";
import { nearest } from "../engine/nearest.ts";
import type { ToolProfile } from "../engine/toolbox.ts";

/** Every tool of this version, in the order in which they are listed. */
export const TOOL_NAMES = [
  "commit",
  "compile",
  "log",
  "show",
  "status",
  "branch",
  "merge",
  "compress",
  "annotate",
  "search",
  "undo",
  "record_turn",
  "query_ledger",
  "query_by_config",
  "diff",
  "checkout",
  "reset",
  "tag",
  "restore",
  "reorganize",
  "import_commit",
  "expand",
  "operations",
  "spawn",
  "collapse",
  "lineage",
  "send",
  "sessions",
  "record_usage",
  "chat",
  "generate",
  "configure",
  "policy",
  "proposals",
  "orchestrate",
  "blame",
  "verify",
  "gc",
  "import_transcript",
] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

export type Profile = ToolProfile;

/** What an agent needs for its own context. */
const SELF: readonly ToolName[] = [
  "commit",
  "compile",
  "log",
  "show",
  "status",
  "branch",
  "merge",
  "compress",
  "annotate",
  "search",
  "undo",
  "record_turn",
  "query_ledger",
  "query_by_config",
];

/**
 * What somebody needs who looks after the contexts of other agents: it reads everything, arranges and makes room, starts children and takes
 * in their results, and takes back. It speaks in no context of others but through their inbox (no commit, chat, generate, record_turn), makes
 * no history again (no reset, restore, reorganize, import_commit), brings no data in, and removes nothing itself: gc only tells.
 */
const SUPERVISOR: readonly ToolName[] = [
  "compile",
  "log",
  "show",
  "status",
  "branch",
  "merge",
  "compress",
  "annotate",
  "search",
  "undo",
  "query_ledger",
  "query_by_config",
  "diff",
  "tag",
  "expand",
  "operations",
  "spawn",
  "collapse",
  "lineage",
  "send",
  "sessions",
  "policy",
  "proposals",
  "orchestrate",
  "blame",
  "verify",
  "gc",
];

/** What can be read: the tools that only read, and those of which a part reads (a list of branches, the originals behind a summary). */
const OBSERVER: readonly ToolName[] = [
  "compile",
  "log",
  "show",
  "status",
  "branch",
  "search",
  "query_ledger",
  "query_by_config",
  "diff",
  "tag",
  "expand",
  "operations",
  "lineage",
  "sessions",
  "configure",
  "policy",
  "proposals",
  "blame",
  "verify",
];

export const PROFILES: Readonly<Record<Profile, readonly ToolName[]>> = {
  self: SELF,
  supervisor: SUPERVISOR,
  observer: OBSERVER,
  full: TOOL_NAMES,
};

/** @throws TractError `invalid-argument` for a name that is no profile's. */
export function profileNamed(name: string): Profile {
  const names = Object.keys(PROFILES);
  if (names.includes(name)) return name as Profile; // It is a key of PROFILES.
  throw new TractError(
    "invalid-argument",
    `there is no profile ${JSON.stringify(name.slice(0, NAME_CHARS_SHOWN))}`,
    {
      hint: `Profiles: ${names.join(", ")}.`,
      data: { path: "profile", near: nearest(name, names) },
    },
  );
}

const NAME_CHARS_SHOWN = 80;

/** Tools that a profile offers for reading alone: calls of them that would change something are refused. */
export const ONLY_READ: Readonly<Record<Profile, readonly ToolName[]>> = {
  self: [],
  supervisor: ["gc"],
  observer: OBSERVER,
  full: [],
};
