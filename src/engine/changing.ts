/** The part of the library's handle that changes history, and what is kept of it (spec 3). */
import { type CompressRequest, type CompressResult, compress } from "./compress/compress.ts";
import { type ExpandRequest, type ExpandResult, expand } from "./compress/expand.ts";
import { type Uncompressed, type UncompressRequest, uncompress } from "./compress/uncompress.ts";
import type { Run } from "./conversing.ts";
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
import { type RecordUsageRequest, type RecordUsageResult, recordUsage } from "./history/record-usage.ts";
import { type ResetRequest, type ResetResult, reset } from "./history/reset.ts";
import {
  type CreateTagRequest,
  createTag,
  deleteTag,
  listTags,
  type TagList,
  type TagResult,
} from "./history/tag.ts";
import { type UndoRequest, type UndoResult, undo } from "./history/undo.ts";
import { merge } from "./merge/merge.ts";
import type { MergeRequest, MergeResult } from "./merge/merge-types.ts";
import { checkShape } from "./request-shapes.ts";
import { type ImportCommitRequest, type ImportCommitResult, importCommit } from "./rewrite/import-commit.ts";
import { type ReorganizeResult, reorganize } from "./rewrite/reorganize.ts";
import type { ReorganizeRequest } from "./rewrite/reorganize-request.ts";
import { type RestoreRequest, type RestoreResult, restore } from "./rewrite/restore.ts";
import { type ImportRequest, type ImportResult, importTranscript } from "./transcripts/import-transcript.ts";
import type { ImportHooks } from "./transcripts/plan-branches.ts";

export interface Changing {
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
  undo(request?: UndoRequest): Promise<UndoResult>;
  /** Keeps what an API reported for a head: from then on that is how large its context is. */
  recordUsage(request: RecordUsageRequest): Promise<RecordUsageResult>;
  /** Removes what nothing leads to any more, for good; by default only says what that is. */
  gc(request?: GcRequest): Promise<GcResult>;
  /** Each transcript of a file becomes a branch, all in one operation. `signal` stops it, also while it is written: then nothing is stored. */
  importTranscript(request: ImportRequest & ImportHooks): Promise<ImportResult>;
}

export function changing(run: Run): Changing {
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
      run((on) => {
        const checked = checkShape("importTranscript", request, "request");
        return importTranscript(on, checked, checked);
      }),
  };
}
