/** The pieces of the CLI that decide by themselves: tables, graphs, flags, what a terminal may be shown. */
import { describe, expect, test } from "vitest";
import { storeAccess } from "../../src/server/cli/commands/store-access.ts";
import { createProgressBar } from "../../src/server/cli/progress-bar.ts";
import { cut, displayWidth, table, wrapped } from "../../src/server/cli/table.ts";
import { harmless } from "../../src/server/cli/terminal.ts";
import { decodeText } from "../../src/server/cli/text-input.ts";
import { contentOrText, flagValue } from "../../src/server/cli/tool-flags.ts";
import { drawGraph } from "../../src/server/cli/views/graph.ts";
import { shorterCount, shorterTime } from "../../src/server/cli/views/words.ts";
import { hintForCommandLine, messageForCommandLine } from "../../src/server/cli/words-of-hints.ts";
import { createLog, reportBug } from "../../src/server/log.ts";
import { createCli } from "../support/cli.ts";
import { fakeTerminal } from "../support/fake-terminal.ts";

describe("a table", () => {
  const columns = [{}, { gives: true }, { align: "right" }] as const;

  test("lines its columns up and leaves out empty ones", () => {
    expect(
      table(
        [{}, {}, { align: "right" }],
        [
          ["a", "", "1"],
          ["bcd", "", "22"],
        ],
        80,
      ),
    ).toBe("a     1\nbcd  22\n");
  });

  test("cuts the column that gives until it fits the width", () => {
    const text = table(
      columns,
      [
        ["abc", "a rather long message for a narrow terminal", "12"],
        ["d", "short", "3"],
      ],
      30,
    );
    expect(text.split("\n").every((line) => displayWidth(line) <= 30)).toBe(true);
    expect(text).toContain("a rather long messag…  12");
    expect(text).toContain("short");
  });

  test("cuts nothing where the width has no end", () => {
    const message = "x".repeat(500);
    expect(table(columns, [["a", message, "1"]], Number.POSITIVE_INFINITY)).toContain(message);
  });

  test.each([
    ["abc", 3],
    ["日本語", 6],
    ["e\u0301", 1],
    ["👩‍👩‍👧", 2],
    ["\u001b[31mred\u001b[39m", 3],
    ["", 0],
  ])("knows that %j takes %i columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  test("never splits a character when it cuts", () => {
    expect(cut("日本語", 4)).toBe("日…");
    expect(cut("a👩‍👩‍👧b", 3)).toBe("a…");
    expect(cut("abc", 3)).toBe("abc");
  });
});

describe("a graph", () => {
  const lines = (nodes: readonly (readonly [string, ...string[]])[]): readonly string[] =>
    drawGraph(nodes.map(([hash, ...parents]) => ({ hash, parents }))).flatMap(({ commit, below }) => [
      commit,
      ...below,
    ]);

  test("of one line is one lane", () => {
    expect(lines([["c", "b"], ["b", "a"], ["a"]])).toEqual(["●", "●", "●"]);
  });

  test("opens a lane for a merged branch and closes it where the two meet", () => {
    expect(lines([["m", "b", "x"], ["b", "a"], ["x", "a"], ["a"]])).toEqual([
      "○",
      "├─┐",
      "● │",
      "│ ●",
      "├─┘",
      "●",
    ]);
  });

  test("keeps the lane of a commit that is not on this page", () => {
    expect(
      lines([
        ["m", "b", "x"],
        ["b", "a"],
      ]),
    ).toEqual(["○", "├─┐", "● │"]);
  });

  test("starts a lane for a history of its own", () => {
    expect(lines([["b"], ["a"]])).toEqual(["●", "●"]);
  });
});

