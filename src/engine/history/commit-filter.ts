/** The filters on commits that log and search share (spec 3.1), checked and in the form that stores take. */
import type { AuthorKind, CommitOperation, Role } from "../../storage/records.ts";
import type { CommitFilter } from "../../storage/store.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { readTimeBounds, type TimeBoundsRequest } from "./time-bounds.ts";

/** One value, or several of which any will do. */
export type OneOrMore<Value> = Value | readonly Value[];

/** Each that is given must hold. */
export interface CommitFilterRequest extends TimeBoundsRequest {
  readonly operation?: OneOrMore<CommitOperation> | undefined;
  readonly contentType?: OneOrMore<string> | undefined;
  /** Role of the content; config and metadata have none. */
  readonly role?: OneOrMore<Role> | undefined;
  /** Kind of the author. */
  readonly author?: OneOrMore<AuthorKind> | undefined;
}

/**
 * The filter for the store.
 *
 * @throws TractError `invalid-argument` for a bad time or a content type that the tract does not know (with the nearest name): a
 *   mistyped filter must not look like an empty history.
 */
export async function readCommitFilter(engine: Engine, request: CommitFilterRequest): Promise<CommitFilter> {
  const contentTypes = listOf(request.contentType);
  if (contentTypes !== undefined) await requireTypes(engine, contentTypes);
  return {
    ...given("operations", listOf(request.operation)),
    ...given("contentTypes", contentTypes),
    ...given("roles", listOf(request.role)),
    ...given("authorKinds", listOf(request.author)),
    ...readTimeBounds(request),
  };
}

/** undefined when nothing was given. */
export function listOf<Value extends string>(
  value: OneOrMore<Value> | undefined,
): readonly Value[] | undefined {
  return typeof value === "string" ? [value] : value;
}

/** A field, or none: stores take what is absent to be left out. */
export function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { readonly [N in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]: Value }); // Computed keys widen.
}

async function requireTypes(
  { contentTypes, scope, store }: Engine,
  wanted: readonly string[],
): Promise<void> {
  if (wanted.every((name) => contentTypes.has(name))) return;
  const stored = await store.listContentTypes(scope.tract);
  const known = [...new Set([...contentTypes.keys(), ...stored.map((type) => type.name)])];
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const near = nearest(unknown, known);
  throw new TractError(
    "invalid-argument",
    `content_type: there is no content type ${JSON.stringify(unknown.slice(0, 80))}`,
    {
      hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Content types: ${known.join(", ")}.`,
      data: { path: "content_type", near, expected: known },
    },
  );
}
