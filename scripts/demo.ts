/** Plays an agent's working day against a real Tract server: `npm run demo`. Exits with 0 only when everything worked. */
import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { converse } from "./demo/converse.ts";
import { bringBack, makeRoom } from "./demo/make-room.ts";
import { mergeBack } from "./demo/merge-back.ts";
import {
  bar,
  cut,
  emphasis,
  fact,
  good,
  heading,
  line,
  marked,
  number,
  shortHash,
  title,
} from "./demo/page.ts";
import type {
  Branches,
  Commits,
  Compiled,
  Entries,
  Explained,
  Hits,
  Imported,
  Message,
  Status,
  Verified,
} from "./demo/results.ts";
import { openTractSession, type TractSession } from "./demo/tract-session.ts";
import { watch } from "./demo/watch.ts";

type Call = TractSession["call"];

const TRANSCRIPT = "examples/fix-flaky-test.json";
/** What the user of the transcript insisted on; found by searching, as an agent would. */
const RULES = ["test retries, longer timeouts", "billing imports Dispatcher, nothing public may change"];

const startedAt = performance.now();
title("Tract: a day in the context of a coding agent, with version control");
const session = await openTractSession();
try {
  await playDay(session);
} finally {
  await session.close();
}
sayWhatNext();

async function playDay(session: TractSession): Promise<void> {
  const { call, tools, serverVersion } = session;
  good(
    `Tract ${serverVersion} runs as a process of its own; the official MCP client sees ${tools.length} tools`,
  );
  const systemPrompt = await importDay(call);
  const pins = await pinRules(call, systemPrompt);
  await tryIdea(call);
  await mergeBack(session);
  await bringBack(session, await makeRoom(session));
  await compileUnderBudgets(call, pins);
  await findAgain(call);
  await takeBack(call);
  await converse(session);
  await watch(session);
  await audit(call);
}

/** Gives the hash of the system prompt. */
async function importDay(call: Call): Promise<string> {
  heading(
    "Import what an agent did",
    "OpenAI chat lists, SWE-agent runs and tau-bench results become commits: immutable, hashed, searchable.",
  );
  const source: readonly Message[] = JSON.parse(
    await readFile(new URL(`../${TRANSCRIPT}`, import.meta.url), "utf8"),
  );
  const imported = await call<Imported>("import_transcript", { path: TRANSCRIPT, branch: "main" });
  fact("file", `${TRANSCRIPT}, ${source.length} messages: an agent hunts a flaky test`);
  fact("imported", `${imported.imported} commits: the text of a message and each of its tool calls`);
  fact("accounted for", `${imported.repaired.length} repaired, ${imported.skipped.length} skipped`);
  const status = await call<Status>("status");
  fact("status", `on ${emphasis(status.branch)}, ${number(status.tokens)} tokens of context`);
  const whole = await call<Compiled>("compile", { format: "openai", budget_tokens: 1_000_000 });
  assert.deepEqual(whole.messages, source);
  good("Compiled in the openai format it equals the file: every message, every argument byte for byte");
  const [systemPrompt] = whole.commit_hashes[0] ?? [];
  assert(systemPrompt, "the first message is the system prompt");
  return systemPrompt;
}

async function pinRules(call: Call, systemPrompt: string): Promise<readonly string[]> {
  heading(
    "Pin what must never be forgotten",
    "Long work loses its rules first. What is pinned stands in every compiled context, however small.",
  );
  const pins = [systemPrompt];
  for (const query of RULES) {
    const { hits } = await call<Hits>("search", { query, role: "user", limit: 1 });
    const [rule] = hits;
    assert(rule, `search finds the rule "${query}"`);
    pins.push(rule.hash);
    line(`${shortHash(rule.hash)} ${marked(rule.snippet)}`);
  }
  await call("annotate", { refs: pins, priority: "pinned", reason: "standing rules of the team" });
  good(`${pins.length} commits pinned: the system prompt and what the user insisted on`);
  return pins;
}

async function tryIdea(call: Call): Promise<void> {
  heading(
    "Try an idea on a branch",
    "An experiment costs a name. main stays as it is, and nothing is ever lost.",
  );
  await call("branch", { action: "create", name: "lane-metric", switch: true });
  const { commits } = await call<Commits>("commit", {
    items: [
      { role: "user", content: "How would we notice a lane that is held back for hours?" },
      {
        role: "assistant",
        content: "A gauge per endpoint: seconds since its oldest unfinished event was due. Alert above 900.",
        labels: ["idea"],
        generation_config: { model: "demo-model", temperature: 0 },
      },
    ],
  });
  for (const { hash, message } of commits) line(`${shortHash(hash)} ${cut(message, 80)}`);
  const { branches } = await call<Branches>("branch", { action: "list" });
  for (const { name, current, ahead, behind } of branches) {
    fact(name, current ? "you are here" : `${ahead} ahead, ${behind} behind`);
  }
  assert.deepEqual(branches.map(({ name }) => name).sort(), ["lane-metric", "main"]);
}

