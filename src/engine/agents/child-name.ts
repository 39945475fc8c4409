/** Finds where a child may work: a worktree, branch or tract of a name that nobody has yet (spec 3.6). */
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { checkRefName } from "../history/ref-name.ts";
import type { ChildPlace } from "../history/spawn-link.ts";
import { checkScopeName } from "../scope-name.ts";

export type ChildKind = "branch" | "tract";

export interface NameRequest {
  readonly as: ChildKind;
  /** undefined: made from the purpose, with a number behind it where that is taken. */
  readonly name: string | undefined;
  readonly purpose: string;
}

/**
 * The place of a new child. As a branch it has the name for branch and worktree alike; as a tract it is `<parent>/<name>`, on the default branch
 * there.
 *
 * @throws TractError `exists` for a given name that is taken, `invalid-name`.
 */
export async function findChildPlace(engine: Engine, request: NameRequest): Promise<ChildPlace> {
  const isTaken = await takenNames(engine, request.as);
  if (request.name !== undefined) {
    const place = placeOf(engine, request.as, request.name);
    if (isTaken(request.name)) throw taken(request.as, place);
    return place;
  }
  const base = nameFrom(request.purpose);
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!isTaken(name)) return placeOf(engine, request.as, name);
  }
}

function placeOf({ limits, scope, settings }: Engine, as: ChildKind, name: string): ChildPlace {
  checkScopeName("worktree", name);
  if (as === "branch") {
    checkRefName(limits, name, "branch");
    return { tract: scope.tract, branch: name, worktree: name };
  }
  const tract = `${scope.tract}/${name}`;
  checkScopeName("tract", tract);
  return { tract, branch: settings.defaultBranch, worktree: name };
}

/** The store has finitely many names, so a number behind a name is always found. */
async function takenNames(engine: Engine, as: ChildKind): Promise<(name: string) => boolean> {
  const { scope, settings, store } = engine;
  if (as === "tract") {
    const tracts = new Set((await store.listTracts()).map(({ name }) => name));
    return (name) => tracts.has(`${scope.tract}/${name}`);
  }
  const taken = new Set([settings.defaultBranch, scope.worktree, "default"]);
  for (const kind of ["branch", "tag", "worktree"] as const)
    for (const { name } of await store.listRefs(scope.tract, kind)) taken.add(name);
  return (name) => taken.has(name);
}

const WORDS_MAX = 5;
const NAME_CHARS_MAX = 40;

/** The first words of a purpose, as a name: letters and digits joined by dashes. */
function nameFrom(purpose: string): string {
  const words = purpose.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  let name = "";
  for (const word of words.slice(0, WORDS_MAX)) {
    const longer = name === "" ? word : `${name}-${word}`;
    if (longer.length > NAME_CHARS_MAX) break;
    name = longer;
  }
  // What could be the start of a hash would hide a commit.
  return name === "" || /^[0-9a-f]+$/.test(name) ? `child${name === "" ? "" : `-${name}`}` : name;
}

function taken(as: ChildKind, { tract, worktree }: ChildPlace): TractError {
  const what =
    as === "tract"
      ? `a tract ${JSON.stringify(tract)}`
      : `a branch, tag or worktree ${JSON.stringify(worktree)}`;
  return new TractError("exists", `there is ${what} already`, {
    hint: "Choose another name, or leave it out: then one is made from the purpose.",
    data: { name: worktree },
  });
}
