/** Which tools each profile offers (spec 5.6, 6.2): exposure is a question of its own, apart from behaviour. */

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
  "blame",
  "verify",
  "gc",
  "import_transcript",
] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

export type Profile = "self" | "full";

/** What an agent needs for its own context, and everything. */
export const PROFILES: Readonly<Record<Profile, readonly ToolName[]>> = {
  self: [
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
  ],
  full: TOOL_NAMES,
};
