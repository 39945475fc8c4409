/** Strategy dedupe: which results a newer one makes needless, and which not (spec 3.5). */
import { describe, expect, it } from "vitest";
import { protectionBy } from "../../../src/engine/compress/retain-rules.ts";
import { dedupeResults } from "../../../src/engine/compress/strategies/dedupe.ts";
import type { Hash, Json } from "../../../src/storage/records.ts";
import { ChainBuilder, draftOf } from "../../support/chain-builder.ts";
import { count, unitsOf } from "./units.ts";

const LONG = "a line of a file that is read more than once\n".repeat(10);

/** A history of tool calls; each gets its result at once. */
class Session {
  readonly history = new ChainBuilder();
  #calls = 0;

  ask(tool: string, given: Json, answer: string, status?: "success" | "error"): Hash {
    const id = `c${this.#calls++}`;
    this.history.call(id, tool, given);
    return this.history.result(id, tool, answer, status === undefined ? {} : { status });
  }

  /** What becomes of each result that is replaced: `same` or `superseded`, and by which commit. */
  dedupe(): readonly (readonly [Hash, string, string])[] {
    const isProtected = protectionBy(draftOf(this.history).annotations);
    return dedupeResults(unitsOf(this.history), { isProtected, count }).map(({ target, content }) => {
      const [, how = "", by = ""] =
        /; (same as|superseded by) ([0-9a-f]{12}); show [0-9a-f]{12}\]$/.exec(String(content.payload)) ?? [];
      return [target, how, by];
    });
  }
}

const short = (hash: Hash): string => hash.slice(0, 12);

describe("of results", () => {
  it("that are equal the newest stays, and the others name it", () => {
    const session = new Session();
    const [one, two, three] = [1, 2, 3].map(() => session.ask("read", { path: "a.ts" }, LONG)) as [
      Hash,
      Hash,
      Hash,
    ];
    expect(session.dedupe()).toEqual([
      [one, "same as", short(three)],
      [two, "same as", short(three)],
    ]);
  });

  it("of the same question with another answer the newest stays", () => {
    const session = new Session();
    const old = session.ask("read", { path: "a.ts" }, `old ${LONG}`);
    const same = session.ask("read", { path: "b.ts" }, LONG);
    const again = session.ask("read", { path: "a.ts" }, `new ${LONG}`);
    const last = session.ask("read", { path: "b.ts" }, LONG);
    expect(session.dedupe()).toEqual([
      [old, "superseded by", short(again)],
      [same, "same as", short(last)],
    ]);
  });

  it("arguments are compared as data where they are JSON", () => {
    const session = new Session();
    const old = session.ask("read", '{"path": "a.ts", "limit": 5}', LONG);
    const again = session.ask("read", { limit: 5, path: "a.ts" }, LONG);
    expect(session.dedupe()).toEqual([[old, "same as", short(again)]]);
  });

  it("of parts of a file one of the whole file is enough", () => {
    const session = new Session();
    const part = session.ask("read", { path: "a.ts", offset: 5, limit: 2 }, LONG);
    const whole = session.ask("read", { path: "a.ts" }, LONG.repeat(2));
    expect(session.dedupe()).toEqual([[part, "superseded by", short(whole)]]);
  });
});

describe("leaves", () => {
  it.each<[string, (session: Session) => void]>([
    [
      "different questions",
      (session) => {
        session.ask("read", { path: "a.ts" }, LONG);
        session.ask("read", { path: "b.ts" }, LONG);
        session.ask("cat", { path: "a.ts" }, LONG);
      },
    ],
    [
      "a whole file that is followed by a part",
      (session) => {
        session.ask("read", { path: "a.ts" }, LONG);
        session.ask("read", { path: "a.ts", offset: 100 }, `x ${LONG}`);
      },
    ],
    [
      "two parts of a file",
      (session) => {
        session.ask("read", { path: "a.ts", offset: 1 }, LONG);
        session.ask("read", { path: "a.ts", offset: 100 }, `x ${LONG}`);
      },
    ],
    [
      "a part that is longer than what claims to be the whole",
      (session) => {
        session.ask("read", { path: "a.ts", offset: 5_000 }, LONG.repeat(3));
        session.ask("read", { path: "a.ts" }, LONG);
      },
    ],
    [
      "pages of a search",
      (session) => {
        session.ask("search", { query: "x", start: 10 }, LONG);
        session.ask("search", { query: "x" }, `x ${LONG}`);
      },
    ],
    [
      "an answer that a failure follows",
      (session) => {
        session.ask("read", { path: "a.ts" }, LONG, "success");
        session.ask("read", { path: "a.ts" }, `Error: gone\n${LONG}`, "error");
      },
    ],
    [
      "other answers of a tool that is asked nothing in particular",
      (session) => {
        for (const given of [{}, "", "{}", " "])
          session.ask("scroll_down", given, `${JSON.stringify(given)} ${LONG}`);
      },
    ],
    [
      "results shorter than a receipt",
      (session) => {
        session.ask("read", { path: "a.ts" }, "ok");
        session.ask("read", { path: "a.ts" }, "ok");
      },
    ],
    [
      "what is protected",
      (session) => {
        session.history.annotate(session.ask("read", { path: "a.ts" }, LONG), "important");
        session.ask("read", { path: "a.ts" }, LONG);
      },
    ],
    ["an empty history", () => {}],
  ])("%s", (_, play) => {
    const session = new Session();
    play(session);
    expect(session.dedupe()).toEqual([]);
  });
});

describe("also", () => {
  it("an earlier failure is superseded by an answer, and its receipt keeps the message", () => {
    const session = new Session();
    const failed = session.ask("run", { command: "npm test" }, `Error: 3 failed\n${LONG}`, "error");
    session.ask("run", { command: "npm test" }, `fine\n${LONG}`, "success");
    const [edit] = dedupeResults(unitsOf(session.history), { isProtected: () => false, count });
    expect(edit?.target).toBe(failed);
    expect(edit?.content.payload).toContain("Error: 3 failed");
  });

  it("equal answers of a tool that is asked nothing are one", () => {
    const session = new Session();
    const first = session.ask("git_status", {}, LONG);
    const last = session.ask("git_status", {}, LONG);
    expect(session.dedupe()).toEqual([[first, "same as", short(last)]]);
  });

  it("nothing is left to do after its edits", () => {
    const session = new Session();
    for (let time = 0; time < 4; time++) session.ask("read", { path: "a.ts" }, `${time % 2} ${LONG}`);
    const edits = dedupeResults(unitsOf(session.history), { isProtected: () => false, count });
    expect(edits).toHaveLength(3);
    for (const { content, target } of edits) session.history.commit(content, { edits: target });
    expect(session.dedupe()).toEqual([]);
  });

  it("hostile names and arguments stay apart", () => {
    const session = new Session();
    session.ask('read" "x', "y", LONG);
    session.ask("read", '"x" y', LONG);
    session.ask("__proto__", '{"__proto__":{"a":1}}', LONG);
    session.ask("constructor", "{".repeat(100_000), LONG);
    expect(session.dedupe()).toEqual([]);
  });
});
