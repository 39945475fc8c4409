/** What tests of the history operations share: short commits, refusals that change nothing, the whole state to compare. */
import { expect } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { withScope } from "../../src/engine/engine.ts";
import { TractError } from "../../src/engine/errors.ts";
import { commit } from "../../src/engine/history/commit.ts";
import type { CommitRequestItem } from "../../src/engine/history/commit-items.ts";
import type { Hash, RefKind } from "../../src/storage/records.ts";

/** Commits a text and gives its hash. */
export async function say(
  engine: Engine,
  text: string,
  options: Partial<CommitRequestItem> & { readonly branch?: string } = {},
): Promise<Hash> {
  const { branch, ...item } = options;
  const { head } = await commit(engine, { items: [{ content: text, ...item }], branch });
  if (head === null) throw new Error("a commit has a hash");
  return head;
}

/** The same engine in another worktree, which its first write makes. */
export function inWorktree(engine: Engine, worktree: string): Engine {
  return withScope(engine, { worktree });
}

/** Expects a refusal that says what to do and changes nothing; gives the error. */
export async function refusal(engine: Engine, act: () => Promise<unknown>): Promise<TractError> {
  const before = await wholeState(engine);
  const error: unknown = await act().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TractError)) throw error ?? new Error("nothing was refused");
  expect(error.hint).not.toBe("");
  expect(error.message).not.toBe("");
  expect(await wholeState(engine)).toEqual(before);
  return error;
}

const REF_KINDS: readonly RefKind[] = ["branch", "tag", "worktree", "previous", "orig_head"];

/** All refs by kind and name, and how far the logs have come. */
export async function wholeState(engine: Engine): Promise<unknown> {
  const { store, scope } = engine;
  return { tract: await store.findTract(scope.tract), refs: await allRefs(engine) };
}

/** Values of refs, like `branch main`; of all kinds, or of the given ones. */
export async function allRefs(
  engine: Engine,
  kinds: readonly RefKind[] = REF_KINDS,
): Promise<Readonly<Record<string, unknown>>> {
  const refs: Record<string, unknown> = {};
  for (const kind of kinds)
    for (const { name, value } of await engine.store.listRefs(engine.scope.tract, kind))
      refs[`${kind} ${name}`] = value;
  return refs;
}

/** The engine on a store that lets `act` go first, once, just before the next publish: a lost race. */
export function outrunOnce(
  engine: Engine,
  act: () => Promise<unknown>,
): { readonly engine: Engine; readonly attempts: () => number } {
  let attempts = 0;
  const publish: Engine["store"]["publish"] = async (change, also) => {
    attempts += 1;
    if (attempts === 1) await act();
    return await engine.store.publish(change, also);
  };
  const store = new Proxy(engine.store, {
    get: (target, key) => {
      if (key === "publish") return publish;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { engine: { ...engine, store }, attempts: () => attempts };
}
