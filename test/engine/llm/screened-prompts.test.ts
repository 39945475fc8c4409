/** Credentials in the words for an LLM: they are neither sent nor stored, and what was sent can be made again all the same. */
import { afterEach, expect, test } from "vitest";
import { compress } from "../../../src/engine/compress/compress.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { expectCallsRebuilt } from "../../support/calls-rebuilt.ts";
import { workOn } from "../../support/compress.ts";
import { type Conversation, failed, openConversation } from "../../support/conversing.ts";

const TOKEN = `ghp_${"a1B2c3D4e5F6".repeat(3)}`;
let on: Conversation;
afterEach(async () => await on.close());

test.each(["redact", "reject"] as const)(
  "with the setting %s a token is replaced before it goes out",
  async (redaction) => {
    on = await openConversation({ store: "memory", settings: { redaction } });
    const made = await workOn(on.engine, 2);
    const request = {
      strategy: "llm",
      from: made[1],
      to: made[4],
      instructions: `Log in with ${TOKEN}.`,
    } as const;
    on.llm.script("", "Parts are fine.");
    expect((await failed(compress(on.engine, request))).code).toBe("llm-bad-response");
    expect((await compress(on.engine, request)).kind).toBe("compressed");
    expect(on.llm.requests).toHaveLength(2);
    expect(JSON.stringify(on.llm.requests)).not.toContain(TOKEN);
    const { rows } = await on.engine.store.scanContents(0, 1_000);
    expect(JSON.stringify([rows, await on.entries()])).not.toContain(TOKEN);
    expect(await expectCallsRebuilt(on.engine, on.llm)).toEqual({ compress: 2 });
    expect((await verify(on.engine)).problems).toEqual([]);
  },
);

test("without a screen the words go out as they are", async () => {
  on = await openConversation({ store: "memory" });
  const made = await workOn(on.engine, 2);
  on.llm.script("Parts are fine.");
  await compress(on.engine, {
    strategy: "llm",
    from: made[1],
    to: made[4],
    instructions: `Log in with ${TOKEN}.`,
  });
  expect(JSON.stringify(on.llm.requests)).toContain(TOKEN);
});
