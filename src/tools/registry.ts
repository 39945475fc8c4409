/** Every tool of this version, one import each: no discovery, so that what is offered can be read here. */
import { annotateTool } from "./catalog/annotate.ts";
import { blameTool } from "./catalog/blame.ts";
import { branchTool } from "./catalog/branch.ts";
import { checkoutTool } from "./catalog/checkout.ts";
import { commitTool } from "./catalog/commit.ts";
import { compileTool } from "./catalog/compile.ts";
import { diffTool } from "./catalog/diff.ts";
import { importTranscriptTool } from "./catalog/import-transcript.ts";
import { logTool } from "./catalog/log.ts";
import { operationsTool } from "./catalog/operations.ts";
import { queryLedgerTool } from "./catalog/query-ledger.ts";
import { resetTool } from "./catalog/reset.ts";
import { restoreTool } from "./catalog/restore.ts";
import { searchTool } from "./catalog/search.ts";
import { showTool } from "./catalog/show.ts";
import { statusTool } from "./catalog/status.ts";
import { tagTool } from "./catalog/tag.ts";
import { undoTool } from "./catalog/undo.ts";
import { verifyTool } from "./catalog/verify.ts";
import { TOOL_NAMES, type ToolName } from "./profiles.ts";
import type { Tool } from "./tool.ts";

const BY_NAME: Readonly<Record<ToolName, Tool>> = {
  commit: commitTool,
  compile: compileTool,
  log: logTool,
  show: showTool,
  status: statusTool,
  branch: branchTool,
  annotate: annotateTool,
  search: searchTool,
  undo: undoTool,
  query_ledger: queryLedgerTool,
  diff: diffTool,
  checkout: checkoutTool,
  reset: resetTool,
  tag: tagTool,
  restore: restoreTool,
  operations: operationsTool,
  blame: blameTool,
  verify: verifyTool,
  import_transcript: importTranscriptTool,
};

/** In the order in which they are listed. */
export const TOOLS: readonly Tool[] = TOOL_NAMES.map((name) => BY_NAME[name]);
