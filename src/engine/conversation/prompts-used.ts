/** What a conversation's call was told by: the caller's own prompt ids, else the named instructions compiled, else the compiler (spec 9, 24). */
import type { Hash } from "../../storage/records.ts";
import type { CompiledContext } from "../compile/compile.ts";
import { readContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { COMPILER_VERSION } from "../versions.ts";

/** @throws TractError `invalid-argument` for ids that are no ids. */
export function checkPromptIds(ids: readonly string[] | undefined): void {
  const wrong =
    ids?.findIndex((id) => id.trim() === "" || id.length > ID_CHARS_MAX || !id.isWellFormed()) ?? -1;
  if (wrong < 0 && (ids?.length ?? 0) <= IDS_MAX) return;
  throw new TractError(
    "invalid-argument",
    `prompts_used: expected up to ${IDS_MAX} ids of 1 to ${ID_CHARS_MAX} characters`,
    {
      hint: "An id names a prompt and its version, like support-tone@3; leave prompts_used out to have it filled in.",
      data: { path: "prompts_used" },
    },
  );
}

const IDS_MAX = 100;
const ID_CHARS_MAX = 200;
const HASH_CHARS = 8;

/** Never empty. */
export async function promptsUsedBy(
  engine: Engine,
  context: CompiledContext,
  given: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (given !== undefined && given.length > 0) return given;
  const named = await namedInstructions(engine, context);
  return named.length > 0 ? named : [`compile@${COMPILER_VERSION}`];
}

/** In the order of the context; an edited one by the content that it shows. */
async function namedInstructions(
  { store, scope }: Engine,
  { commitHashes, head }: CompiledContext,
): Promise<readonly string[]> {
  if (head === null) return [];
  const commits = await store.readCommits(scope.tract, commitHashes.flat());
  const shown: Hash[] = [];
  for (const commit of commits) {
    if (commit.contentType !== "instruction") continue;
    const edits = await store.readEdits(scope.tract, commit.hash, head);
    const { contentHash } = edits.at(-1) ?? commit;
    if (contentHash !== null) shown.push(contentHash);
  }
  const contents = await store.readContents(shown);
  return contents.flatMap((record) => {
    const content = readContent(record);
    const name = "name" in content && typeof content.name === "string" ? content.name : null;
    return record.type !== "instruction" || name === null || name === ""
      ? []
      : [`instruction:${name}@${record.hash.slice(0, HASH_CHARS)}`];
  });
}
