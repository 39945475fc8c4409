/** The CLI as people and scripts use it: one session as it prints, JSON, stdin, exit codes, help. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { displayWidth } from "../../src/server/cli/table.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { type Cli, comparable, createCli } from "../support/cli.ts";

let cli: Cli;
beforeEach(() => {
  cli = createCli();
});
afterEach(() => cli.remove());

test("a session prints what it always printed", async () => {
  const session = [
    ["commit", "Be a careful researcher.", "--content-type", "instruction", "--name", "style"],
    ["commit", "What changed in the last release?"],
    ["commit", "The parser is new; old files still load.", "--role", "assistant", "--labels", "fact"],
    ["status"],
    ["branch", "create", "experiment", "--switch"],
    ["commit", "What if we dropped the old format?"],
    ["annotate", "HEAD~1", "--priority", "pinned", "--reason", "the one fact that matters"],
    ["branch"],
    ["log"],
    ["log", "--graph"],
    ["log", "main..experiment", "--limit", "1"],
    ["show", "HEAD"],
    ["compile"],
    ["compile", "--format", "openai"],
    ["compile", "--format", "anthropic"],
    ["search", "old", "format"],
    ["tag", "create", "v1", "HEAD"],
    ["tag"],
    ["checkout", "main"],
    ["undo"],
    ["operations", "--limit", "3"],
    ["ledger", "--limit", "3"],
    ["verify"],
    ["tracts"],
    ["log", "nowhere"],
    ["checkout", "experimnt"],
  ];
  let transcript = "";
  for (const argv of session) {
    const { exitCode, out, err } = await cli.run(argv);
    const typed = argv.map((word) => (/^[\w~.=-]+$/.test(word) ? word : JSON.stringify(word))).join(" ");
    transcript += `$ tract ${typed}\n${out}${err}${exitCode === 0 ? "" : `exit code ${exitCode}\n`}\n`;
  }
  await expect(comparable(transcript)).toMatchFileSnapshot("../golden/cli-session.txt");
});

describe("--json", () => {
  test("prints the structured result and nothing else", async () => {
    const committed = await cli.json(["commit", "one"]);
    expect(committed).toMatchObject({
      branch: "main",
      commits: [{ content_type: "dialogue" }],
      warnings: [],
    });
    expect(await cli.json(["log"])).toMatchObject({
      entries: [{ role: "user", author: { kind: "user", name: null } }],
      next_cursor: null,
    });
  });

  test("prints a failure in the shape of the tools, with exit code 1", async () => {
    const { exitCode, out, err } = await cli.run(["checkout", "nowhere", "--json"]);
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: "" });
    expect(JSON.parse(out)).toMatchObject({
      error: { code: "not-found", hint: expect.any(String), data: expect.any(Object) },
    });
  });
});

describe("content", () => {
  const contentOf = async (): Promise<unknown> => await cli.json(["show", "HEAD"]);

  test("comes from a word", async () => {
    await cli.run(["commit", "line one\nline two"]);
    expect(await contentOf()).toMatchObject({ commits: [{ content: { text: "line one\nline two" } }] });
  });

  test("comes from stdin with a dash", async () => {
    await cli.run(["commit", "-"], { stdin: "from stdin\n" });
    expect(await contentOf()).toMatchObject({ commits: [{ content: { text: "from stdin\n" } }] });
  });

  test("comes from a file, byte for byte", async () => {
    const file = join(cli.folder, "note.md");
    writeFileSync(file, "# Note\n\n{not json}\n");
    await cli.run(["commit", "--file", file, "--content-type", "output"]);
    expect(await contentOf()).toMatchObject({
      commits: [{ content_type: "output", content: { text: "# Note\n\n{not json}\n" } }],
    });
  });

  test("may be a whole content object", async () => {
    await cli.run([
      "commit",
      '{"content_type":"tool_io","tool_name":"grep","direction":"call","payload":{"q":1}}',
    ]);
    expect(await contentOf()).toMatchObject({
      commits: [{ content: { tool_name: "grep", payload: { q: 1 } } }],
    });
  });

  test("from a file that is not UTF-8 is refused, and nothing is stored", async () => {
    const file = join(cli.folder, "latin1.txt");
    writeFileSync(file, Buffer.from([0x62, 0x61, 0x64, 0x20, 0xff, 0xfe]));
    const { exitCode, err } = await cli.run(["commit", "--file", file]);
    expect([exitCode, err]).toEqual([2, expect.stringContaining("not UTF-8")]);
    expect(await cli.json(["status"])).toMatchObject({ commits: 0 });
  });

  test("that only looks like JSON stays text", async () => {
    await cli.run(["commit", '{"a":1}']);
    expect(await contentOf()).toMatchObject({
      commits: [{ content: { content_type: "dialogue", text: '{"a":1}' } }],
    });
  });

  test("of several commits comes as items", async () => {
    await cli.run(["commit", "--items", '[{"content":"a"},{"content":"b","role":"assistant"}]']);
    expect(await cli.json(["log"])).toMatchObject({ entries: [{ role: "assistant" }, { role: "user" }] });
  });

  test("given twice is refused", async () => {
    const { exitCode, err } = await cli.run(["commit", "a", "--content", "b"]);
    expect(exitCode).toBe(2);
    expect(err).toContain("content is given twice");
  });
});

describe("import", () => {
  const transcript = JSON.stringify([
    { role: "user", content: "hello" },
    { role: "assistant", content: "hi" },
  ]);

  test("reads a file that a person names, wherever it lies", async () => {
    const file = join(cli.folder, "..", "chat.json");
    writeFileSync(file, transcript);
    expect(await cli.json(["import", file])).toMatchObject({
      imported: 2,
      branches: [{ commits: 2, created: true }],
    });
    expect(await cli.json(["import", "../chat.json"])).toMatchObject({ imported: 0 });
  });

  test("reads stdin with a dash", async () => {
    expect(await cli.json(["import", "-"], { stdin: transcript })).toMatchObject({ imported: 2 });
  });

  test("says that there is no such file, without its path", async () => {
    const { exitCode, err } = await cli.run(["import", "missing.json"]);
    expect(exitCode).toBe(1);
    expect(err).toContain("[not-found]");
    expect(err).not.toContain(cli.folder);
  });
});

describe("settings", () => {
  test("are taken as flags before and after the command, and make a worktree", async () => {
    await cli.run(["--worktree", "one", "commit", "a"]);
    await cli.run(["commit", "b", "--worktree", "two", "--tract", "other"]);
    expect(await cli.json(["status", "--worktree", "one"])).toMatchObject({ worktree: "one", commits: 1 });
    expect(await cli.json(["status", "--tract", "other", "--worktree", "two"])).toMatchObject({
      tract: "other",
      commits: 1,
    });
  });

  test("of the profile do not keep a person from a tool", async () => {
    expect((await cli.run(["verify", "--profile", "self"])).exitCode).toBe(0);
  });

  test("name the author", async () => {
    await cli.run(["commit", "a"], { env: { TRACT_AGENT_ID: "ada" } });
    expect(await cli.json(["log"])).toMatchObject({
      entries: [{ author: { kind: "user", name: "ada", session_id: expect.stringMatching(/^SES-/) } }],
    });
  });

  test("that are wrong are a usage error", async () => {
    const { exitCode, err } = await cli.run(["status", "--durability", "none"]);
    expect(exitCode).toBe(2);
    expect(err).toContain("--durability");
  });

  test("that do not exist are warned of", async () => {
    expect((await cli.run(["status"], { env: { TRACT_PROFLE: "full" } })).err).toContain(
      "did you mean TRACT_PROFILE?",
    );
  });
});

describe("exit codes", () => {
  test.each([
    [["status"], 0],
    [["--version"], 0],
    [["--help"], 0],
    [["commit", "--help"], 0],
    [["help", "log"], 0],
    [["log", "nowhere"], 1],
    [["statsu"], 2],
    [["status", "--nonsense"], 2],
    [["checkout", "a", "b"], 2],
    [["log", "--limit", "many"], 2],
    [["log", "--limit"], 2],
    [["search"], 2],
    [["commit", "a", "--role", "robot"], 2],
    [["commit", "a", "--content-type", "nonsense"], 2],
    [["log", "--limit", "0"], 2],
    [["completion", "csh"], 2],
  ])("%j ends with %i", async (argv, exitCode) => {
    expect((await cli.run(argv)).exitCode).toBe(exitCode);
  });

  test("a mistyped command or flag names the near one on stderr", async () => {
    const { out, err } = await cli.run(["comit", "a"]);
    expect(out).toBe("");
    expect(err).toContain("Did you mean commit?");
    expect((await cli.run(["commit", "a", "--rol", "user"])).err).toContain("Did you mean --role?");
  });
});

describe("output", () => {
  test("fits the terminal's width and is coloured there", async () => {
    await cli.run(["commit", "A message that is much too long for a terminal of only sixty columns, really"]);
    const { out } = await cli.run(["log"], { isOutTerminal: true, width: 60, hasColors: true });
    expect(out).toContain("\u001b[");
    expect(out.split("\n").every((line) => displayWidth(line) <= 60)).toBe(true);
  });

  test("at 80 columns keeps every line within them, and half of a log's line for its message", async () => {
    const words = "The parser is new and old files still load while this goes on and on to the end";
    for (let at = 0; at < 3; at++)
      await cli.run(["commit", `${words} ${words} ${at}`, "--role", "assistant", "--labels", "fact,noted"]);
    await cli.run(["annotate", "HEAD", "--priority", "pinned"]);
    const commands = [
      ["log", "--limit", "2"],
      ["log", "--graph"],
      ["status"],
      ["search", "parser", "files"],
      ["show", "HEAD"],
      ["operations"],
      ["ledger"],
      ["doctor"],
      ["log", "nowhere"],
      ["--help"],
      ...TOOLS.map(({ name }) => [name, "--help"]),
    ];
    for (const argv of commands) {
      const { out, err } = await cli.run(argv, { isOutTerminal: true, isErrTerminal: true, width: 80 });
      const wide = `${out}${err}`.split("\n").filter((line) => displayWidth(line) > 80);
      expect(wide, argv.join(" ")).toEqual([]);
    }
    for (const argv of [["log"], ["log", "--graph"]]) {
      const { out } = await cli.run(argv, { isOutTerminal: true, width: 80 });
      expect(out.match(/The parser is new and old files still load/g), argv.join(" ")).toHaveLength(3);
    }
  });

  test("shows the marks of a commit where there is room", async () => {
    await cli.run(["commit", "short", "--labels", "fact"]);
    expect((await cli.run(["log"], { isOutTerminal: true, width: 80 })).out).toMatch(
      /^[0-9a-f]{8} {2}user {2}\d+ {2}\d\d:\d\d {2}short {2}#fact\n$/,
    );
  });

  test("has a cursor short enough for a line, and takes it back", async () => {
    for (const text of ["a", "b", "c"]) await cli.run(["commit", text]);
    const { out } = await cli.run(["log", "--limit", "1"], { isOutTerminal: true, width: 80 });
    const cursor = /^more: --cursor (.{1,64})$/m.exec(out)?.[1] ?? "";
    expect(await cli.json(["log", "--limit", "1", "--cursor", cursor])).toMatchObject({
      entries: [{ message: "dialogue: b" }],
    });
  });

  test("says so when there are no tags", async () => {
    expect((await cli.run(["tag"])).out).toBe("No tags.\n");
  });

  test("never lets stored text control the terminal", async () => {
    await cli.run(["commit", "\u001b[2Jgone\u0007", "--message", "\u001b]0;x\u0007title"]);
    for (const command of [["log"], ["show", "HEAD"], ["compile"], ["status"]]) {
      const { out } = await cli.run(command, { isOutTerminal: true, width: 100 });
      expect([out.includes("\u0007"), out.includes("\u001b")], command[0]).toEqual([false, false]);
    }
  });

  test("as JSON keeps every character without letting it act", async () => {
    const text = "\u009b31m \u202e \u001b[2J \u007f";
    await cli.run(["commit", text]);
    const { out } = await cli.run(["show", "HEAD", "--json"]);
    expect(["\u009b", "\u202e", "\u001b", "\u007f"].filter((each) => out.includes(each))).toEqual([]);
    expect(JSON.parse(out)).toMatchObject({ commits: [{ content: { text } }] });
  });

  test("goes into a pipe as it was stored", async () => {
    await cli.run(["commit", "\u001b[1mbold"]);
    expect((await cli.run(["compile", "--format", "markdown"])).out).toContain("\u001b[1mbold");
  });
});

test("a flag without a value has an opposite", async () => {
  await cli.run(["commit", "a"]);
  expect(await cli.json(["compile", "--no-record"])).toMatchObject({ record_id: null });
  expect(await cli.json(["compile"])).toMatchObject({ record_id: expect.any(String) });
  expect((await cli.run(["compile", "--help"])).out).toContain("--no-include-reasoning");
});

test("a forecast in a provider's format is shown as text, because it has no messages", async () => {
  await cli.run(["commit", "a"]);
  const { exitCode, out } = await cli.run([
    "compile",
    "--format",
    "openai",
    "--forecast",
    "100",
    "--forecast",
    "2000",
  ]);
  expect(exitCode).toBe(0);
  expect(out).toContain("2,000");
});

test("help lists every tool with its title, and every command describes its flags", async () => {
  const { out } = await cli.run(["--help"]);
  for (const { name, title } of TOOLS) {
    expect(out).toContain(name.replaceAll("_", "-"));
    expect(out).toContain(title);
  }
  expect(out).toContain("--compile-budget <TOKENS>");
  expect((await cli.run(["log", "--help"])).out).toContain("--content-type <TEXT>");
});

describe("backup", () => {
  test("is a store with all that was committed, and refuses to write over anything", async () => {
    await cli.run(["commit", "worth keeping"]);
    const { exitCode, out } = await cli.run(["backup", "copy.db"]);
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/^Backed up: [\d,]+ bytes\./)]);
    const copy = join(cli.folder, "copy.db");
    expect(await cli.json(["log", "--store", copy])).toEqual(await cli.json(["log"]));
    expect((await cli.run(["verify", "--store", copy])).out).toContain("Sound");
    expect((await cli.run(["search", "keeping", "--store", copy])).out).toContain("worth");
    const again = await cli.run(["backup", "copy.db"]);
    expect([again.exitCode, again.err]).toEqual([1, expect.stringContaining("[exists]")]);
    expect((await cli.run(["backup", "nowhere/copy.db"])).exitCode).toBe(2);
  });

  test("of a store that is not there makes neither", async () => {
    expect((await cli.run(["backup", "copy.db"])).exitCode).toBe(1);
    expect(existsSync(join(cli.folder, "copy.db"))).toBe(false);
    expect(JSON.stringify(await cli.json(["doctor"]))).toContain("not there yet");
  });
});

describe("doctor", () => {
  const checks = async (): Promise<Record<string, unknown>> => Object(await cli.json(["doctor"]));

  test("finds all well on a new machine and makes no store", async () => {
    const report = await checks();
    expect(report).toMatchObject({ ok: true, version: "0.2.0" });
    expect(JSON.stringify(report)).toContain("not there yet");
    expect((await cli.run(["doctor"])).exitCode).toBe(0);
    expect(JSON.stringify(await checks())).toContain("not there yet");
  });

  test("tells each setting with its source", async () => {
    writeFileSync(join(cli.folder, "tract.config.json"), '{"compile_budget": 500}');
    const { settings } = await checks();
    expect(settings).toEqual(
      expect.arrayContaining([
        { name: "compile_budget", value: 500, source: join(cli.folder, "tract.config.json") },
        { name: "tract", value: "notes", source: "TRACT_TRACT" },
        { name: "profile", value: "self", source: "default" },
      ]),
    );
  });

  test("looks at the store that is there", async () => {
    await cli.run(["commit", "a"]);
    expect(JSON.stringify(await checks())).toContain("1 tract");
  });

  test("ends with 1 when the store is something else, and leaves it alone", async () => {
    const file = join(cli.folder, "notes.txt");
    writeFileSync(file, "these are my notes, and no database at all\n".repeat(100));
    const { exitCode, out } = await cli.run(["doctor", "--store", file]);
    expect(exitCode).toBe(1);
    expect(out).toContain("✗");
    expect(out).not.toMatch(/\b(?:delete|remove|reset)\b/i);
    expect(readFileSync(file, "utf8")).toBe("these are my notes, and no database at all\n".repeat(100));
  });
});
