/** Tract as a library: open a store, get a tract, commit, compile. Importing it does nothing else. */

export type { CompiledContext, CompileRequest } from "./engine/compile/compile.ts";
export type { CompressRequest, CompressResult } from "./engine/compress/compress.ts";
export type { ExpandRequest, ExpandResult } from "./engine/compress/expand.ts";
export type { AnyContent, Content, CustomContent } from "./engine/content/content-types.ts";
export type { ContentTypeOptions } from "./engine/content/custom-types.ts";
export { LLMConfig } from "./engine/content/llm-config.ts";
export type { ChatRequest } from "./engine/conversation/chat.ts";
export type { GenerateResult } from "./engine/conversation/commit-reply.ts";
export type { GenerateRequest } from "./engine/conversation/generate.ts";
export { type ErrorCode, TractError } from "./engine/errors.ts";
export type { GcRequest, GcResult } from "./engine/gc/gc.ts";
export type { CommitResult } from "./engine/history/commit.ts";
export type { CommitRequestItem } from "./engine/history/commit-items.ts";
export type { ConditionRequest } from "./engine/history/config-conditions.ts";
export type { GeneratedPage, QueryByConfigRequest } from "./engine/history/query-by-config.ts";
export type { RecordTurnRequest, RecordTurnResult } from "./engine/history/record-turn.ts";
export type { RecordUsageRequest, RecordUsageResult } from "./engine/history/record-usage.ts";
export type { SessionEntry, SessionsPage, SessionsRequest } from "./engine/ledger/list-sessions.ts";
export type { ConfigureRequest, ConfigureResult } from "./engine/llm/configure.ts";
export type { LlmClient, LlmReply, LlmRequest, LlmToolCall, LlmUsage } from "./engine/llm/llm-client.ts";
export type { Conflict, ConflictSide } from "./engine/merge/material.ts";
export type { MergeRequest, MergeResult } from "./engine/merge/merge-types.ts";
export type {
  OrchestrateRequest,
  OrchestrateResult,
  RunState,
  Step,
} from "./engine/orchestrator/orchestrate.ts";
export type { NamedPolicyRequest, SetPolicyRequest } from "./engine/policies/change-policy.ts";
export type { Decided } from "./engine/policies/decide.ts";
export type { PolicyFindings, PolicyList, PolicyResult } from "./engine/policies/list-policies.ts";
export type { Autonomy, Finding, Policy, PolicyKind } from "./engine/policies/policy.ts";
export type { Proposal } from "./engine/policies/proposal.ts";
export type { Effect, ShownProposal } from "./engine/policies/proposals.ts";
export type { ExecuteToolOptions } from "./engine/tool-calling.ts";
export type { ToolActionOutcome, ToolProfile } from "./engine/toolbox.ts";
export type { BatchOptions, CommitOptions, ShorthandOptions, Tract } from "./engine/tract.ts";
export { type OpenStoreOptions, openStore, type TractOptions, type TractStore } from "./library.ts";
export type { LlmOption } from "./llm/llm-option.ts";
export type { Author, CommitRecord, Hash, Json, JsonObject, Priority, Role } from "./storage/records.ts";
export { type ToolDefinitionsOptions, toolDefinitions } from "./toolkit.ts";
export type {
  AnthropicTool,
  McpTool,
  OpenAiTool,
  ToolDefinitionOf,
  ToolFormat,
} from "./tools/definitions.ts";
