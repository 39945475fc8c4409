/** Servers that are killed in the middle of every writing tool, over stdio and HTTP: what was answered is there, nothing is half there (spec 7.3). */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addressOf, callOnce, startHttpProcess } from "../support/http.ts";
import { type LlmServer, startLlmServer } from "../support/llm-server.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { createRawClient, startServer, wireOf } from "../support/mcp-client.ts";
import { seededChance } from "./child.ts";
import { expectWhole } from "./expect-whole.ts";

let folder: string;
let llm: LlmServer;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-servers-"));
  llm = await startLlmServer();
});
afterAll(async () => {
  await llm.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A server that can be asked, and killed. */
interface Victim {
  /** Resolves to what the tool gave; never, when the server is gone. */
  readonly call: (name: string, args: object) => Promise<Result>;
  readonly kill: () => Promise<void>;
}

interface Result {
  readonly operation_id?: string | null;
  readonly head?: string | null;
  readonly commits?: readonly { readonly hash?: string }[];
  readonly groups?: readonly { readonly summary: string | null }[];
  readonly plan?: { readonly plan_id: string | null };
  readonly error?: unknown;
}

/** A tool and its arguments, which may need what the call before it gave. */
type Call = readonly [tool: string, args: object | ((before: Result) => object)];

function llmEnv(): Readonly<Record<string, string>> {
  return { TRACT_LLM_BASE_URL: llm.baseUrl, TRACT_LLM_MODEL: "m" };
}

const never = new Promise<never>(() => {});

async function overStdio(store: string): Promise<Victim> {
  const server = startServer({ store, args: ["--tract", "demo", "--profile", "full"], env: llmEnv() });
  // The client writes into the pipe of a process that is gone.
  server.process.stdin.on("error", () => undefined);
  const client = createRawClient(wireOf(server));
  await client.initialize();
  return {
    call: async (name, args) =>
      (await client.request("tools/call", { name, arguments: args })).result.structuredContent,
    kill: async () => {
      server.process.kill("SIGKILL");
      await server.exited;
    },
  };
}

async function overHttp(store: string): Promise<Victim> {
  const server = startHttpProcess(store, ["--profile", "full"], llmEnv());
  const address = await addressOf(server);
  return {
    call: (name, args) => callOnce(address, name, args).catch(() => never),
    kill: async () => {
      server.process.kill("SIGKILL");
      await server.exited;
    },
  };
}

const FILLER = "We looked at several ways to do this and talked about each of them at some length. ";

function pair(words: string): object {
  return { items: [{ content: `${words} one ${FILLER}` }, { content: `${words} two ${FILLER}` }] };
}

/** Calls that use every writing tool; each may stand after any other that it needs nothing of. */
function callsOf(serial: string): readonly Call[] {
  const io = { content_type: "tool_io", tool_name: "read", call_id: serial };
  const talk = Array.from({ length: 200 }, (_, i) => ({ role: "user", content: `${serial} ${i}` }));
  return [
    ["commit", { content: `${serial} one ${FILLER}` }],
    [
      "commit",
      {
        items: [
          { content: { ...io, direction: "call", payload: "{}" } },
          { content: { ...io, direction: "result", payload: FILLER.repeat(5) } },
        ],
      },
    ],
    ["annotate", { refs: ["HEAD~2"], priority: "important", add_labels: ["l"] }],
    ["tag", { action: "create", name: serial }],
    ["branch", { action: "create", name: `${serial}-side` }],
    ["commit", { content: `${serial} on the side`, branch: `${serial}-side` }],
    ["commit", { content: `${serial} two` }],
    ["merge", { source: `${serial}-side` }],
    ["compress", { strategy: "mask", keep: 0 }],
    ["commit", pair(`${serial} a`)],
    ["compress", { from: "HEAD~1", to: "HEAD", summary: "Two.", review: true }],
    ["compress", ({ plan }) => ({ plan_id: plan?.plan_id, action: "approve" })],
    ["expand", ({ groups = [] }) => ({ summary: groups[0]?.summary, restore: true })],
    ["commit", pair(`${serial} b`)],
    ["compress", { from: "HEAD~1", to: "HEAD", summary: "Two more.", review: true }],
    ["proposals", ({ plan }) => ({ action: "approve", id: plan?.plan_id })],
    ["configure", { set: { temperature: 0 } }],
    ["policy", { action: "set", policy: { name: serial, kind: "checkpoint" } }],
    ["policy", { action: "remove", policy: serial }],
    ["chat", { text: `${serial}, what now?` }],
    ["generate", {}],
    ["orchestrate", { mind: "rules", autonomy: "autonomous" }],
    ["checkout", { ref: "main" }],
    ["verify", { repair: true }],
    ["record_turn", { user_message: `${serial}?`, response: "Yes." }],
    ["record_usage", { usage: { prompt_tokens: 50, completion_tokens: 3 } }],
    ["reorganize", { reword: [{ ref: "HEAD", message: "in other words" }], force: true }],
    ["restore", { ref: serial }],
    ["spawn", { purpose: "Find the bug", name: `${serial}-child` }],
    ["send", { to: `${serial}-child`, content: "hello" }],
    ["collapse", { child: `${serial}-child`, summary: "found" }],
    ["import_transcript", { text: JSON.stringify(talk), branch: `${serial}-talk` }],
    ["import_commit", { refs: [`${serial}-talk`] }],
    ["annotate", { refs: ["HEAD"], priority: "skip" }],
    ["undo", {}],
    ["branch", { action: "create", name: `${serial}-gone` }],
    ["commit", { content: `${serial} for nothing`, branch: `${serial}-gone` }],
    ["reset", { ref: "HEAD~1", branch: `${serial}-gone` }],
    ["branch", { action: "rename", name: `${serial}-gone`, new_name: `${serial}-gone-too` }],
    ["branch", { action: "delete", name: `${serial}-gone-too`, force: true }],
    ["tag", { action: "delete", name: serial }],
    ["gc", { dry_run: false, older_than_days: 0, keep_operations_days: 0 }],
  ];
}

/** Ids that the caller got to know, but for those that gc may remove again. */
function noteTo(
  acknowledged: { readonly operation: string[]; readonly commit: string[] },
  result: Result,
): void {
  if (typeof result.operation_id === "string") acknowledged.operation.push(result.operation_id);
  for (const { hash } of result.commits ?? []) if (hash !== undefined) acknowledged.commit.push(hash);
}

const STEPS = callsOf("x").length;
/** So that looking at all of it takes as long in the last round as in the first. */
const ROUNDS_PER_STORE = 5;

it.each([
  ["stdio", overStdio, runs(5, 100)],
  ["HTTP", overHttp, runs(5, 100)],
] as const)(
  "killed over %s, again and again, keep what they have answered",
  {
    timeout: timeLimit(240_000),
  },
  async (over, begin, rounds) => {
    const acknowledged = { operation: [] as string[], commit: [] as string[] };
    const chance = seededChance(over.length);
    let store = "";
    let operations = 0;
    for (let round = 0; round < rounds; round++) {
      if (round % ROUNDS_PER_STORE === 0) {
        store = path.join(folder, `${over}-${round}.db`);
        acknowledged.operation = [];
        acknowledged.commit = [];
      }
      const before = acknowledged.operation.length;
      llm.script(...Array.from({ length: LLM_CALLS_MAX }, () => "That is how it is."));
      const victim = await begin(store);
      // The kills are spread over all calls; two calls are under way.
      const last = Math.floor(((round + chance()) / rounds) * STEPS);
      const calls = callsOf(`${over}-${round}`);
      const errors: unknown[] = [];
      let previous: Result = {};
      const ask = async ([name, made]: Call): Promise<void> => {
        const args = typeof made === "function" ? made(previous) : made;
        const result = await victim.call(name, args);
        previous = result;
        if (result.error !== undefined) errors.push([name, result.error]);
        const isForNothing = JSON.stringify(args).includes("-gone");
        if (!isForNothing) noteTo(acknowledged, result);
      };
      for (const call of calls.slice(0, last)) await ask(call);
      // The second cannot wait for what the first gives.
      for (const call of calls.slice(last, last + 2))
        if (typeof call[1] !== "function" || call === calls[last]) void ask(call);
      await new Promise((resolve) => setTimeout(resolve, chance() * DELAY_MS_MAX));
      await victim.kill();
      expect(errors).toEqual([]);
      operations += acknowledged.operation.length - before;
      await expectWhole(`sqlite:${store}`, acknowledged, "demo");
    }
    expect(operations).toBeGreaterThan((rounds * STEPS) / 4);
  },
);

/** What is asked of the LLM in a round, at most. */
const LLM_CALLS_MAX = 2;
/** About as long as one call takes on a slow disk. */
const DELAY_MS_MAX = 25;
