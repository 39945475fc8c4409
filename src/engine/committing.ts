/** The part of the library's handle that commits messages and turns (spec 1, 4.2). */
import type { CommitRecord } from "../storage/records.ts";
import type { LLMConfig } from "./content/llm-config.ts";
import type { Run } from "./conversing.ts";
import { type CommitResult, commit } from "./history/commit.ts";
import type { CommitRequestItem } from "./history/commit-items.ts";
import { type RecordTurnRequest, type RecordTurnResult, recordTurn } from "./history/record-turn.ts";
import { invariant } from "./invariant.ts";
import { checkShape } from "./request-shapes.ts";

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

export interface Committing {
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
}

export function committing(run: Run): Committing {
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
