/** How a draft grows: what is sealed, what makes it start anew, and that both give the same (spec 2.8). */
import { describe, expect, it } from "vitest";
import { type Draft, growDraft } from "../../../src/engine/compile/draft.ts";
import { kitOf } from "../../../src/engine/compile/kit.ts";
import { segmentsOf } from "../../../src/engine/compile/segment.ts";
import {
  ChainBuilder,
  contextOf,
  counter,
  draftOf,
  newestOf,
  optionsOf,
} from "../../support/chain-builder.ts";

const options = optionsOf();
const kit = kitOf(counter);

function talk(messages: number): ChainBuilder {
  const history = new ChainBuilder();
  for (let i = 0; i < messages; i++) history.say(i % 2 === 0 ? "user" : "assistant", `message ${i}`);
  return history;
}

/** The draft after an act, grown from the one before it. */
function grow(draft: Draft, history: ChainBuilder, act: () => void): Draft | null {
  const rows = history.rows.length;
  const annotations = history.annotations.length;
  act();
  const news = {
    head: history.head,
    chain: history.rows.slice(rows),
    annotationSequence: history.annotations.length,
    annotations: history.annotations.slice(annotations),
    newest: newestOf(history.annotations),
  };
  return growDraft(draft, news, options, kit);
}

function expectSame(draft: Draft | null, history: ChainBuilder): void {
  if (draft === null) throw new Error("the draft did not grow");
  for (const format of ["openai", "anthropic"] as const)
    expect(JSON.stringify(contextOf(draft, { ...options, format }))).toBe(
      JSON.stringify(contextOf(draftOf(history), { ...options, format })),
    );
}

describe("a draft", () => {
  it("shares what is sealed with the drafts that grow from it, in few parts", () => {
    const history = talk(300);
    let draft = draftOf(history);
    const first = segmentsOf(draft.sealed)[0];
    for (let i = 0; i < 120; i++) draft = grow(draft, history, () => history.user(`more ${i}`)) ?? draft;
    expect(draft.sealed?.unitCount).toBeGreaterThan(370);
    expect(segmentsOf(draft.sealed)[0] === first).toBe(true);
    expect(segmentsOf(draft.sealed).length).toBeLessThan(8);
    expect(draft.units.length).toBeLessThan(40);
    expectSame(draft, history);
  });

  it("does not tear the text of a message from its call while the result is still to come", () => {
    const history = talk(60);
    history.say("assistant", "let me see", "m1");
    history.call("1", "read", "a", "m1");
    for (let i = 0; i < 40; i++) history.user(`waiting ${i}`);
    const draft = draftOf(history);
    expect(draft.sealed?.unitCount).toBe(60);
    expectSame(
      grow(draft, history, () => history.result("1", "read", "A")),
      history,
    );
  });

  it("starts anew when the result of a call comes so late that the call is sealed", () => {
    const history = talk(40);
    history.call("1", "read", "a");
    for (let i = 0; i < 120; i++) history.user(`waiting ${i}`);
    const draft = draftOf(history);
    expect(draft.sealed?.unitCount).toBeGreaterThan(100);
    expect(grow(draft, history, () => history.result("1", "read", "A"))).toBeNull();
  });

  it("starts anew for an edit, an annotation and a repeated name that reach what is sealed, and only then", () => {
    const history = talk(100);
    const rule = history.rule("style", "be long");
    for (let i = 0; i < 60; i++) history.user(`more ${i}`);
    const draft = draftOf(history);
    const old = history.rows[3]?.commit.hash ?? rule;
    expect(grow(draft, history, () => history.user("other", { edits: old }))).toBeNull();
    expect(grow(draftOf(history), history, () => history.annotate(old, "pinned"))).toBeNull();
    expect(grow(draftOf(history), history, () => history.rule("style", "be short"))).toBeNull();
    const recent = history.user("recent");
    const now = draftOf(history);
    const pinned = grow(now, history, () => history.annotate(recent, "pinned"));
    expectSame(pinned, history);
    expectSame(
      grow(pinned ?? now, history, () => history.user("edited", { edits: recent })),
      history,
    );
    expectSame(
      grow(draftOf(history), history, () => history.rule("tone", "be kind")),
      history,
    );
  });

  it("knows an annotation that was there before its commit was", () => {
    const history = talk(50);
    const other = new ChainBuilder();
    other.rows.push(...history.rows);
    other.head = history.head;
    const coming = other.user("from another branch");
    history.annotate(coming, "skip");
    const draft = draftOf(history);
    const row = other.rows.at(-1);
    const grown = grow(draft, history, () => {
      if (row !== undefined) history.rows.push(row);
      history.head = coming;
    });
    expectSame(grown, history);
    expect(grown?.entries.at(-1)?.out).toBe("skip");
  });

  it("gives repeated call ids the same suffixes grown as cold", () => {
    const history = new ChainBuilder();
    const exchange = (): void => {
      history.call("call_1", "read", "a");
      history.result("call_1", "read", "A");
    };
    for (let i = 0; i < 60; i++) exchange();
    const draft = draftOf(history);
    expect(draft.sealed).not.toBeNull();
    expectSame(grow(draft, history, exchange), history);
  });
});