describe("what was typed", () => {
  const flag = (
    kind: Parameters<typeof flagValue>[0]["kind"],
    items = kind,
  ): Parameters<typeof flagValue>[0] => ({ kind, items });

  test.each([
    [flag("text"), ["a"], "a"],
    [flag("text"), ["a", "b"], ["a", "b"]],
    [flag("text"), ["12"], "12"],
    [flag("number"), ["12"], 12],
    [flag("number"), ["-1.5"], -1.5],
    [flag("number"), ["twelve"], "twelve"],
    [flag("number"), [""], ""],
    [flag("list", "text"), ["a"], ["a"]],
    [flag("list", "text"), ["a", "b"], ["a", "b"]],
    [flag("list", "text"), ['["a", "b"]'], ["a", "b"]],
    [flag("list", "text"), ["[draft]"], ["[draft]"]],
    [flag("list", "number"), ["2000", "8000"], [2000, 8000]],
    [flag("list", "json"), ['{"content":"a"}'], [{ content: "a" }]],
    [flag("json"), ['{"a":1}'], { a: 1 }],
    [flag("json"), ["{a}"], "{a}"],
    [flag("any"), ["plain"], "plain"],
    [flag("any"), ['{"content_type":"instruction","text":"a"}'], { content_type: "instruction", text: "a" }],
  ])("%j from %j is %j", (kind, typed, value) => {
    expect(flagValue(kind, typed)).toEqual(value);
  });

  test("is a content only when it names its type: any other JSON is a text like others", () => {
    expect(contentOrText('{"name":"tract"}')).toBe('{"name":"tract"}');
    expect(contentOrText('["content_type"]')).toBe('["content_type"]');
    expect(contentOrText('{"content_type":')).toBe('{"content_type":');
  });
});

describe("stored text on a terminal", () => {
  test.each([
    ["\u001b[2Jgone", "gone"],
    ["\u001b]0;title\u0007x", "x"],
    ["a\rb", "a␍b"],
    ["bell\u0007", "bell␇"],
    ["\u009b31m", ""],
    ["a\u202eb", "a�b"],
    ["tab\tand\nline", "tab\tand\nline"],
  ])("%j is shown as %j", (text, shown) => {
    expect(harmless(text)).toBe(shown);
  });
});

describe("a progress bar", () => {
  const run = (isErrTerminal: boolean, times: readonly number[]): string => {
    const terminal = fakeTerminal({ isErrTerminal });
    let now = 0;
    const bar = createProgressBar(terminal, () => now);
    for (const time of times) {
      now = time;
      bar.report(time, 4_000, "importing");
    }
    bar.finish();
    return terminal.errText();
  };

  test("is not shown for work under a second", () => {
    expect(run(true, [10, 500, 990])).toBe("");
  });

  test("is drawn after a second and taken away at the end", () => {
    const text = run(true, [500, 1_000, 1_010, 2_000]);
    expect(text.match(/importing/g)).toHaveLength(2);
    expect(text).toContain("50 % of 4,000");
    expect(text.endsWith("\r\u001b[2K")).toBe(true);
  });

  test("is not shown where nobody watches", () => {
    expect(run(false, [2_000, 3_000])).toBe("");
  });
});

describe("the log", () => {
  test("writes its level and what is more urgent, a line each", () => {
    const lines: string[] = [];
    const log = createLog("warn", (line) => lines.push(line));
    log.error("one", { code: "store-busy", where: "a b\nc" });
    log.warn("two");
    log.info("three");
    log.debug("four");
    expect(lines).toEqual(['tract error: one code=store-busy where="a b\\nc"\n', "tract warn: two\n"]);
  });

  test("says nothing at level silent", () => {
    const lines: string[] = [];
    createLog("silent", (line) => lines.push(line)).error("one");
    expect(lines).toEqual([]);
  });

  test("keeps the message of a bug to itself, because it may quote what was stored", () => {
    const lines: string[] = [];
    reportBug(
      new TypeError("secret content"),
      "tool commit",
      createLog("error", (line) => lines.push(line)),
    );
    expect(lines.join("")).toContain("TypeError");
    expect(lines.join("")).not.toContain("secret");
  });
});

describe("a line that is too wide", () => {
  test.each([
    ["short", 10, "short"],
    ["one two three", 8, "one two\nthree"],
    ["  one two three", 9, "  one two\n  three"],
    ["a  b", 3, "a\nb"],
    ["abcdefgh", 3, "abc\ndef\ngh"],
    ["日本語", 4, "日本\n語"],
    ["", 3, ""],
    ["one two\nthree four", 5, "one\ntwo\nthree\nfour"],
  ])("%j goes on below at width %i", (text, width, lines) => {
    expect(wrapped(text, width)).toBe(lines);
  });

  test("ends even where a character is wider than the line", () => {
    expect(wrapped("    日本", 1).replace(/\s/g, "")).toBe("日本");
  });
});

