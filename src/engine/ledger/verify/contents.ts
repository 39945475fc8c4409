/** Verifies contents: the hash of each body, and what is stored beside it. */
import type { ContentRecord, Hash } from "../../../storage/records.ts";
import { canonicalJson } from "../../content/canonical-json.ts";
import type { AnyContent, ContentTypes } from "../../content/content-types.ts";
import { hashContent } from "../../content/hashes.ts";
import type { Report } from "../findings.ts";
import type { Verification } from "../verify.ts";
import { readPages } from "./damaged-rows.ts";

/** Every content of the store. With `since` the contents of later commits are looked at instead, by verifyCommits. */
export async function verifyContents({ advance, engine, report, since }: Verification): Promise<void> {
  if (since !== null) return;
  const { limits, store } = engine;
  const read = store.scanContents.bind(store);
  const unreadable = (place: number): void =>
    report({ kind: "content", what: "unreadable", detail: `row ${place} of the contents cannot be read` });
  for await (const rows of readPages(read, 0, Math.min(limits.verifyPage, PAGE_MAX), unreadable)) {
    for (const content of rows) verifyContent(content, engine.contentTypes, report);
    await advance("contents", rows.length);
  }
}

/** Contents held in memory at a time: each may be as large as `limits.contentBytesMax`. */
const PAGE_MAX = 100;

/**
 * A body is canonical JSON exactly when its hash is the one it is stored under, because nothing else is ever hashed: sound bodies need not be
 * written out again.
 */
export function verifyContent(content: ContentRecord, types: ContentTypes, report: Report): void {
  const { body, hash } = content;
  if (hashContent(body) !== hash) {
    report({ kind: "content", what: "changed", field: "body", hash, detail: bodyDetail(body, hash) });
    return;
  }
  const field = wrongField(content, types);
  if (field === null) return;
  report({
    kind: "content",
    what: "changed",
    field,
    hash,
    detail: `its ${field} does not belong to its body`,
  });
}

/** Type, role, priority and text are stored so that nobody has to look into the body; here they must follow from it. */
function wrongField(content: ContentRecord, types: ContentTypes): string | null {
  const { body, priority, role, text } = content;
  // Inside strings the quotes would be escaped.
  if (!body.includes(`"content_type":${JSON.stringify(content.type)}`)) return "type";
  const type = types.get(content.type);
  // What a custom type says of its contents is the business of the code that made them.
  if (type === undefined || type.record !== null) return null;
  if (priority !== type.priority) return "priority";
  if (role !== type.roleOf(JSON.parse(body) as AnyContent)) return "role"; // The hash proves that parseContent wrote it.
  return text === null ? null : "text";
}

function bodyDetail(body: string, hash: Hash): string {
  try {
    const isSame = hashContent(canonicalJson(JSON.parse(body))) === hash;
    return isSame ? "the same JSON, but not in its canonical form" : "its hash is another";
  } catch {
    return "it is no JSON any more";
  }
}
