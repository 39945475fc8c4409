/** What a caller may do: read or write, and in which tracts (spec 7.4). */
import { TractError } from "../engine/errors.ts";

export interface Access {
  readonly mayWrite: boolean;
  /** Names of tracts; one that ends in `*` stands for all that begin so. null: every tract. */
  readonly tracts: readonly string[] | null;
}

/** Of whoever starts the program on the own machine. */
export const FULL_ACCESS: Access = { mayWrite: true, tracts: null };

export function mayUseTract({ tracts }: Access, tract: string): boolean {
  if (tracts === null) return true;
  return tracts.some((name) => (name.endsWith("*") ? tract.startsWith(name.slice(0, -1)) : name === tract));
}

/** @throws TractError `not-allowed` when the caller may not use the tract. */
export function requireTractAccess(access: Access, tract: string): void {
  if (mayUseTract(access, tract)) return;
  throw new TractError("not-allowed", `this token may not use the tract ${JSON.stringify(tract)}`, {
    hint: `Give tract as one of ${(access.tracts ?? []).join(", ")}, or ask for a token that may use this one.`,
    data: { tract, tracts: access.tracts },
  });
}

/** @throws TractError `not-allowed` when the caller may only read. */
export function requireWriteAccess(access: Access, what: string): void {
  if (access.mayWrite) return;
  throw new TractError("not-allowed", `${what} writes, and this token may only read`, {
    hint: "Use the tools that read, or ask for a token with the scope write.",
    data: { scope: "read", needed: "write" },
  });
}
