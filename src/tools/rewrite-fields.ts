/** The fields of results that tell of commits made again elsewhere: reorganize and import_commit. */
import { z } from "zod";
import type { RewriteWarning } from "../engine/rewrite/rewrite-warning.ts";
import { WRITE_FIELDS } from "./params.ts";

/** Old hash and new one; null: left out. */
export const MAPPING: z.ZodType = z.array(z.strictObject({ from: z.string(), to: z.string().nullable() }));

/** As of every write, but warnings have a kind to act on. */
export const REWRITE_FIELDS: Readonly<Record<string, z.ZodType>> = {
  ...WRITE_FIELDS,
  warnings: z.array(z.strictObject({ kind: z.string(), message: z.string(), commits: z.array(z.string()) })),
  tokens_before: z.int(),
  tokens_after: z.int(),
};

const WARNINGS_SHOWN = 8;

/** For the text: the first ones, and how many more there are. */
export function warningLines(warnings: readonly RewriteWarning[]): readonly string[] {
  const lines = warnings.slice(0, WARNINGS_SHOWN).map(({ message }) => message);
  const more = warnings.length - lines.length;
  return more === 0 ? lines : [...lines, `${more} more in the structured result`];
}