async function compileUnderBudgets(call: Call, pins: readonly string[]): Promise<void> {
  heading(
    "Compile for the model, inside a budget",
    "The budget is a ceiling. Pinned first, then the newest; a call never loses its result.",
  );
  for (const { format, budget } of [
    { format: "openai", budget: 8_000 },
    { format: "anthropic", budget: 2_500 },
  ]) {
    const compiled = await call<Compiled>("compile", { format, budget_tokens: budget });
    assert(compiled.token_count <= budget, "the budget is kept");
    for (const pin of pins) {
      const { explanation } = await call<Explained>("compile", {
        format,
        budget_tokens: budget,
        explain: pin,
      });
      assert(explanation.included, `pinned, so it is in: ${explanation.reason}`);
    }
    fact(
      format,
      `${bar(compiled.token_count, budget)} ${number(compiled.token_count)} of ${number(budget)} tokens`,
    );
    fact("kept", `${compiled.messages.length} messages, all that is pinned among them`);
    for (const stub of stubsOf(compiled)) fact("left out", stub);
    if (format === "anthropic") showBeginning(compiled);
  }
  good("Each gap says how to read what was left out");
}

/** The first messages as the model gets them. */
function showBeginning({ system, messages }: Compiled): void {
  if (system) fact("system", cut(system, 90));
  for (const { role, content } of messages.slice(0, 4)) {
    const text =
      typeof content === "string"
        ? content
        : content.map(({ text, type }) => text ?? `[${type.replace("_", " ")}]`).join(" ");
    fact(role, cut(text, 90));
  }
}

/** The lines that stand for what a budget left out. */
function stubsOf({ messages }: Compiled): readonly string[] {
  return (
    JSON.stringify(messages).match(/\[[\d,]+ messages?, [\d,]+ tokens? left out: show [0-9a-f.]+\]/g) ?? []
  );
}

async function findAgain(call: Call): Promise<void> {
  heading(
    "Find what fell out of the window",
    "Left out is not gone: full text over the whole history, with the messages around each hit.",
  );
  for (const query of [
    "why one lane per endpoint and no global queue",
    "how slow is takeDue without the index",
  ]) {
    const { hits } = await call<Hits>("search", { query, limit: 2 });
    assert(hits.length > 0, `search finds "${query}"`);
    line(emphasis(query));
    for (const { hash, role, snippet } of hits)
      line(`  ${shortHash(hash)} ${(role ?? "").padEnd(9)} ${marked(snippet)}`);
  }
}

async function takeBack(call: Call): Promise<void> {
  heading(
    "Undo a mistake",
    "Every change is one operation and can be taken back, also by another agent, also later.",
  );
  const before = await call<Status>("status");
  const { commits } = await call<Commits>("commit", {
    role: "assistant",
    content: "Set retry: 3 in vitest.config.ts; CI is green.",
  });
  line(
    `${shortHash(commits[0]?.hash ?? "")} ${cut(commits[0]?.message ?? "", 80)}   ← breaks the first rule`,
  );
  await call("undo");
  const after = await call<Status>("status");
  assert.deepEqual([after.head, after.tokens], [before.head, before.tokens]);
  good(
    `undo: ${after.branch} is back at ${shortHash(after.head)} with ${number(after.tokens)} tokens, as before`,
  );
}

async function audit(call: Call): Promise<void> {
  heading(
    "Ask what happened",
    "A hash-chained ledger keeps who did what; verify recomputes every hash in the store.",
  );
  const { entries } = await call<Entries>("query_ledger", { limit: 16 });
  for (const { seq, event_type, reason } of entries.toReversed())
    fact(`${seq} ${event_type}`.padEnd(17), cut(reason, 80));
  const { ok, checked } = await call<Verified>("verify");
  assert(ok, "verify finds nothing wrong");
  good(
    `verify: ${checked.commits} commits, ${checked.contents} contents, ${checked.ledger} ledger entries, all intact`,
  );
}

function sayWhatNext(): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  heading("Use it", `That took ${seconds} s, and the demo's store is removed again. With your own agent:`);
  fact("Claude Code", "claude mcp add tract -- npx -y tract-mcp");
  fact("Codex", "codex mcp add tract -- npx -y tract-mcp");
  fact("other hosts", '{ "mcpServers": { "tract": { "command": "npx", "args": ["-y", "tract-mcp"] } } }');
  fact("in this clone", "npx tract-mcp doctor   shows where things are and whether they are well");
  line("");
}
