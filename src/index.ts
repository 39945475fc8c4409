/** Tract as a library: open a store, get a tract, commit, compile. Importing it does nothing else. */

export type { CollapseRequest, CollapseResult } from "./engine/agents/collapse-result.ts";
export type { Lineage } from "./engine/agents/lineage.ts";
export type { SendRequest, SendResult } from "./engine/agents/send.ts";
export type { SpawnRequest, SpawnResult } from "./engine/agents/spawn.ts";
export type { Timeline, TimelineRequest } from "./engine/agents/timeline.ts";
export type { BatchOptions, CommitOptions, ShorthandOptions } from "./engine/committing.ts";
export type { BlameRequest, BlameResult } from "./engine/compare/blame.ts";
export type { DiffRequest, DiffResult } from "./engine/compare/diff.ts";
export type { CompiledContext, CompileRequest } from "./engine/compile/compile.ts";
export type { Explanation } from "./engine/compile/explain.ts";
export type { Forecast } from "./engine/compile/forecast.ts";
export type {
  AnthropicMessage,
  CompiledMessage,
  OpenAiMessage,
  PlainMessage,
  Sendable,
} from "./engine/compile/message-types.ts";
export type { Omitted } from "./engine/compile/omitted.ts";
export type { Format, Strategy } from "./engine/compile/options.ts";
export type { CompressRequest, CompressResult } from "./engine/compress/compress.ts";
export type { Compressed, PlannedCompress, RejectedPlan } from "./engine/compress/compress-result.ts";
export type { ExpandRequest, ExpandResult } from "./engine/compress/expand.ts";
export type { CompressStrategy } from "./engine/compress/request.ts";
export type { Uncompressed, UncompressRequest } from "./engine/compress/uncompress.ts";
export type { AnyContent, Content, CustomContent } from "./engine/content/content-types.ts";
export type { ContentTypeOptions } from "./engine/content/custom-types.ts";
export { LLMConfig } from "./engine/content/llm-config.ts";
export type { LlmOperation } from "./engine/content/llm-config-check.ts";
export type { ChatRequest } from "./engine/conversation/chat.ts";
export type { GenerateResult } from "./engine/conversation/commit-reply.ts";
export type { GenerateRequest } from "./engine/conversation/generate.ts";
export { type ErrorCode, TractError } from "./engine/errors.ts";
export type { GcRequest, GcResult } from "./engine/gc/gc.ts";
export type { AnnotateRequest, AnnotateResult } from "./engine/history/annotate.ts";
export type {
  BranchEntry,
  BranchList,
  BranchResult,
  CreateBranchRequest,
  DeleteBranchRequest,
  ListBranchesRequest,
  RenameBranchRequest,
} from "./engine/history/branch.ts";
export type { CheckoutResult } from "./engine/history/checkout.ts";
export type { CommitResult } from "./engine/history/commit.ts";
export type { CommitEntry } from "./engine/history/commit-entry.ts";
export type { CommitRequestItem } from "./engine/history/commit-items.ts";
export type { ConditionRequest } from "./engine/history/config-conditions.ts";
export type { LogRequest, LogResult } from "./engine/history/log.ts";
export type { OperationEntry, OperationsPage, OperationsRequest } from "./engine/history/operations.ts";
export type {
  CallUsage,
  GeneratedEntry,
  GeneratedPage,
  QueryByConfigRequest,
} from "./engine/history/query-by-config.ts";
export type { RecordTurnRequest, RecordTurnResult } from "./engine/history/record-turn.ts";
export type { RecordUsageRequest, RecordUsageResult } from "./engine/history/record-usage.ts";
export type { ResetRequest, ResetResult } from "./engine/history/reset.ts";
export type { ShownCommit, ShowRequest, ShowResult } from "./engine/history/show.ts";
export type { StatusRequest, StatusResult } from "./engine/history/status.ts";
export type { CreateTagRequest, TagList, TagResult } from "./engine/history/tag.ts";
export type { UndoRequest, UndoResult } from "./engine/history/undo.ts";
export type { Problem } from "./engine/ledger/findings.ts";
export type { Aggregate, LedgerTotal, LedgerTotals } from "./engine/ledger/ledger-totals.ts";
export type { SessionEntry, SessionsPage, SessionsRequest } from "./engine/ledger/list-sessions.ts";
export type {
  LedgerEntry,
  LedgerPage,
  MetadataMode,
  QueryLedgerRequest,
} from "./engine/ledger/query-ledger.ts";
export type { SessionState } from "./engine/ledger/session-states.ts";
export type { ReportedUsage } from "./engine/ledger/usage.ts";
export type { VerifyRequest, VerifyResult } from "./engine/ledger/verify.ts";
export type { ConfigureRequest, ConfigureResult } from "./engine/llm/configure.ts";
export type {
  LlmClient,
  LlmReply,
  LlmRequest,
  LlmTool,
  LlmToolCall,
  LlmUsage,
} from "./engine/llm/llm-client.ts";
export type { ConfigLevel, ResolvedFields } from "./engine/llm/resolve-config.ts";
export type { Resolution } from "./engine/merge/decisions.ts";
export type { Conflict, ConflictSide } from "./engine/merge/material.ts";
export type { MergeKind, MergeRequest, MergeResult, MergeStrategy } from "./engine/merge/merge-types.ts";
export type {
  OrchestrateRequest,
  OrchestrateResult,
  RunState,
  Step,
} from "./engine/orchestrator/orchestrate.ts";
export type { NamedPolicyRequest, SetPolicyRequest } from "./engine/policies/change-policy.ts";
export type { Decided } from "./engine/policies/decide.ts";
export type {
  EvaluateRequest,
  PoliciesRequest,
  PolicyFindings,
  PolicyList,
  PolicyResult,
} from "./engine/policies/list-policies.ts";
export type { Autonomy, Finding, Policy, PolicyKind } from "./engine/policies/policy.ts";
export type { Proposal } from "./engine/policies/proposal.ts";
export type { Effect, ShownProposal } from "./engine/policies/proposals.ts";
export type { ImportCommitRequest, ImportCommitResult } from "./engine/rewrite/import-commit.ts";
export type { ReorganizeResult } from "./engine/rewrite/reorganize.ts";
export type { ReorganizeRequest } from "./engine/rewrite/reorganize-request.ts";
export type { RestoreRequest, RestoreResult } from "./engine/rewrite/restore.ts";
export type { FoundCommit, SearchRequest, SearchResult } from "./engine/search/search.ts";
export type { ExecuteToolOptions } from "./engine/tool-calling.ts";
export type { ToolAction, ToolActionOutcome, ToolProfile } from "./engine/toolbox.ts";
export type { Tract } from "./engine/tract.ts";
export type { ImportRequest, ImportResult } from "./engine/transcripts/import-transcript.ts";
export type { ImportHooks } from "./engine/transcripts/plan-branches.ts";
export { type OpenStoreOptions, openStore, type TractOptions, type TractStore } from "./library.ts";
export type { LlmOption } from "./llm/llm-option.ts";
export type {
  Author,
  AuthorKind,
  CommitRecord,
  Encoding,
  Hash,
  Json,
  JsonObject,
  OperationRecord,
  Priority,
  Role,
} from "./storage/records.ts";
export { type ToolDefinitionsOptions, toolDefinitions } from "./toolkit.ts";
export type {
  AnthropicTool,
  McpTool,
  OpenAiTool,
  ToolDefinitionOf,
  ToolFormat,
} from "./tools/definitions.ts";
