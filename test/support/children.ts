/** What tests of spawned children share: the child's own engine, its messages, and that everything it compiles to is valid. */
import { expect } from "vitest";
import { compile } from "../../src/engine/compile/compile.ts";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import type { ChildPlace } from "../../src/engine/history/spawn-link.ts";
import { verify } from "../../src/engine/ledger/verify.ts";
import { anthropicProblems } from "./anthropic-rules.ts";
import { openAiProblems } from "./openai-rules.ts";

/** The engine as the child's agent has it: an unknown worktree would be refused. */
export function inChild(engine: Engine, { tract, worktree }: ChildPlace): Engine {
  return withScope(engine, { tract, worktree, createWorktree: false });
}

/** `role: text` of each message. */
export async function messagesOf(engine: Engine): Promise<readonly string[]> {
  const context = await compile(engine, {});
  return context.toDicts().map(({ role, content }) => `${role}: ${content}`);
}

/** Expects a context that both providers take, and tracts in which nothing is wrong. */
export async function expectSound(engine: Engine, child: ChildPlace): Promise<void> {
  const own = inChild(engine, child);
  const context = await compile(own, {});
  expect(anthropicProblems(context.toAnthropic())).toEqual([]);
  expect(openAiProblems(context.toOpenAI())).toEqual([]);
  expect((await verify(own)).problems).toEqual([]);
  expect((await verify(engine)).problems).toEqual([]);
}
