/** What a stored plan of compress holds: enough to apply it, or to see that its messages are no longer what they were (spec 3.5). */
import { z } from "zod";
import type { Hash, JsonObject, PlanRecord } from "../../storage/records.ts";
import { isHash } from "../content/hashes.ts";
import { isJsonObject } from "../content/json-rules.ts";
import { invariant } from "../invariant.ts";
import type { SummaryGroup } from "./groups.ts";
import { type BranchContext, blocksByCommit } from "./head-context.ts";
import type { MaskEdit } from "./strategies/receipt.ts";

export interface PlanBody {
  /** As asked for: of the operation that applies it. */
  readonly strategy: string;
  readonly instructions: string | null;
  /** How it was selected. */
  readonly params: JsonObject;
  readonly groups: readonly StoredGroup[];
  readonly edits: readonly StoredEdit[];
}

export interface StoredGroup {
  readonly sources: readonly Hash[];
  readonly shown: readonly Hash[];
  readonly targetTokens: number;
  /** With what the guard put back; null: not written yet. */
  readonly summary: string | null;
  /** Who writes the summary: the strategy that it will name. */
  readonly strategy: string;
  /** How an LLM was asked for it; null: none was. */
  readonly generationConfig: JsonObject | null;
}

export interface StoredEdit extends MaskEdit {
  readonly shown: Hash;
}

const hash = z.custom<Hash>((value) => typeof value === "string" && isHash(value));
const json = z.custom<JsonObject>(isJsonObject);
const BODY: z.ZodType<PlanBody> = z.strictObject({
  strategy: z.string(),
  instructions: z.string().nullable(),
  params: json,
  groups: z.array(
    z.strictObject({
      sources: z.array(hash),
      shown: z.array(hash),
      targetTokens: z.number(),
      summary: z.string().nullable(),
      strategy: z.string(),
      generationConfig: json.nullable().default(null),
    }),
  ),
  edits: z.array(
    z.strictObject({
      target: hash,
      shown: hash,
      content: json,
      originalTokens: z.number(),
      tokens: z.number(),
    }),
  ),
});

export function readPlanBody({ body }: PlanRecord): PlanBody {
  const read = BODY.safeParse(body);
  invariant(read.success, "a stored plan of compress holds what compress wrote");
  return read.data;
}

export function toPlanBody(body: PlanBody): JsonObject {
  const { strategy, instructions, params, groups, edits } = body;
  return {
    strategy,
    instructions,
    params,
    groups: groups.map((group) => ({ ...group })),
    edits: edits.map((edit) => ({ ...edit })),
  };
}

/** The group as a plan keeps it. */
export function storedGroup(
  { sources, shown, targetTokens }: SummaryGroup,
  summary: {
    readonly text: string | null;
    readonly strategy: string;
    readonly generationConfig?: JsonObject | null | undefined;
  },
): StoredGroup {
  const { text, strategy, generationConfig = null } = summary;
  return { sources, shown, targetTokens, summary: text, strategy, generationConfig };
}

/** Receipts with the commits that show where they will stand. */
export function storedEdits(context: BranchContext, edits: readonly MaskEdit[]): readonly StoredEdit[] {
  const blocks = blocksByCommit(context);
  return edits.map((edit) => {
    const entry = blocks.get(edit.target)?.entries.find((one) => one.hash === edit.target);
    invariant(entry !== undefined, "a receipt is of a message in the context");
    return { ...edit, shown: entry.place.shown.commit.hash };
  });
}
