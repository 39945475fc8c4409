/** The library's handle on one tract: every operation as a method of one line (spec 6.3). */
import type { z } from "zod";
import type { CommitRecord } from "../storage/records.ts";
import { collapse } from "./agents/collapse.ts";
import type { CollapseRequest, CollapseResult } from "./agents/collapse-result.ts";
import { type Lineage, lineage } from "./agents/lineage.ts";
import { type SendRequest, type SendResult, send } from "./agents/send.ts";
import { type SpawnRequest, type SpawnResult, spawn } from "./agents/spawn.ts";
import { type Timeline, type TimelineRequest, timeline } from "./agents/timeline.ts";
import { type Automating, automating } from "./automating.ts";
import { type BlameRequest, type BlameResult, blame } from "./compare/blame.ts";
import { type DiffRequest, type DiffResult, diff } from "./compare/diff.ts";
import { type CompiledContext, type CompileRequest, compile } from "./compile/compile.ts";
import { type Explanation, explain } from "./compile/explain.ts";
import { type Forecast, forecast } from "./compile/forecast.ts";
import { type CompressRequest, type CompressResult, compress } from "./compress/compress.ts";
import { type ExpandRequest, type ExpandResult, expand } from "./compress/expand.ts";
import { type Uncompressed, type UncompressRequest, uncompress } from "./compress/uncompress.ts";
import { type ContentTypeOptions, defineContentType } from "./content/custom-types.ts";
import type { LLMConfig } from "./content/llm-config.ts";
import { type Conversing, conversing, type Run } from "./conversing.ts";
import { type Engine, withScope } from "./engine.ts";
import { TractError } from "./errors.ts";
import { type GcRequest, type GcResult, gc } from "./gc/gc.ts";
import { type AnnotateRequest, type AnnotateResult, annotate } from "./history/annotate.ts";
import {
  type BranchList,
  type BranchResult,
  type CreateBranchRequest,
  createBranch,
  type DeleteBranchRequest,
  deleteBranch,
  type ListBranchesRequest,
  listBranches,
  type RenameBranchRequest,
  renameBranch,
  switchBranch,
} from "./history/branch.ts";
import { type CheckoutResult, checkout } from "./history/checkout.ts";
import { type CommitResult, commit } from "./history/commit.ts";
import type { CommitRequestItem } from "./history/commit-items.ts";
import { type LogRequest, type LogResult, log } from "./history/log.ts";
import { type OperationsPage, type OperationsRequest, operations } from "./history/operations.ts";
import { type GeneratedPage, type QueryByConfigRequest, queryByConfig } from "./history/query-by-config.ts";
import { type RecordTurnRequest, type RecordTurnResult, recordTurn } from "./history/record-turn.ts";
import { type RecordUsageRequest, type RecordUsageResult, recordUsage } from "./history/record-usage.ts";
import { type ResetRequest, type ResetResult, reset } from "./history/reset.ts";
import { type ShowRequest, type ShowResult, show } from "./history/show.ts";
import { type StatusRequest, type StatusResult, status } from "./history/status.ts";
import {
  type CreateTagRequest,
  createTag,
  deleteTag,
  listTags,
  type TagList,
  type TagResult,
} from "./history/tag.ts";
import { type UndoRequest, type UndoResult, undo } from "./history/undo.ts";
import { invariant } from "./invariant.ts";
import { type SessionsPage, type SessionsRequest, sessions } from "./ledger/list-sessions.ts";
import { type LedgerPage, type QueryLedgerRequest, queryLedger } from "./ledger/query-ledger.ts";
import { type VerifyRequest, type VerifyResult, verify } from "./ledger/verify.ts";
import { merge } from "./merge/merge.ts";
import type { MergeRequest, MergeResult } from "./merge/merge-types.ts";
import { withNotices } from "./policies/notices.ts";
import type { Notice } from "./policies/occasion.ts";
import { checkShape } from "./request-shapes.ts";
import { type ImportCommitRequest, type ImportCommitResult, importCommit } from "./rewrite/import-commit.ts";
import { type ReorganizeResult, reorganize } from "./rewrite/reorganize.ts";
import type { ReorganizeRequest } from "./rewrite/reorganize-request.ts";
import { type RestoreRequest, type RestoreResult, restore } from "./rewrite/restore.ts";
import { type SearchRequest, type SearchResult, search } from "./search/search.ts";
import { asTractError } from "./store-failure.ts";
import { type ToolCalling, toolCalling } from "./tool-calling.ts";
import { type ImportRequest, type ImportResult, importTranscript } from "./transcripts/import-transcript.ts";

