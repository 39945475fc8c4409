/** The library's handle on one tract: every operation as a method of one line (spec 6.3). */
import type { z } from "zod";
import type { CommitRecord } from "../storage/records.ts";
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

  listBranches(request?: ListBranchesRequest): Promise<BranchList>;
  createBranch(request: CreateBranchRequest): Promise<BranchResult>;
  switchBranch(name: string): Promise<BranchResult>;
  renameBranch(request: RenameBranchRequest): Promise<BranchResult>;
  deleteBranch(request: DeleteBranchRequest): Promise<BranchResult>;
  /** A branch attaches HEAD, anything else detaches it, `-` goes back. */
  checkout(ref: string): Promise<CheckoutResult>;
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
  const run = async <T>(operation: (engine: Engine) => Promise<T>): Promise<T> => {
    if (isClosed)
      throw new TractError("invalid-argument", "this tract handle is closed", {
        hint: "Get a new one with store.tract(name).",
      });
    return await withTractErrors(operation(scoped));
  };
  const commitOne = async (item: CommitRequestItem): Promise<CommitRecord> => {
    const [made] = (await run((on) => commit(on, { items: [item] }))).commits;
    invariant(made, "a commit result holds the commit");
    return made;
  };
  return {
    name: at.tract,
    worktree: at.worktree,
    commit: (content, { branch, expectedHead, idempotencyKey, contextTokens, ...item } = {}) =>
      run((on) =>
        commit(on, { items: [{ content, ...item }], branch, expectedHead, idempotencyKey, contextTokens }),
      ),
    batch: (items, options = {}) => run((on) => commit(on, { items, ...options })),
    system: (text, options = {}) => commitOne({ content: text, role: "system", ...options }),
    user: (text, options = {}) => commitOne({ content: text, role: "user", ...options }),
    assistant: (text, options = {}) => commitOne({ content: text, role: "assistant", ...options }),
    edit: (target, content, options = {}) =>
      commitOne({ content, operation: "edit", editTarget: target, ...options }),
    compile: (request = {}) => run((on) => compile(on, request)),
    forecast: (budgets, request = {}) => run((on) => forecast(on, request, budgets)),
    explain: (made, request = {}) => run((on) => explain(on, request, made)),
    status: (request = {}) => run((on) => status(on, request)),
    log: (request = {}) => run((on) => log(on, request)),
    show: (request) => run((on) => show(on, request)),
    search: (request) => run((on) => search(on, request)),
    listBranches: (request = {}) => run((on) => listBranches(on, request)),
    createBranch: (request) => run((on) => createBranch(on, request)),
    switchBranch: (name) => run((on) => switchBranch(on, { name })),
    renameBranch: (request) => run((on) => renameBranch(on, request)),
    deleteBranch: (request) => run((on) => deleteBranch(on, request)),
    checkout: (ref) => run((on) => checkout(on, { ref })),
    listTags: () => run((on) => listTags(on)),
    createTag: (request) => run((on) => createTag(on, request)),
    deleteTag: (name) => run((on) => deleteTag(on, { name })),
    annotate: (request) => run((on) => annotate(on, request)),
    operations: (request = {}) => run((on) => operations(on, request)),
    undo: (request = {}) => run((on) => undo(on, request)),
    queryLedger: (request = {}) => run((on) => queryLedger(on, request)),
    verify: (request = {}) => run((on) => verify(on, request)),
    importTranscript: (request) => run((on) => importTranscript(on, request)),
    registerContentType: (name, schema, options = {}) => {
      scoped.contentTypes.set(name, defineContentType(name, schema, options));
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await onClose();
    },
  };
}
