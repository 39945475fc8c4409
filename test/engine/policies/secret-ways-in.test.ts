/** Credentials do not get into the store, by whichever way they come: redacted, or refused with nothing stored. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collapse } from "../../../src/engine/agents/collapse.ts";
import { send } from "../../../src/engine/agents/send.ts";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import { compress } from "../../../src/engine/compress/compress.ts";
import { chat } from "../../../src/engine/conversation/chat.ts";
import { generate } from "../../../src/engine/conversation/generate.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { annotate } from "../../../src/engine/history/annotate.ts";
import { createBranch } from "../../../src/engine/history/branch.ts";
import { commit } from "../../../src/engine/history/commit.ts";
import { recordTurn } from "../../../src/engine/history/record-turn.ts";
import { createTag, deleteTag } from "../../../src/engine/history/tag.ts";
import { undo } from "../../../src/engine/history/undo.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { configure } from "../../../src/engine/llm/configure.ts";
import { merge } from "../../../src/engine/merge/merge.ts";
import { reorganize } from "../../../src/engine/rewrite/reorganize.ts";
import { search } from "../../../src/engine/search/search.ts";
import { importTranscript } from "../../../src/engine/transcripts/import-transcript.ts";
import { inChild } from "../../support/children.ts";
import { FILLER } from "../../support/compress.ts";
import { type Conversation, failed, openConversation } from "../../support/conversing.ts";
import { say } from "../../support/history.ts";
import { plantedSecrets } from "../../support/planted-secrets.ts";

const [{ secret: SECRET, text: TEXT }] = plantedSecrets().filter(({ rule }) => rule === "github-token") as [
  ReturnType<typeof plantedSecrets>[number], // plantedSecrets has one of every rule.
];
const PLACEHOLDER = "[redacted:github-token]";

let on: Conversation;
const open = async (redaction: "off" | "redact" | "reject"): Promise<void> => {
  on = await openConversation({ settings: { redaction } });
};
afterEach(async () => await on.close());

/** The same store under another setting. */
function under(redaction: "off" | "redact" | "reject"): Engine {
  return { ...on.engine, settings: { ...on.engine.settings, redaction } };
}

async function expectAbsent(): Promise<void> {
  const files = await on.files();
  expect(files.length).toBeGreaterThan(0);
  for (const bytes of files) expect(bytes.includes(SECRET)).toBe(false);
}

type Way = (engine: Engine) => Promise<unknown>;

/** Both branches have edited the same commit. */
async function conflict(engine: Engine): Promise<string> {
  const target = await say(engine, "base");
  await createBranch(engine, { name: "topic" });
  await say(engine, "ours", { editTarget: target });
  await say(engine, "theirs", { editTarget: target, branch: "topic" });
  return target;
}

async function sayLong(engine: Engine): Promise<void> {
  for (const word of ["one", "two", "three"]) await say(engine, `${word}: ${FILLER.repeat(4)}`);
}

const call = { content_type: "tool_io", tool_name: "run", direction: "call", call_id: "c1" } as const;

