/** The library's handle on one tract: every operation as a method of one line (spec 6.3). */
import type { z } from "zod";
import type { CommitRecord } from "../storage/records.ts";
import { type BlameRequest, type BlameResult, blame } from "./compare/blame.ts";
import { type DiffRequest, type DiffResult, diff } from "./compare/diff.ts";
import { type CompiledContext, type CompileRequest, compile } from "./compile/compile.ts";
import { type Explanation, explain } from "./compile/explain.ts";
import { type Forecast, forecast } from "./compile/forecast.ts";
import { type ContentTypeOptions, defineContentType } from "./content/custom-types.ts";
import type { LLMConfig } from "./content/llm-config.ts";
import { type Engine, withScope } from "./engine.ts";
import { TractError } from "./errors.ts";
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
import { type LedgerPage, type QueryLedgerRequest, queryLedger } from "./ledger/query-ledger.ts";
import { type VerifyRequest, type VerifyResult, verify } from "./ledger/verify.ts";
import { checkShape } from "./request-shapes.ts";
import { type RestoreRequest, type RestoreResult, restore } from "./rewrite/restore.ts";
import { type SearchRequest, type SearchResult, search } from "./search/search.ts";
import { withTractErrors } from "./store-failure.ts";
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
export interface Tract {
  readonly name: string;
  readonly worktree: string;

  /** Commits one content: a text (see `role`) or a content object. */
  commit(content: unknown, options?: CommitOptions): Promise<CommitResult>;
  /** Many commits in one atomic operation: all or nothing, one undo step. */
  batch(items: readonly CommitRequestItem[], options?: BatchOptions): Promise<CommitResult>;
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
  /** Moves the current branch; ORIG_HEAD keeps where it was. */
  reset(request: ResetRequest): Promise<ResetResult>;
  /** Puts an earlier state back by a new operation on top. */
  restore(request: RestoreRequest): Promise<RestoreResult>;
  listTags(): Promise<TagList>;
  createTag(request: CreateTagRequest): Promise<TagResult>;
  deleteTag(name: string): Promise<TagResult>;

  annotate(request: AnnotateRequest): Promise<AnnotateResult>;
  operations(request?: OperationsRequest): Promise<OperationsPage>;
  undo(request?: UndoRequest): Promise<UndoResult>;
  queryLedger(request?: QueryLedgerRequest): Promise<LedgerPage>;
  verify(request?: VerifyRequest): Promise<VerifyResult>;
  importTranscript(request: ImportRequest): Promise<ImportResult>;

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
    return await withTractErrors((async () => await operation(scoped))());
  };
  return {
    name: at.tract,
    worktree: at.worktree,
    ...committing(run),
    ...reading(run),
    ...changing(run),
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

/** Runs an operation of the handle while it is open; failures of the store become TractErrors. */
type Run = <Result>(operation: (engine: Engine) => Promise<Result>) => Promise<Result>;

function committing(run: Run): Pick<Tract, "commit" | "batch" | "system" | "user" | "assistant" | "edit"> {
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
  | "queryLedger"
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
    queryLedger: (request = {}) =>
      run((on) => queryLedger(on, checkShape("queryLedger", request, "request"))),
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
  | "reset"
  | "restore"
  | "listTags"
  | "createTag"
  | "deleteTag"
  | "annotate"
  | "undo"
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
    restore: (request) => run((on) => restore(on, checkShape("restore", request, "request"))),
    reset: (request) => run((on) => reset(on, checkShape("reset", request, "request"))),
    listTags: () => run((on) => listTags(on)),
    createTag: (request) => run((on) => createTag(on, checkShape("createTag", request, "request"))),
    deleteTag: (name) => run((on) => deleteTag(on, { name: checkShape("text", name, "name") })),
    annotate: (request) => run((on) => annotate(on, checkShape("annotate", request, "request"))),
    undo: (request = {}) => run((on) => undo(on, checkShape("undo", request, "request"))),
    importTranscript: (request) =>
      run((on) => importTranscript(on, checkShape("importTranscript", request, "request"))),
  };
}