/** What a commit may carry besides its content. */
export type CommitOptions = Omit<CommitRequestItem, "content"> & {
  readonly branch?: string;
  readonly expectedHead?: string | null;
  readonly idempotencyKey?: string;
  /** Also measure the compiled context. */
  readonly contextTokens?: boolean;
};
export type BatchOptions = Pick<
  CommitOptions,
  "branch" | "expectedHead" | "idempotencyKey" | "contextTokens"
>;

/** What the shorthands take. */
export interface ShorthandOptions {
  readonly message?: string;
  readonly metadata?: object;
}

/** A tract, seen from one worktree. Every method can throw TractError. */
export interface Tract extends Conversing, Automating, ToolCalling {
  readonly name: string;
  readonly worktree: string;

  /** Commits one content: a text (see `role`) or a content object. */
  commit(content: unknown, options?: CommitOptions): Promise<CommitResult>;
  /** Many commits in one atomic operation: all or nothing, one undo step. */
  batch(items: readonly CommitRequestItem[], options?: BatchOptions): Promise<CommitResult>;
  /** Commits a user message and its response as the next turn of the session, in one operation. */
  recordTurn(request: RecordTurnRequest): Promise<RecordTurnResult>;
  /** Commits an instruction. */
  system(text: string, options?: ShorthandOptions): Promise<CommitRecord>;
  user(text: string, options?: ShorthandOptions & { readonly name?: string }): Promise<CommitRecord>;
  assistant(
    text: string,
    options?: ShorthandOptions & { readonly name?: string; readonly generationConfig?: LLMConfig },
  ): Promise<CommitRecord>;
  /** Replaces what an earlier commit shows; a text keeps the target's type and fields. */
  edit(target: string, content: unknown, options?: ShorthandOptions): Promise<CommitRecord>;

  /** The messages that an LLM gets for a head. */
  compile(request?: CompileRequest): Promise<CompiledContext>;
  /** What each of several budgets would keep. */
  forecast(budgets: readonly number[], request?: CompileRequest): Promise<readonly Forecast[]>;
  /** Whether and why a commit is in the compiled context. */
  explain(commit: string, request?: CompileRequest): Promise<Explanation>;

  status(request?: StatusRequest): Promise<StatusResult>;
  log(request?: LogRequest): Promise<LogResult>;
  show(request: ShowRequest): Promise<ShowResult>;
  search(request: SearchRequest): Promise<SearchResult>;
  /** What changed between two points in history. Default: what the newest commit changed. */
  diff(request?: DiffRequest): Promise<DiffResult>;
  /** Where a piece of compiled text, or a commit, comes from. */
  blame(request: BlameRequest): Promise<BlameResult>;

  listBranches(request?: ListBranchesRequest): Promise<BranchList>;
  createBranch(request: CreateBranchRequest): Promise<BranchResult>;
  switchBranch(name: string): Promise<BranchResult>;
  renameBranch(request: RenameBranchRequest): Promise<BranchResult>;
  deleteBranch(request: DeleteBranchRequest): Promise<BranchResult>;
  /** A branch attaches HEAD, anything else detaches it, `-` goes back. */
  checkout(ref: string): Promise<CheckoutResult>;
  /** Takes in what another branch, tag or commit has; conflicts are data. */
  merge(request: MergeRequest): Promise<MergeResult>;
  /** Moves the current branch; ORIG_HEAD keeps where it was. */
  reset(request: ResetRequest): Promise<ResetResult>;
  /** Puts an earlier state back by a new operation on top. */
  restore(request: RestoreRequest): Promise<RestoreResult>;
  /** Makes the commits of a branch again: on another base, reordered, without some, joined, with other messages. */
  reorganize(request: ReorganizeRequest): Promise<ReorganizeResult>;
  /** The same contents on this branch as new commits, also from another tract. */
  importCommit(request: ImportCommitRequest): Promise<ImportCommitResult>;
  listTags(): Promise<TagList>;
  createTag(request: CreateTagRequest): Promise<TagResult>;
  deleteTag(name: string): Promise<TagResult>;

  annotate(request: AnnotateRequest): Promise<AnnotateResult>;
  /** Receipts or summaries in place of older messages, or a plan for summaries; nothing is lost. */
  compress(request: CompressRequest): Promise<CompressResult>;
  /** The originals behind a summary or a receipt that matter, without changing history. */
  expand(request: ExpandRequest): Promise<ExpandResult>;
  /** Compile shows the originals again, byte for byte. */
  uncompress(request: UncompressRequest): Promise<Uncompressed>;
  operations(request?: OperationsRequest): Promise<OperationsPage>;
  undo(request?: UndoRequest): Promise<UndoResult>;
  /** The sessions of the tract, newest first; with `session` what happened in one, in order. */
  sessions(request?: SessionsRequest): Promise<SessionsPage>;
  queryLedger(request?: QueryLedgerRequest): Promise<LedgerPage>;
  /** Commits by how they were generated: conditions on their generation config, or a whole one. */
  queryByConfig(request: QueryByConfigRequest): Promise<GeneratedPage>;
  /** Keeps what an API reported for a head: from then on that is how large its context is. */
  recordUsage(request: RecordUsageRequest): Promise<RecordUsageResult>;
  verify(request?: VerifyRequest): Promise<VerifyResult>;
  /** Removes what nothing leads to any more, for good; by default only says what that is. */
  gc(request?: GcRequest): Promise<GcResult>;
  importTranscript(request: ImportRequest): Promise<ImportResult>;

