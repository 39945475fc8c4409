/** A session whose worktree's HEAD another one has moved is told so, once, and nobody else is. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Engine, withScope } from "../../../src/engine/engine.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { createKnownHeads } from "../../../src/engine/history/known-heads.ts";
import { status } from "../../../src/engine/history/status.ts";
import { openTestEngine, TEST_SCOPE, type TestEngine } from "../../support/engine.ts";

let test: TestEngine;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
});
afterEach(async () => await test.close());

/** Runs operations on behalf of a session; gives what each told besides its result. */
function session(id: string): (operation: (engine: Engine) => Promise<unknown>) => Promise<string[]> {
  const engine = { ...test.engine, heads: createKnownHeads() };
  const author = { ...TEST_SCOPE.author, name: `client of ${id}`, session_id: id };
  return async (operation) => {
    const notices: { readonly text: string }[] = [];
    await operation(withScope(engine, { author, notices: notices as never[] }));
    return notices.map(({ text }) => text);
  };
}

const say = (content: string) => (engine: Engine) => commit(engine, { items: [{ content }] });
const look = (engine: Engine) => status(engine);
const leave = (engine: Engine, name = "aside") => createBranch(engine, { name, switch: true });

it("is told by the first call after another session switched, and by no later one", async () => {
  const [one, two] = [session("SES-1"), session("SES-2")];
  expect(await one(say("first"))).toEqual([]);
  expect(await two((engine) => leave(engine))).toEqual([]);
  const [told, ...others] = await one(say("second"));
  expect(told).toContain("client of SES-2");
  expect(told).toContain("it was on main, it is on aside");
  expect(others).toEqual([]);
  expect(await one(say("third"))).toEqual([]);
  expect(await two(look)).toEqual([]);
});

it("is told nothing of its own moves, of commits by others, and of a HEAD that has come back", async () => {
  const [one, two] = [session("SES-1"), session("SES-2")];
  await one(say("first"));
  await two(say("second"));
  expect(await one((engine) => leave(engine))).toEqual([]);
  expect(await one(say("third"))).toEqual([]);
  expect(await two(look)).toHaveLength(1);
  await one((engine) => checkout(engine, { ref: "main" }));
  await one((engine) => checkout(engine, { ref: "aside" }));
  expect(await two(look)).toEqual([]);
});

it("is told nothing by a call that says which branch it means, and of other worktrees", async () => {
  const [one, two] = [session("SES-1"), session("SES-2")];
  await one(say("first"));
  await two(async (engine) => await leave(withScope(engine, { worktree: "other" }), "theirs"));
  expect(await one(look)).toEqual([]);
  await two((engine) => leave(engine));
  expect(await one((engine) => commit(engine, { items: [{ content: "x" }], branch: "main" }))).toEqual([]);
  expect(await one(look)).toHaveLength(1);
});
