/** Merge, compress and the work of children on the command line: JSON arguments, stdin, what a person reads. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Cli, createCli } from "../support/cli.ts";

let cli: Cli;
beforeEach(() => {
  cli = createCli();
});
afterEach(() => cli.remove());

test("a child's result comes from stdin beside the child's name", async () => {
  await cli.run(["commit", "start"]);
  await cli.run(["spawn", "--purpose", "look", "--name", "looker"]);
  const result = await cli.json(["collapse", "looker", "--file", "-"], { stdin: "All is well." });
  expect(result).toMatchObject({ kind: "collapsed", warnings: [] });
  expect((await cli.run(["compile"])).out).toContain("All is well.");
  const twice = await cli.run(["collapse", "looker", "--summary", "a", "--file", "-"], { stdin: "b" });
  expect(twice).toMatchObject({ exitCode: 2, err: expect.stringContaining("given twice") });
});

test("a conflict is told, and decided by resolutions in JSON", async () => {
  const { commits } = (await cli.json(["commit", "Port 8080."])) as { commits: { hash: string }[] };
  const target = String(commits[0]?.hash);
  await cli.run(["branch", "create", "experiment", "--switch"]);
  await cli.run(["commit", "Port 9090.", "--edit-target", target]);
  await cli.run(["checkout", "main"]);
  await cli.run(["commit", "Port 8443.", "--edit-target", target]);
  const report = await cli.run(["merge", "experiment"]);
  expect(report.out).toContain("ours: Port 8443.");
  expect(report.out).toContain("theirs: Port 9090.");
  const resolutions = JSON.stringify([{ target: target.slice(0, 12), content: "Port 8443 since the move." }]);
  const merged = await cli.json(["merge", "experiment", "--resolutions", resolutions]);
  expect(merged).toMatchObject({ kind: "resolved" });
  expect((await cli.run(["compile"])).out).toContain("Port 8443 since the move.");
  expect((await cli.run(["log", "--graph"])).out).toContain("├─┐");
});
