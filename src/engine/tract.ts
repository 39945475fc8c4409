/** The library's handle on one tract: every operation as a method of one line (spec 6.3). */
import type { z } from "zod";
import { type Automating, automating } from "./automating.ts";
import { type Changing, changing } from "./changing.ts";
import { type Committing, committing } from "./committing.ts";
import { type ContentTypeOptions, defineContentType } from "./content/custom-types.ts";
import { type Conversing, conversing, type Run } from "./conversing.ts";
import { type Delegating, delegating } from "./delegating.ts";
import { type Engine, withScope } from "./engine.ts";
import { TractError } from "./errors.ts";
import { withNotices } from "./policies/notices.ts";
import type { Notice } from "./policies/occasion.ts";
import { type Reading, reading } from "./reading.ts";
import { checkShape } from "./request-shapes.ts";
import { asTractError } from "./store-failure.ts";
import { type ToolCalling, toolCalling } from "./tool-calling.ts";

/** A tract, seen from one worktree. Every method can throw TractError. */
export interface Tract
  extends Committing,
    Reading,
    Changing,
    Delegating,
    Conversing,
    Automating,
    ToolCalling {
  readonly name: string;
  readonly worktree: string;

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
    ...delegating(run),
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
