/** Every tool of this version, one import each: no discovery, so that what is offered can be read here. */
import { annotateTool } from "./catalog/annotate.ts";
import { blameTool } from "./catalog/blame.ts";
import { branchTool } from "./catalog/branch.ts";
import { chatTool } from "./catalog/chat.ts";
import { checkoutTool } from "./catalog/checkout.ts";
import { collapseTool } from "./catalog/collapse.ts";
import { commitTool } from "./catalog/commit.ts";
import { compileTool } from "./catalog/compile.ts";
import { compressTool } from "./catalog/compress.ts";
import { configureTool } from "./catalog/configure.ts";
import { diffTool } from "./catalog/diff.ts";
import { expandTool } from "./catalog/expand.ts";
import { gcTool } from "./catalog/gc.ts";
import { generateTool } from "./catalog/generate.ts";
import { importCommitTool } from "./catalog/import-commit.ts";
import { importTranscriptTool } from "./catalog/import-transcript.ts";
import { lineageTool } from "./catalog/lineage.ts";
import { logTool } from "./catalog/log.ts";
import { mergeTool } from "./catalog/merge.ts";
import { operationsTool } from "./catalog/operations.ts";
import { orchestrateTool } from "./catalog/orchestrate.ts";
import { policyTool } from "./catalog/policy.ts";
import { proposalsTool } from "./catalog/proposals.ts";
import { queryByConfigTool } from "./catalog/query-by-config.ts";
import { queryLedgerTool } from "./catalog/query-ledger.ts";
import { recordTurnTool } from "./catalog/record-turn.ts";
import { recordUsageTool } from "./catalog/record-usage.ts";
import { reorganizeTool } from "./catalog/reorganize.ts";
import { resetTool } from "./catalog/reset.ts";
import { restoreTool } from "./catalog/restore.ts";
import { searchTool } from "./catalog/search.ts";
import { sendTool } from "./catalog/send.ts";
import { sessionsTool } from "./catalog/sessions.ts";
import { showTool } from "./catalog/show.ts";
import { spawnTool } from "./catalog/spawn.ts";
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
  merge: mergeTool,
  compress: compressTool,
  annotate: annotateTool,
  search: searchTool,
  undo: undoTool,
  record_turn: recordTurnTool,
  query_ledger: queryLedgerTool,
  query_by_config: queryByConfigTool,
  diff: diffTool,
  checkout: checkoutTool,
  reset: resetTool,
  tag: tagTool,
  restore: restoreTool,
  reorganize: reorganizeTool,
  import_commit: importCommitTool,
  expand: expandTool,
  operations: operationsTool,
  spawn: spawnTool,
  collapse: collapseTool,
  lineage: lineageTool,
  send: sendTool,
  sessions: sessionsTool,
  record_usage: recordUsageTool,
  chat: chatTool,
  generate: generateTool,
  configure: configureTool,
  policy: policyTool,
  orchestrate: orchestrateTool,
  proposals: proposalsTool,
  blame: blameTool,
  verify: verifyTool,
  gc: gcTool,
  import_transcript: importTranscriptTool,
};

/** In the order in which they are listed. */
export const TOOLS: readonly Tool[] = TOOL_NAMES.map((name) => BY_NAME[name]);