describe("short words", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [1_000, "1.0k"],
    [12_345, "12k"],
    [999_499, "999k"],
    [999_500, "1.0M"],
    [25_000_000, "25M"],
  ])("%i tokens are %j", (count, text) => {
    expect(shorterCount(count)).toBe(text);
  });

  test("for a time leave out what today tells", () => {
    const times = ["2026-03-01T09:30:00Z", "2026-02-28T09:30:00Z", "2025-03-01T09:30:00Z"];
    expect(times.map((time) => shorterTime(time, "2026-03-01"))).toEqual([
      "09:30",
      "02-28 09:30",
      "2025-03-01",
    ]);
  });
});

test.each([
  ["See branch (action list) for branches.", "See `tract branch list` for branches."],
  ["Use branch (action create, switch true).", "Use `tract branch create --switch`."],
  ["Raise budget_tokens, or pass force true.", "Raise --budget-tokens, or pass --force."],
  ["Go on with next_cursor.", "Go on with --cursor."],
  [
    'Did you mean "budget_tokens"? Or TRACT_STORE, import_root?',
    'Did you mean "budget_tokens"? Or TRACT_STORE, import_root?',
  ],
])("the hint %j reads %j at a command line", (hint, shown) => {
  expect(hintForCommandLine(hint)).toBe(shown);
});

test("only the argument that a message begins with becomes a flag", () => {
  expect(messageForCommandLine("budget_tokens: expected a number")).toBe(
    "--budget-tokens: expected a number",
  );
  expect(messageForCommandLine("there is no budget_tokens: a")).toBe("there is no budget_tokens: a");
});

test("bytes become text only when they are UTF-8, and all of them", () => {
  expect(decodeText(Buffer.from("\ufeffé\n"), "it")).toBe("\ufeffé\n");
  expect(() => decodeText(Buffer.from([0x61, 0xff, 0xfe]), "it")).toThrow(
    expect.objectContaining({ code: "invalid-argument" }),
  );
});

describe("access to the store", () => {
  type Rights = { readonly [path: string]: string };
  const found = (rights: Rights): ReturnType<typeof storeAccess> =>
    storeAccess("/data/tract/tract.db", (path, what) => {
      const may = rights[path];
      return may === undefined ? "missing" : may.includes(what.charAt(0)) ? "yes" : "no";
    });

  test.each<[string, Rights]>([
    ["is whole", { "/data/tract": "erw", "/data/tract/tract.db": "rw" }],
    ["is whole where the file will be made", { "/data/tract": "erw" }],
    ["is whole where the folders will be made", { "/data": "erw" }],
  ])("%s", (_, rights) => {
    expect(found(rights)).toEqual({ refusal: null, lack: null });
  });

  test.each<[string, Rights]>([
    ["readable, not writable: the file", { "/data/tract": "erw", "/data/tract/tract.db": "r" }],
    ["readable, not writable: its folder", { "/data/tract": "er", "/data/tract/tract.db": "rw" }],
    ["folder may not be written", { "/data": "er" }],
  ])("lacks: %s", (words, rights) => {
    const { refusal, lack } = found(rights);
    expect([refusal, lack?.detail]).toEqual([null, expect.stringContaining(words)]);
  });

  test.each<[string, Rights]>([
    ["may not read it", { "/data/tract": "erw", "/data/tract/tract.db": "" }],
    ["may not enter", { "/data/tract": "" }],
  ])("is refused: %s", (words, rights) => {
    expect(found(rights).refusal?.detail).toContain(words);
  });
});

test.each([
  [["comit", "--json"], "unknown command 'comit'"],
  [["--json", "log", "--nonsense"], "unknown option '--nonsense'"],
  [["--json"], "there is no command"],
  [["completion", "tcsh", "--json"], "tcsh"],
])("a wrong command line %j is answered in JSON where JSON was asked for", async (argv, words) => {
  const cli = createCli();
  const { exitCode, out, err } = await cli.run(argv);
  cli.remove();
  expect({ exitCode, err }).toEqual({ exitCode: 2, err: "" });
  expect(JSON.parse(out)).toMatchObject({
    error: { code: "invalid-argument", message: expect.stringContaining(words) },
  });
});
