/** Texts that only the ledger keeps: gc leaves them, query_ledger shows them afterwards, and verify says when one is gone. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compress } from "../../../src/engine/compress/compress.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { gc } from "../../../src/engine/gc/gc.ts";
import { createBranch, deleteBranch } from "../../../src/engine/history/branch.ts";
import { checkout } from "../../../src/engine/history/checkout.ts";
import { recordTurn } from "../../../src/engine/history/record-turn.ts";
import { queryLedger } from "../../../src/engine/ledger/query-ledger.ts";
import { GONE_TEXT } from "../../../src/engine/ledger/shown-texts.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import type { Hash } from "../../../src/storage/records.ts";
import { expectCallsRebuilt } from "../../support/calls-rebuilt.ts";
import { workOn } from "../../support/compress.ts";
import { type Conversation, failed, openConversation } from "../../support/conversing.ts";
import { say } from "../../support/history.ts";

describe.each(["sqlite", "memory"] as const)("texts of the ledger (%s)", (store) => {
  let on: Conversation;
  beforeEach(async () => {
    on = await openConversation({ store });
    await say(on.engine, "first");
  });
  afterEach(async () => await on.close());

  /** On a branch that is gone then, together with everything that only it led to. */
  async function elsewhere<Result>(act: () => Promise<Result>): Promise<Result> {
    await createBranch(on.engine, { name: "attempt", switch: true });
    const result = await act();
    await checkout(on.engine, { ref: "main" });
    await deleteBranch(on.engine, { name: "attempt", force: true });
    await say(on.engine, "last");
    return result;
  }

  async function collect(): Promise<{ readonly commits: number; readonly contents: number }> {
    const { removed } = await gc(on.engine, { dryRun: false, olderThanDays: 0, keepOperationsDays: 0 });
    return removed;
  }

  /** The same store without some contents. */
  function without(...hidden: readonly unknown[]): Engine {
    const emptied = new Proxy(on.engine.store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (name === "readContents")
          return async (hashes: readonly Hash[]) =>
            await target.readContents(hashes.filter((hash) => !hidden.includes(hash)));
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    return { ...on.engine, store: emptied };
  }

  async function turns(engine: Engine = on.engine) {
    const { entries } = await queryLedger(engine, {
      eventType: "TURN_RECORDED",
      metadata: "full",
      order: "asc",
    });
    return entries.map(({ metadata }) => [metadata?.user_message, metadata?.response]);
  }

  it("stay when they are those of a turn without commits, and go with the commits of a turn", async () => {
    const kept = { userMessage: "Where is it?", response: "Over there.", commit: false };
    await elsewhere(async () => {
      await recordTurn(on.engine, kept);
      await say(on.engine, kept.userMessage);
      await say(on.engine, kept.response, { role: "assistant" });
      await recordTurn(on.engine, { userMessage: "Lost?", response: "Lost." });
    });
    expect(await collect()).toMatchObject({ commits: 4, contents: 2 });
    expect(await turns()).toEqual([
      ["Where is it?", "Over there."],
      [GONE_TEXT, GONE_TEXT],
    ]);
    expect((await verify(on.engine)).problems).toEqual([]);
  });

  it("are missed by verify when a turn without commits has lost them", async () => {
    await recordTurn(on.engine, { userMessage: "Where?", response: "There.", commit: false });
    const [turn] = await on.entries("TURN_RECORDED");
    const { response } = turn?.metadata ?? {};
    expect((await verify(without(response))).problems).toMatchObject([
      { kind: "content", what: "missing", hash: response, sequence: turn?.sequence },
    ]);
    expect(await turns(without(response))).toEqual([["Where?", GONE_TEXT]]);
  });

  it("are a failed call's prompt for good: all that it quotes stays, although the messages go", async () => {
    await elsewhere(async () => {
      const made = await workOn(on.engine, 3);
      on.llm.script("");
      const request = { strategy: "llm", from: made[1], to: made[8], instructions: "Be short." } as const;
      expect((await failed(compress(on.engine, request))).code).toBe("llm-bad-response");
    });
    expect(await expectCallsRebuilt(on.engine, on.llm)).toEqual({ compress: 1 });
    // Of thirteen messages the prompt shows eight.
    expect(await collect()).toMatchObject({ commits: 13, contents: 5 });
    expect(await expectCallsRebuilt(on.engine, on.llm)).toEqual({ compress: 1 });
    expect((await verify(on.engine)).problems).toEqual([]);
  });

  it("are a prompt that verify misses, as a whole or in part, or finds to be another", async () => {
    const made = await workOn(on.engine, 2);
    on.llm.script("Parts are fine.");
    await compress(on.engine, { strategy: "llm", from: made[1], to: made[4] });
    const [call] = await on.entries("LLM_CALL");
    const [source] = await on.engine.store.readCommits("test", [made[1] ?? ("" as Hash)]);
    const sequence = call?.sequence;
    const prompt: unknown = call?.metadata.prompt;
    for (const hash of [prompt, source?.contentHash]) {
      const { problems } = await verify(without(hash));
      expect(problems).toContainEqual(
        expect.objectContaining({ kind: "content", what: "missing", hash, sequence }),
      );
      const shown = await queryLedger(without(hash), { eventType: "LLM_CALL", metadata: "full" });
      expect(shown.entries[0]?.metadata?.messages).toBe(GONE_TEXT);
    }
    const swapped = new Proxy(on.engine.store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (name === "readContents")
          return async (hashes: readonly Hash[]) =>
            (await target.readContents(hashes)).map((content) =>
              content.hash === prompt
                ? { ...content, body: content.body.replace("Summarise", "Praise") }
                : content,
            );
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    expect((await verify({ ...on.engine, store: swapped })).problems).toMatchObject([
      { kind: "ledger", what: "changed", field: "digest", sequence },
    ]);
  });

  it("are named in the ledger in bounded numbers, whatever the prompt shows", async () => {
    const made = await workOn(on.engine, 30);
    on.llm.script("All parts are fine.");
    await compress(on.engine, { strategy: "llm", from: made[1], to: made.at(-1) });
    const [call] = await on.entries("LLM_CALL");
    expect(call?.metadata).toMatchObject({ input_count: 120, input_commits: made.slice(1, 21) });
    expect(JSON.stringify(call).length).toBeLessThan(3_000);
    expect(JSON.stringify(call)).not.toContain("part 3");
    const [recipe] = await on.engine.store.readContents([call?.metadata.prompt as Hash]);
    expect(JSON.parse(recipe?.body ?? "{}").payload.inputs).toEqual(made.slice(1));
    // The texts themselves are stored once: the recipe names them.
    expect(recipe?.body).not.toContain("what about part 3");
    expect(await expectCallsRebuilt(on.engine, on.llm)).toEqual({ compress: 1 });
  });
});
