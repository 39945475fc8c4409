/** Strategy `mask`: old tool results become one-line receipts, the newest stay whole (spec 3.5). */
import type { Entry } from "../../compile/entry.ts";
import type { Unit } from "../../compile/unit.ts";
import { isReceipt, type MaskEdit, receiptFor, toolResultsOf } from "./receipt.ts";

export interface MaskOptions {
  /** Newest tool results that stay whole. */
  readonly keep: number;
  /** True for results that must stay: `protectionBy` of retain-rules.ts. */
  readonly isProtected: (entry: Entry) => boolean;
  readonly count: (text: string) => number;
}

/** Spec 3.5. */
export const MASK_KEEP_DEFAULT = 10;

/** Edits in the order of history; none for what is protected, masked already, or no longer than its receipt. */
export function maskResults(units: readonly Unit[], options: MaskOptions): readonly MaskEdit[] {
  const { keep, isProtected, count } = options;
  const results = toolResultsOf(units);
  return results.slice(0, Math.max(0, results.length - keep)).flatMap((result) => {
    if (isProtected(result.entry) || isReceipt(result.entry)) return [];
    return receiptFor(result, null, count) ?? [];
  });
}