  /** Starts a child with a worktree of its own, in this tract or in one of its own. */
  spawn(request: SpawnRequest): Promise<SpawnResult>;
  /** Commits a child's result to its parent's branch. */
  collapse(request: CollapseRequest): Promise<CollapseResult>;
  /** The tree of spawns that this tract belongs to. */
  lineage(): Promise<Lineage>;
  /** What all of that tree committed, newest first. */
  timeline(request?: TimelineRequest): Promise<Timeline>;
  /** Commits a message to the inbox of another worktree or tract. */
  send(request: SendRequest): Promise<SendResult>;

  /** Makes a content type of your own known to this store handle; its JSON Schema goes into the tract with the first commit of it. */
  registerContentType(name: string, schema: z.ZodObject, options?: ContentTypeOptions): void;
  /** Ends the handle; the store closes with its last one. */
  close(): Promise<void>;
}

/** A handle over an engine; `onClose` is called once. */
export function createTract(
  engine: Engine,
  at: { readonly tract: string; readonly worktree: string },
  onClose: () => Promise<void>,
): Tract {
  const scoped = withScope(engine, at);
  let isClosed = false;
  const run: Run = async (operation) => {
    if (isClosed)
      throw new TractError("invalid-argument", "this tract handle is closed", {
        hint: "Get a new one with store.tract(name).",
      });
    try {
      const notices: Notice[] = [];
      return withNotices(await operation(withScope(scoped, { notices })), notices);
    } catch (error) {
      throw asTractError(error);
    }
  };
  return {
    name: at.tract,
    worktree: at.worktree,
    ...committing(run),
    ...reading(run),
    ...changing(run),
    ...withOthers(run),
    ...conversing(run),
    ...automating(run),
    ...toolCalling(run),
    registerContentType: (name, schema, options = {}) => {
      scoped.contentTypes.set(
        name,
        defineContentType(name, schema, checkShape("contentType", options, "options")),
      );
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await onClose();
    },
  };
}

function committing(
  run: Run,
): Pick<Tract, "commit" | "batch" | "recordTurn" | "system" | "user" | "assistant" | "edit"> {
  const commitOne = async (item: () => CommitRequestItem): Promise<CommitRecord> => {
    const [made] = (await run((on) => commit(on, { items: [item()] }))).commits;
    invariant(made, "a commit result holds the commit");
    return made;
  };
  const say = (
    shape: "systemOptions" | "userOptions" | "assistantOptions",
    text: string,
    options: ShorthandOptions,
    spoken: Pick<CommitRequestItem, "role">,
  ): Promise<CommitRecord> =>
    commitOne(() => ({
      ...checkShape(shape, options, "options"),
      content: checkShape("text", text, "text"),
      ...spoken,
    }));
  return {
    commit: (content, options = {}) =>
      run((on) => {
        const { branch, expectedHead, idempotencyKey, contextTokens, ...item } = checkShape(
          "commitOptions",
          options,
          "options",
        );
        return commit(on, {
          items: [{ content, ...item }],
          branch,
          expectedHead,
          idempotencyKey,
          contextTokens,
        });
      }),
    batch: (items, options = {}) =>
      run((on) =>
        commit(on, {
          items: checkShape("batchItems", items, "items"),
          ...checkShape("batchOptions", options, "options"),
        }),
      ),
    recordTurn: (request) => run((on) => recordTurn(on, checkShape("recordTurn", request, "request"))),
    system: (text, options = {}) => say("systemOptions", text, options, { role: "system" }),
    user: (text, options = {}) => say("userOptions", text, options, { role: "user" }),
    assistant: (text, options = {}) => say("assistantOptions", text, options, { role: "assistant" }),
    edit: (target, content, options = {}) =>
      commitOne(() => ({
        content,
        ...checkShape("systemOptions", options, "options"),
        operation: "edit",
        editTarget: target,
      })),
  };
}

function reading(
  run: Run,
): Pick<
  Tract,
  | "compile"
  | "forecast"
  | "explain"
  | "status"
  | "log"
  | "show"
  | "search"
  | "diff"
  | "blame"
  | "operations"
  | "sessions"
  | "queryLedger"
  | "queryByConfig"
  | "verify"
