/** Holds a commit that is planned against the screen: what was given obeys its action, what Tract makes of history is redacted, copies pass (spec 5.4). */
import type { Author, JsonObject } from "../../storage/records.ts";
import type { CommitItem, ContentItem } from "./plan-commit.ts";
import {
  CredentialFound,
  type Hit,
  refuseInPolicies,
  type Screen,
  screenContent,
  screenJson,
} from "./screen.ts";

/**
 * `copied`: texts of commits that are in the store already; to change them in the copy would not take them out, and would make the copy
 * another commit. `reworded`: a copy whose message somebody gave. `derived`: texts that Tract makes of such commits, as receipts and summaries: never refused, as nobody could do better.
 */
export type Origin = "copied" | "reworded" | "derived";

/**
 * The item as it may be stored, with what was replaced in it.
 *
 * @throws CredentialFound when the screen refuses, and nobody but the caller has written it; always for the name of an author, and in policies.
 */
export function screenItem<Item extends CommitItem>(
  screen: Screen | null,
  item: Item,
  { path, author }: { readonly path: string; readonly author: Author },
): { readonly item: Item; readonly hits: readonly Hit[] } {
  if (screen === null || item.origin === "copied") return { item, hits: [] };
  const hits: Hit[] = [];
  const message = item.message === null ? null : screenJson(screen, item.message, `${path}message`, hits);
  if (item.origin === "reworded" || item.content?.isStored === true)
    return decided(screen, item, message === null ? item : { ...item, message }, hits);
  refuseName(screen, (item.author ?? author).name);
  const about = {
    labels: screenJson(screen, item.labels, `${path}labels`, hits),
    metadata: screenObject(screen, item.metadata, `${path}metadata`, hits),
    generationConfig: screenObject(screen, item.generationConfig, `${path}generation_config`, hits),
    annotation: item.annotation === null ? null : screenAnnotation(screen, item.annotation, path, hits),
  };
  if (item.content !== null && item.origin !== "derived")
    refuseInPolicies(screen, item.content, `${path}content`);
  const content = item.content === null ? null : screenContent(screen, item.content, `${path}content`, hits);
  return decided(screen, item, { ...item, ...about, message, content }, hits);
}

function decided<Item extends CommitItem>(
  screen: Screen,
  item: Item,
  screened: Item,
  hits: readonly Hit[],
): { readonly item: Item; readonly hits: readonly Hit[] } {
  const [first] = hits;
  if (first === undefined) return { item, hits };
  if (screen.action === "reject" && item.origin !== "derived") throw new CredentialFound(first);
  return { item: screened, hits };
}

function screenObject(
  screen: Screen,
  value: JsonObject | null,
  path: string,
  hits: Hit[],
): JsonObject | null {
  return value === null ? null : screenJson(screen, value, path, hits);
}

function screenAnnotation(
  screen: Screen,
  annotation: NonNullable<ContentItem["annotation"]>,
  path: string,
  hits: Hit[],
): NonNullable<ContentItem["annotation"]> {
  const { priority, retain, labels } = annotation;
  return {
    priority,
    retain: screenObject(screen, retain, `${path}retain`, hits),
    labels: screenJson(screen, labels, `${path}labels`, hits),
  };
}

/** A name is who somebody is: no placeholder takes its place. */
export function refuseName(screen: Screen, name: string | null): void {
  const redacted = name === null ? null : screen.redact(name, null);
  if (redacted !== null) throw new CredentialFound({ rule: redacted.rules[0] ?? "", path: "author" });
}
