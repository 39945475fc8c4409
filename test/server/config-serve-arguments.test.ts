/** Which command lines start a server at once, and which are the CLI's business. */
import { expect, test } from "vitest";
import { parseServeArguments } from "../../src/server/serve-arguments.ts";

test.each([
  [[], {}],
  [["--profile", "full"], { profile: "full" }],
  [["--store=sqlite:x.db", "--worktree", "w"], { store: "sqlite:x.db", worktree: "w" }],
  [["serve"], {}],
  [["serve", "--stdio", "--ledger-reason-chars", "9"], { "ledger.reason_chars": "9" }],
])("%j in a pipe starts a server with %j", (argv, flags) => {
  expect(parseServeArguments(argv, { isTerminal: false })).toEqual(flags);
});

test.each([
  [["--help"]],
  [["--version"]],
  [["status"]],
  [["serve", "status"]],
  [["--profil", "full"]],
  [["--profile"]],
  [["serve", "--http"]],
  [["--stdio"]],
])("%j is left to the CLI", (argv) => {
  expect(parseServeArguments(argv, { isTerminal: false })).toBeNull();
});

test("no arguments on a terminal are left to the CLI, which shows help; serve is served there, too", () => {
  expect(parseServeArguments([], { isTerminal: true })).toBeNull();
  expect(parseServeArguments(["serve", "--stdio"], { isTerminal: true })).toEqual({});
});