/** What callers and LLMs write: each way alone holds the credential once. */
const GIVEN: Readonly<Record<string, Way>> = {
  "a commit": (engine) => commit(engine, { items: [{ content: TEXT }] }),
  "a commit in a batch": (engine) => commit(engine, { items: [{ content: "one" }, { content: TEXT }] }),
  "the message of a commit": (engine) => commit(engine, { items: [{ content: "x", message: TEXT }] }),
  "metadata, deep inside": (engine) =>
    commit(engine, { items: [{ content: "x", metadata: { a: [{ b: TEXT }] } }] }),
  "a key of metadata": (engine) => commit(engine, { items: [{ content: "x", metadata: { [SECRET]: 1 } }] }),
  "a label": (engine) => commit(engine, { items: [{ content: "x", labels: [SECRET] }] }),
  "a generation config": (engine) =>
    commit(engine, { items: [{ content: "x", generationConfig: { model: "m", note: TEXT } }] }),
  "a speaker's name": (engine) => commit(engine, { items: [{ content: "x", name: SECRET }] }),
  "an edit": async (engine) =>
    commit(engine, { items: [{ content: TEXT, editTarget: await say(engine, "before") }] }),
  "arguments of a tool call": (engine) =>
    commit(engine, { items: [{ content: { ...call, payload: { deep: { text: TEXT } } } }] }),
  "arguments in a JSON string": (engine) =>
    commit(engine, { items: [{ content: { ...call, payload: JSON.stringify({ text: TEXT }) } }] }),
  "session data": (engine) =>
    commit(engine, {
      items: [
        { content: { content_type: "session", session_type: "handoff", summary: "s", next_steps: [TEXT] } },
      ],
    }),
  "a freeform payload": (engine) =>
    commit(engine, { items: [{ content: { content_type: "freeform", payload: { x: [TEXT] } } }] }),
  "an artifact": (engine) =>
    commit(engine, {
      items: [{ content: { content_type: "artifact", artifact_type: "env", content: TEXT } }],
    }),
  "a turn": (engine) => recordTurn(engine, { userMessage: TEXT, response: "ok" }),
  "a turn without commits": (engine) =>
    recordTurn(engine, { userMessage: "x", response: TEXT, commit: false }),
  "what a user says in chat": (engine) => {
    on.llm.script("fine");
    return chat(engine, { text: TEXT });
  },
  "an import": (engine) =>
    importTranscript(engine, {
      text: JSON.stringify([
        { role: "user", content: TEXT },
        { role: "assistant", content: "ok" },
      ]),
    }),
  "a message to another worktree": (engine) => send(engine, { to: "default", content: TEXT }),
  "the purpose of a child": (engine) => spawn(engine, { purpose: TEXT }),
  "the purpose of a child in a tract": (engine) => spawn(engine, { purpose: TEXT, as: "tract" }),
  "a summary by hand": async (engine) => {
    await sayLong(engine);
    return await compress(engine, { summary: TEXT, from: "HEAD~2", to: "HEAD~1" });
  },
  "the text of a plan": async (engine) => {
    await sayLong(engine);
    const plan = await compress(engine, { strategy: "agent", from: "HEAD~2", to: "HEAD~1" });
    const planId = plan.kind === "planned" ? (plan.plan.planId ?? "") : "";
    return await compress(engine, { planId, summary: TEXT });
  },
  "the result of a child": async (engine) => {
    const { child } = await spawn(engine, { purpose: "work" });
    await say(inChild(engine, child), "done", { role: "assistant" });
    return await collapse(engine, { child: child.worktree, summary: TEXT });
  },
  "a resolution of a merge": async (engine) => {
    const target = await conflict(engine);
    return await merge(engine, { source: "topic", resolutions: [{ target, content: TEXT }] });
  },
  "the message of a merge": async (engine) => {
    await say(engine, "base");
    await createBranch(engine, { name: "topic" });
    await say(engine, "ours");
    await say(engine, "theirs", { branch: "topic" });
    return await merge(engine, { source: "topic", message: TEXT });
  },
  "what a run is squashed to": async (engine) => {
    const first = await say(engine, "one");
    const second = await say(engine, "two");
    return await reorganize(engine, { squash: [{ refs: [first, second], content: TEXT }] });
  },
  "a commit that is reworded": async (engine) => {
    const ref = await say(engine, "one");
    return await reorganize(engine, { reword: [{ ref, message: TEXT }] });
  },
  "the note of a tag": (engine) => createTag(engine, { name: "v1", note: TEXT }),
  "the reason of an annotation": (engine) =>
    annotate(engine, { refs: ["HEAD"], priority: "pinned", reason: TEXT }),
  "what must be retained": (engine) =>
    annotate(engine, { refs: ["HEAD"], retain: { patterns: [SECRET], mode: "substring" } }),
  "a label given later": (engine) => annotate(engine, { refs: ["HEAD"], addLabels: [SECRET] }),
  "a kept config": (engine) => configure(engine, { set: { extra: { note: TEXT } } }),
};

describe("with redact", () => {
  beforeEach(async () => {
    await open("redact");
    await say(on.engine, "first");
  });

  it.each(Object.entries(GIVEN))("%s is stored with a placeholder", async (_way, act) => {
    const result = await act(on.engine);
    await search(on.engine, { query: "redacted value" });
    await expectAbsent();
    expect((await verify(on.engine)).problems).toEqual([]);
    const [entry] = await on.entries("POLICY");
    expect(entry).toMatchObject({
      decision: "REDACTED",
      metadata: { kind: "secret-scan", rules: { "github-token": expect.any(Number) } },
    });
    const { warnings } = result as { readonly warnings?: readonly string[] }; // Every result of a write but an import's has them.
    if (warnings !== undefined) expect(warnings.join()).toContain("(github-token)");
  });

  it("an LLM's reply and its tool calls are stored with placeholders", async () => {
    on.llm.script({ text: TEXT, toolCalls: [{ name: "run", arguments: JSON.stringify({ text: TEXT }) }] });
    const reply = await generate(on.engine, {});
    await expectAbsent();
    expect(reply.warnings.join()).toContain("2 credentials (github-token)");
    expect((await verify(on.engine)).problems).toEqual([]);
  });

  it("a placeholder keeps what stands around it, and is the same each time", async () => {
    const first = await say(on.engine, TEXT);
    const { commit: made, body } = (await on.engine.store.readChain("test", first))?.at(-1) ?? {};
    expect(body).toContain(TEXT.replace(SECRET, PLACEHOLDER));
    expect(made?.message).toContain(PLACEHOLDER.slice(0, 10));
    const again = await commit(on.engine, { items: [{ content: TEXT }] });
    expect(again.commits[0]?.contentHash).toBe(made?.contentHash);
  });

  it("a transcript is known again when it is imported a second time", async () => {
    const text = JSON.stringify([{ role: "user", content: TEXT }]);
    expect((await importTranscript(on.engine, { text })).imported).toBe(1);
    expect((await importTranscript(on.engine, { text })).imported).toBe(0);
  });

  it("names are refused, as nothing can take their place", async () => {
    for (const act of [
      () => createBranch(on.engine, { name: SECRET }),
      () => createTag(on.engine, { name: SECRET }),
      () => commit(on.engine, { items: [{ content: "x" }], idempotencyKey: SECRET }),
    ])
      expect((await failed(act())).code).toBe("invalid-content");
    await expectAbsent();
  });
});

