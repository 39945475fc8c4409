/** Builds histories as compile reads them, without a store: real contents, hashes and token counts, any shape of graph. */

import { type CompiledContext, countedSize, createContext } from "../../src/engine/compile/context.ts";
import { type Draft, EMPTY_DRAFT, growDraft } from "../../src/engine/compile/draft.ts";
import { kitOf } from "../../src/engine/compile/kit.ts";
import { type CompileOptions, measuringOptions } from "../../src/engine/compile/options.ts";
import {
  type Annotations,
  NO_ANNOTATIONS,
  withAnnotations,
} from "../../src/engine/compile/stages/apply-annotations.ts";
import { fitBudget } from "../../src/engine/compile/stages/fit-budget.ts";
import { render, WRITERS } from "../../src/engine/compile/stages/render.ts";
import { createContentTypes } from "../../src/engine/content/content-types.ts";
import { hashCommit } from "../../src/engine/content/hashes.ts";
import { parseContent } from "../../src/engine/content/parse-content.ts";
import { autoMessage } from "../../src/engine/history/plan-commit.ts";
import { DEFAULT_LIMITS } from "../../src/engine/limits.ts";
import { loadTokenCounter, type TokenCounter } from "../../src/engine/tokens/token-counter.ts";
import type {
  AnnotationRecord,
  CommitRecord,
  Hash,
  Json,
  JsonObject,
  Priority,
} from "../../src/storage/records.ts";
import type { ChainCommit } from "../../src/storage/store.ts";

export const counter: TokenCounter = await loadTokenCounter("o200k_base");

const types = createContentTypes();
const author = { kind: "user", name: null, session_id: null } as const;

export interface CommitExtras {
  readonly parents?: readonly Hash[];
  readonly message?: string;
  readonly labels?: readonly string[];
  readonly metadata?: JsonObject;
  readonly generationConfig?: JsonObject;
  readonly edits?: Hash;
}

export class ChainBuilder {
  readonly rows: ChainCommit[] = [];
  readonly annotations: AnnotationRecord[] = [];
  head: Hash | null = null;
  #time = Date.UTC(2026, 0, 1);

  commit(content: JsonObject, extras: CommitExtras = {}): Hash {
    const { record, text } = parseContent(content, { types, limits: DEFAULT_LIMITS, path: "content" });
    const about = {
      contentHash: record.hash,
      contentType: record.type,
      role: record.role,
      priority: record.priority,
    };
    const message = extras.message ?? autoMessage(record.type, text);
    return this.#push({ ...about, tokens: counter.count(text), message }, extras, {
      body: record.body,
      text: record.text,
    });
  }

  merge(...parents: Hash[]): Hash {
    const about = {
      contentHash: null,
      contentType: null,
      role: null,
      priority: "normal",
      tokens: 0,
      message: "Merge",
    } as const;
    return this.#push(about, { parents }, { body: null, text: null });
  }

  system = (text: string, extras?: CommitExtras): Hash =>
    this.commit({ content_type: "instruction", text }, extras);
  rule = (name: string, text: string): Hash => this.commit({ content_type: "instruction", name, text });
  user = (text: string, extras?: CommitExtras): Hash => this.say("user", text, null, extras);
  assistant = (text: string, extras?: CommitExtras): Hash => this.say("assistant", text, null, extras);

  say(
    role: string,
    text: string,
    messageId: string | null = null,
    extras: CommitExtras = {},
    name: string | null = null,
  ): Hash {
    return this.commit({ content_type: "dialogue", role, text, name, message_id: messageId }, extras);
  }

  call(callId: string | null, toolName: string, payload: Json, messageId: string | null = null): Hash {
    const fields = {
      tool_name: toolName,
      direction: "call",
      payload,
      call_id: callId,
      message_id: messageId,
    };
    return this.commit({ content_type: "tool_io", ...fields });
  }

  result(
    callId: string | null,
    toolName: string,
    payload: Json,
    extras: CommitExtras & { status?: "success" | "error" } = {},
  ): Hash {
    const { status, ...rest } = extras;
    const fields = {
      tool_name: toolName,
      direction: "result",
      payload,
      call_id: callId,
      status: status ?? null,
    };
    return this.commit({ content_type: "tool_io", ...fields }, rest);
  }

  annotate(commit: Hash, priority: Priority | null, labels: readonly string[] = []): AnnotationRecord {
    const row = {
      sequence: this.annotations.length + 1,
      commit,
      priority,
      retain: null,
      labels,
      reason: null,
      author,
      createdAt: new Date(this.#time).toISOString(),
      branch: "main",
    };
    this.annotations.push(row);
    return row;
  }

  #push(
    about: Pick<CommitRecord, "contentHash" | "contentType" | "role" | "priority" | "tokens" | "message">,
    extras: CommitExtras,
    { body, text }: { readonly body: string | null; readonly text: string | null },
  ): Hash {
    this.#time += 1;
    const hashed = {
      parents: extras.parents ?? (this.head === null ? [] : [this.head]),
      contentHash: about.contentHash,
      contentType: about.contentType,
      operation: body === null ? "merge" : extras.edits === undefined ? "append" : "edit",
      editTarget: extras.edits ?? null,
      message: about.message,
      metadata: extras.metadata ?? null,
      generationConfig: extras.generationConfig ?? null,
      labels: extras.labels ?? [],
      author,
      createdAt: new Date(this.#time).toISOString(),
    } as const;
    const hash = hashCommit(hashed);
    const { role, priority, tokens } = about;
    this.rows.push({
      commit: { ...hashed, hash, role, priority, tokens, branch: "main", operationId: "" },
      body,
      text,
    });
    this.head = hash;
    return hash;
  }
}

/** Options of a compile without filters; what is given counts. */
export function optionsOf(given: Partial<CompileOptions> = {}): CompileOptions {
  return { ...measuringOptions({ strategy: null, recent: null }), ...given };
}

/** The annotations of a builder, as compile looks them up. */
export function newestOf(annotations: readonly AnnotationRecord[]): Annotations {
  return withAnnotations(NO_ANNOTATIONS, annotations);
}

/** A cold draft of what a builder holds. */
export function draftOf(history: ChainBuilder, options: CompileOptions = optionsOf()): Draft {
  const { rows: chain, head, annotations } = history;
  const draft = growDraft(
    EMPTY_DRAFT,
    { head, chain, annotationSequence: annotations.length, annotations, newest: newestOf(annotations) },
    options,
    kitOf(counter),
  );
  if (draft === null) throw new Error("a cold draft is never null");
  return draft;
}

/** The context of a draft, as compile gives it. */
export function contextOf(draft: Draft, options: CompileOptions): CompiledContext {
  const kit = kitOf(counter);
  const { format, budgetTokens } = options;
  const arrangement = fitBudget(draft, { budgetTokens, writer: WRITERS[format], kit });
  const rendered = render(draft, arrangement, format, kit);
  const size = countedSize({ rendered }, "o200k_base");
  const origin = { branch: "main", size, prefix: null, recordId: null } as const;
  return createContext({ draft, arrangement, rendered, kit }, origin);
}

/** Compiles what a builder holds, cold. */
export function compileChain(history: ChainBuilder, given: Partial<CompileOptions> = {}): CompiledContext {
  const options = optionsOf(given);
  return contextOf(draftOf(history, options), options);
}
