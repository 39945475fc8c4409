/** Scanning finds the facts of a text, leaves its ordinary words, and takes linear time whatever the text is. */
import { describe, expect, it } from "vitest";
import { type FactKind, factsIn } from "../../../src/engine/compress/facts.ts";
import { LONG_RUNS } from "../tokens/long-runs.ts";

function textsOf(text: string, kind?: FactKind): readonly string[] {
  return factsIn(text)
    .filter((fact) => kind === undefined || fact.kind === kind)
    .map((fact) => fact.text);
}

describe("finds", () => {
  it.each<[FactKind, string, readonly string[]]>([
    [
      "path",
      "edit src/engine/a.ts:12:5, then ./lib/b.py and ../up/x.",
      ["src/engine/a.ts", "./lib/b.py", "../up/x"],
    ],
    [
      "path",
      "(see /etc/hosts) and ~/.ssh/config; .env, README.md!",
      ["/etc/hosts", "~/.ssh/config", ".env", "README.md"],
    ],
    [
      "path",
      String.raw`open C:\Users\me\z.ts, "C:\Program Files\x y\a.txt" and \\host\share\b`,
      [String.raw`C:\Users\me\z.ts`, String.raw`C:\Program Files\x y\a.txt`, String.raw`\\host\share\b`],
    ],
    [
      "path",
      String.raw`{"path":"/var/log/a.log","text":"one\nsrc/two.ts\nthree"}`,
      ["/var/log/a.log", "src/two.ts"],
    ],
    [
      "path",
      "merge origin/main into feature/login, in src/engine",
      ["origin/main", "feature/login", "src/engine"],
    ],
    ["path", "修改了src/c.ts文件", ["src/c.ts"]],
    [
      "url",
      "See https://example.com/a?b=1&c=2#d, (http://x.y/z).",
      ["https://example.com/a?b=1&c=2#d", "http://x.y/z"],
    ],
    ["email", "mail ada.l+x@mail.example.org.", ["ada.l+x@mail.example.org"]],
    [
      "identifier",
      "userId, snake_case_name, MAX_SIZE and os.path.join; HTTPServer",
      ["userId", "snake_case_name", "MAX_SIZE", "os.path.join", "HTTPServer"],
    ],
    ["identifier", "`plain` and `npm run build`, then doit()", ["plain", "npm run build", "doit"]],
    [
      "identifier",
      "550e8400-e29b-41d4-a716-446655440000 at 3fa1c9d2a0b1",
      ["550e8400-e29b-41d4-a716-446655440000", "3fa1c9d2a0b1"],
    ],
    ["identifier", "v1.2.3 to 4.0.0-rc.1 for PROJ-123 and #42", ["v1.2.3", "4.0.0-rc.1", "PROJ-123", "#42"]],
    [
      "identifier",
      "--no-verify, $HOME, gpt-4o, std::string, localhost:8080, fix-login-bug",
      ["--no-verify", "$HOME", "gpt-4o", "std::string", "localhost:8080", "fix-login-bug"],
    ],
    ["number", "took 250 ms, 12GB and 80 %, or 16x", ["250 ms", "12GB", "80 %", "16x"]],
    ["number", "$1,200.50 on 2024-05-01 at 12:30, port 8080", ["$1,200.50", "2024-05-01", "12:30", "8080"]],
    ["number", "exit code 1 after 3 attempts", ["1", "3 attempts"]],
    [
      "error",
      "TypeError: no; java.io.IOException, ENOENT, ERR_BAD_ARG, SIGKILL, TS2322",
      ["TypeError", "java.io.IOException", "ENOENT", "ERR_BAD_ARG", "SIGKILL", "TS2322"],
    ],
  ])("%s in: %s", (kind, text, expected) => {
    expect(textsOf(text, kind)).toEqual(expected);
  });

  it("each fact once, in the order of the text", () => {
    expect(textsOf("a_b then c_d then a_b")).toEqual(["a_b", "c_d"]);
  });
});

describe("leaves", () => {
  it.each([
    "The quick brown fox, e.g. this one, i.e. that: it was read-only and/or well-known.",
    "1. First do this. 2. Then do that!",
    "It's state-of-the-art; up-to-date. Read/write w/o I/O?",
    "12: first line\n13:second line",
    "",
    "   \n\t ",
    "--- *** ___ ... ::: /// ## ``` \\\\",
  ])("ordinary words: %j", (text) => {
    expect(textsOf(text)).toEqual([]);
  });
});

describe("hostile text", () => {
  it("puts no control, bidirectional or line end character into a fact", () => {
    const text =
      "a_b\u0000c_d \u202egnp.exe\u202c `x\u0007y` src/\u200ba.ts\r\nhttps://a.b/\u2066c\u2069 'C:\\a b\\\u0001c.txt'";
    for (const fact of textsOf(text)) expect(fact).not.toMatch(/[\p{C}\n]/u);
    expect(textsOf(text)).toContain("a_b");
  });

  it("takes no long run of data for a name", () => {
    expect(textsOf(`x ${"aB3_".repeat(5_000)} y ${"/a".repeat(5_000)}`)).toEqual([]);
  });

  it("finds nothing in a megabyte of one character, and what follows it", () => {
    for (const character of ["a", "/", ".", "\\", "`", "7", "_", "\u202e"])
      expect(textsOf(`${character.repeat(1_000_000)} a_b`)).toContain("a_b");
  });

  it("costs time in proportion to its length", { timeout: 60_000 }, () => {
    const prose =
      "The handler parseConfig in src/a.ts failed after 250 ms with ENOENT, see https://a.b/c. ".repeat(
        4_000,
      );
    const unit = secondsOf(prose) / prose.length;
    const shapes = [
      "a",
      "`",
      ".",
      "/",
      "\\",
      "a/",
      "1,",
      "'/",
      "C:\\",
      "a.",
      "a-",
      "_",
      "@",
      "a://",
      "\\n",
      "::",
      "“",
      "`a",
      "a\\",
    ];
    const runs = [
      ...shapes.map((shape) => shape.repeat(200_000 / shape.length)),
      ...Object.values(LONG_RUNS).map((make) => make(100_000)),
    ];
    for (const run of runs) expect(secondsOf(run) / run.length / unit, run.slice(0, 8)).toBeLessThan(60);
  });
});

function secondsOf(text: string): number {
  const start = performance.now();
  factsIn(text);
  return (performance.now() - start) / 1_000;
}