describe("with reject", () => {
  beforeEach(async () => {
    await open("reject");
    await say(on.engine, "first");
  });

  it.each(Object.entries(GIVEN))("%s is refused", async (_way, act) => {
    const error = await failed(act(on.engine) as Promise<unknown>);
    expect(error).toMatchObject({
      code: "invalid-content",
      data: { rule: "github-token", path: expect.any(String) },
    });
    expect(JSON.stringify([error.message, error.hint, error.data])).not.toContain(SECRET);
    await expectAbsent();
    const [entry] = (await on.entries("POLICY")).slice(-1);
    expect(entry).toMatchObject({
      decision: "REFUSED",
      metadata: { kind: "secret-scan", rules: { "github-token": 1 } },
    });
    expect((await verify(on.engine)).problems).toEqual([]);
  });

  it("an LLM's reply is refused, and its call is noted", async () => {
    on.llm.script(TEXT);
    expect((await failed(generate(on.engine, {}))).code).toBe("llm-bad-response");
    await expectAbsent();
    expect(await on.entries("LLM_CALL")).toHaveLength(1);
  });

  it("nothing of a batch is stored, and no tract is made", async () => {
    const elsewhere = { ...on.engine, scope: { ...on.engine.scope, tract: "other" } };
    await failed(commit(elsewhere, { items: [{ content: "one" }, { content: TEXT }] }));
    expect(await on.engine.store.findTract("other")).toBeNull();
  });
});

describe.each(["redact", "reject"] as const)("what was stored before %s was set", (action) => {
  beforeEach(async () => await open("off"));

  it("can be copied, spawned, merged and squashed, as it is or redacted, but never anew", async () => {
    const old = await say(on.engine, TEXT, { message: TEXT });
    const second = await say(on.engine, "second");
    const engine = under(action);
    const moved = await reorganize(engine, { order: [second, old] });
    expect(moved.mapping).toHaveLength(2);
    const copy = await on.engine.store.readCommits("test", [moved.head as never]); // A head is a hash.
    expect(copy[0]?.message).toBe(TEXT);
    await spawn(engine, { purpose: "work" });
    await spawn(engine, { purpose: "work apart", as: "tract" });
    await createBranch(engine, { name: "topic" });
    await say(engine, "ours");
    await say(engine, "theirs", { branch: "topic" });
    await merge(engine, { source: "topic" });
    expect((await verify(engine)).problems).toEqual([]);
    expect((await failed(commit(under("reject"), { items: [{ content: TEXT }] }))).code).toBe(
      "invalid-content",
    );
  });

  it("comes back with undo, names too", async () => {
    await say(on.engine, "first");
    await createTag(on.engine, { name: SECRET });
    const engine = under(action);
    await deleteTag(engine, { name: SECRET });
    await undo(engine, {});
    expect(await engine.store.readRef("test", "tag", SECRET)).not.toBeNull();
  });

  it("is redacted in what Tract makes of it", async () => {
    const first = await say(on.engine, TEXT);
    const second = await say(on.engine, `And again: ${TEXT}`);
    await say(on.engine, "go on");
    const engine = under(action);
    const { head } = await reorganize(engine, { squash: [{ refs: [first, second] }] });
    const chain = await on.engine.store.readChain("test", head as never); // A head is a hash.
    expect(chain?.at(-2)?.body).toContain(PLACEHOLDER);
    expect(chain?.at(-2)?.body).not.toContain(SECRET);
  });
});

describe("off", () => {
  it("leaves every text as it is", async () => {
    await open("off");
    const { commits, warnings } = await commit(on.engine, { items: [{ content: TEXT, message: TEXT }] });
    expect(commits[0]?.message).toBe(TEXT);
    expect(warnings).toEqual([]);
    expect(await on.entries("POLICY")).toEqual([]);
  });
});