> {
  return {
    compile: (request = {}) => run((on) => compile(on, checkShape("compile", request, "request"))),
    forecast: (budgets, request = {}) =>
      run((on) =>
        forecast(on, checkShape("compile", request, "request"), checkShape("budgets", budgets, "budgets")),
      ),
    explain: (made, request = {}) =>
      run((on) => explain(on, checkShape("compile", request, "request"), checkShape("text", made, "commit"))),
    status: (request = {}) => run((on) => status(on, checkShape("status", request, "request"))),
    log: (request = {}) => run((on) => log(on, checkShape("log", request, "request"))),
    show: (request) => run((on) => show(on, checkShape("show", request, "request"))),
    search: (request) => run((on) => search(on, checkShape("search", request, "request"))),
    diff: (request = {}) => run((on) => diff(on, checkShape("diff", request, "request"))),
    blame: (request) => run((on) => blame(on, checkShape("blame", request, "request"))),
    operations: (request = {}) => run((on) => operations(on, checkShape("operations", request, "request"))),
    sessions: (request = {}) => run((on) => sessions(on, checkShape("sessions", request, "request"))),
    queryLedger: (request = {}) =>
      run((on) => queryLedger(on, checkShape("queryLedger", request, "request"))),
    queryByConfig: (request) =>
      run((on) => queryByConfig(on, checkShape("queryByConfig", request, "request"))),
    verify: (request = {}) => run((on) => verify(on, checkShape("verify", request, "request"))),
  };
}

function changing(
  run: Run,
): Pick<
  Tract,
  | "listBranches"
  | "createBranch"
  | "switchBranch"
  | "renameBranch"
  | "deleteBranch"
  | "checkout"
  | "merge"
  | "reset"
  | "restore"
  | "reorganize"
  | "importCommit"
  | "listTags"
  | "createTag"
  | "deleteTag"
  | "annotate"
  | "compress"
  | "expand"
  | "uncompress"
  | "undo"
  | "gc"
  | "recordUsage"
  | "importTranscript"
> {
  return {
    listBranches: (request = {}) =>
      run((on) => listBranches(on, checkShape("listBranches", request, "request"))),
    createBranch: (request) => run((on) => createBranch(on, checkShape("createBranch", request, "request"))),
    switchBranch: (name) => run((on) => switchBranch(on, { name: checkShape("text", name, "name") })),
    renameBranch: (request) => run((on) => renameBranch(on, checkShape("renameBranch", request, "request"))),
    deleteBranch: (request) => run((on) => deleteBranch(on, checkShape("deleteBranch", request, "request"))),
    checkout: (ref) => run((on) => checkout(on, { ref: checkShape("text", ref, "ref") })),
    merge: (request) => run((on) => merge(on, checkShape("merge", request, "request"))),
    restore: (request) => run((on) => restore(on, checkShape("restore", request, "request"))),
    reorganize: (request) => run((on) => reorganize(on, checkShape("reorganize", request, "request"))),
    importCommit: (request) => run((on) => importCommit(on, checkShape("importCommit", request, "request"))),
    reset: (request) => run((on) => reset(on, checkShape("reset", request, "request"))),
    listTags: () => run((on) => listTags(on)),
    createTag: (request) => run((on) => createTag(on, checkShape("createTag", request, "request"))),
    deleteTag: (name) => run((on) => deleteTag(on, { name: checkShape("text", name, "name") })),
    compress: (request) => run((on) => compress(on, checkShape("compress", request, "request"))),
    expand: (request) => run((on) => expand(on, checkShape("expand", request, "request"))),
    uncompress: (request) => run((on) => uncompress(on, checkShape("uncompress", request, "request"))),
    annotate: (request) => run((on) => annotate(on, checkShape("annotate", request, "request"))),
    undo: (request = {}) => run((on) => undo(on, checkShape("undo", request, "request"))),
    recordUsage: (request) => run((on) => recordUsage(on, checkShape("recordUsage", request, "request"))),
    gc: (request = {}) => run((on) => gc(on, checkShape("gc", request, "request"))),
    importTranscript: (request) =>
      run((on) => importTranscript(on, checkShape("importTranscript", request, "request"))),
  };
}

function withOthers(run: Run): Pick<Tract, "spawn" | "collapse" | "lineage" | "timeline" | "send"> {
  return {
    spawn: (request) => run((on) => spawn(on, checkShape("spawn", request, "request"))),
    collapse: (request) => run((on) => collapse(on, checkShape("collapse", request, "request"))),
    lineage: () => run((on) => lineage(on)),
    timeline: (request = {}) => run((on) => timeline(on, checkShape("timeline", request, "request"))),
    send: (request) => run((on) => send(on, checkShape("send", request, "request"))),
  };
}
