/** The links between a spawning tract and its children: where a child works, and what leads from a collapsed result back to it (spec 3.6). */
import { z } from "zod";
import type { CommitRecord, Hash, JsonObject } from "../../storage/records.ts";
import { isHash } from "../content/hashes.ts";

/** Where a child works. */
export interface ChildPlace {
  readonly tract: string;
  readonly branch: string;
  readonly worktree: string;
}

/** What a result that was collapsed into its parent says of where it comes from. */
export interface CollapseLink extends ChildPlace {
  /** The newest commit of the child that the result speaks for. */
  readonly head: Hash;
  /** The last commit that the child was given; its own are those after it. null: all behind `head` are. */
  readonly from: Hash | null;
}

/** The link as the metadata of a commit holds it. */
export function collapseMetadata({ tract, branch, worktree, head, from }: CollapseLink): JsonObject {
  return { spawn: { tract, branch, worktree, from }, child_head: head };
}

/** The link of a commit that `collapse` made; null for any other. Its tract may be another one, or be gone. */
export function readCollapseLink({ metadata }: Pick<CommitRecord, "metadata">): CollapseLink | null {
  const parsed = LINK.safeParse(metadata);
  if (!parsed.success) return null;
  const { spawn, child_head: head } = parsed.data;
  return { ...spawn, head };
}

export const hashField: z.ZodType<Hash> = z.custom<Hash>(
  (value) => typeof value === "string" && isHash(value),
);
const place = { tract: z.string(), branch: z.string(), worktree: z.string() };
/** A place as operations and metadata hold it. */
export const childPlaceField: z.ZodType<ChildPlace> = z.object(place);
const LINK = z.object({
  spawn: z.object({ ...place, from: hashField.nullable() }),
  child_head: hashField,
});
