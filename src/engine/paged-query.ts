/** What a cursor is bound to: the request that it pages through, from where it was asked. */
import type { PagedQuery } from "./cursor.ts";
import type { Engine } from "./engine.ts";

/** The list that a request asks for, in a form that can be hashed. `request` is without limit and cursor. */
export function pagedQuery({ scope }: Engine, kind: string, request: object): PagedQuery {
  // A caller may ask for text that is no Unicode; it finds nothing, and is no reason to fail.
  const wellFormed = JSON.stringify(request, (_, value: unknown) =>
    typeof value === "string" ? value.toWellFormed() : value,
  );
  return { kind, query: { tract: scope.tract, worktree: scope.worktree, ...JSON.parse(wellFormed) } };
}
