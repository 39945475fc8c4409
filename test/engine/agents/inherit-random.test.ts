/** Whatever an agent's history holds, a child of it is sound: valid for every provider, within its budget, and the same context when whole. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import { compile } from "../../../src/engine/compile/compile.ts";
import { TractError } from "../../../src/engine/errors.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import type { CommitRequestItem } from "../../../src/engine/history/commit-items.ts";
import { log } from "../../../src/engine/history/log.ts";
import { expectSound, inChild, messagesOf } from "../../support/children.ts";
import { openTestEngine } from "../../support/engine.ts";

const priority = fc.constantFrom("skip", "normal", "important", "pinned") as fc.Arbitrary<
  "skip" | "normal" | "important" | "pinned"
>;
const callId = fc.constantFrom("1", "2", "3");
const messageId = fc.constantFrom(null, null, "m1", "m2");
const content = fc.oneof(
  fc.record({
    content_type: fc.constant("dialogue"),
    role: fc.constantFrom("user", "assistant", "system"),
    text: fc.lorem({ maxCount: 8 }),
    message_id: messageId,
  }),
  fc.record({
    content_type: fc.constant("tool_io"),
    tool_name: fc.constant("read"),
    direction: fc.constantFrom("call", "result"),
    payload: fc.lorem({ maxCount: 8 }),
    call_id: callId,
    message_id: messageId,
  }),
  fc.record({
    content_type: fc.constant("instruction"),
    text: fc.lorem({ maxCount: 4 }),
    name: fc.constantFrom(null, "style"),
  }),
);
const history = fc.array(fc.record({ content, priority: fc.option(priority, { nil: undefined }) }), {
  minLength: 1,
  maxLength: 14,
});
const request = fc.record({
  as: fc.constantFrom("branch" as const, "tract" as const),
  inherit: fc.constantFrom("head" as const, "full" as const),
  budgetTokens: fc.option(fc.integer({ min: 10, max: 200 }), { nil: undefined }),
  edited: fc.nat({ max: 13 }),
});

it("a child of any history is sound", async () => {
  const run = async (
    items: readonly CommitRequestItem[],
    asked: typeof request extends fc.Arbitrary<infer T> ? T : never,
  ) => {
    const { engine, close } = await openTestEngine({ store: "memory" });
    const { commits } = await commit(engine, { items });
    const target = commits[asked.edited % commits.length];
    const edit = { content: "as it was meant", editTarget: target?.hash };
    await commit(engine, { items: [edit] });
    await annotate(engine, { refs: [target?.hash ?? ""], addLabels: ["key"] });
    const { as, inherit } = asked;
    const budgetTokens = inherit === "head" ? asked.budgetTokens : undefined;
    const spawned = await spawn(engine, { purpose: "go", as, inherit, budgetTokens }).catch(
      (error: unknown) => {
        if (error instanceof TractError && error.code === "budget-too-small") return null;
        throw error;
      },
    );
    if (spawned !== null) {
      await expectSound(engine, spawned.child);
      const child = inChild(engine, spawned.child);
      expect((await compile(child, {})).tokenCount).toBe(spawned.tokens);
      if (spawned.warnings.length === 0)
        expect((await messagesOf(child)).slice(0, -1)).toEqual(await messagesOf(engine));
      const inherited = (await log(child)).entries.length - 1;
      if (budgetTokens !== undefined && inherited > 0)
        expect((await compile(child, { ref: "HEAD~1" })).tokenCount).toBeLessThanOrEqual(budgetTokens);
    }
    await close();
  };
  await fc.assert(
    fc.asyncProperty(history, request, async (items, asked) => await run(items, asked)),
    { numRuns: 60, seed: 7 },
  );
});
