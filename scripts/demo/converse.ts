/** The chapter in which an LLM is asked, and shows what is known of it afterwards: the exact prompt, the settings, the cost. */
import { strict as assert } from "node:assert";
import { cut, fact, good, heading, number, shortHash } from "./page.ts";
import type { Chatted, Compiled, Generated, Status, Totals } from "./results.ts";
import type { TractSession } from "./tract-session.ts";

const QUESTION = "Which of the three causes could still bite us, and where would we see it first?";
const ANSWERS = [
  "The third one: tick used to post all due events at once. Lanes rule it out inside one process; a second dispatcher process would bring it back, and docs/runbook.md would show it first.",
  "None in one process. With two dispatchers the lanes would have to be held in the database.",
];

export async function converse({ call, llm }: TractSession): Promise<void> {
  heading(
    "Ask an LLM, and keep what it saw",
    "No key here: a scripted server on this machine plays the LLM. Any OpenAI-compatible endpoint takes its place.",
  );
  const { tokens } = await call<Status>("status");
  // What a real endpoint reports counts from then on; the scripted one reports about what was sent.
  llm.script(
    ...ANSWERS.map((text, i) => ({
      text,
      model: "scripted-llm-1",
      usage: { prompt_tokens: tokens + 30 + 60 * i, completion_tokens: 45 - 20 * i },
    })),
  );
  const careful = await call<Chatted>("chat", { text: QUESTION, temperature: 0 });
  const sent = llm.requests.at(-1)?.body.messages;
  const bold = await call<Chatted>("chat", { text: "In one sentence.", temperature: 0.9 });
  for (const [question, reply] of [
    [QUESTION, careful],
    ["In one sentence.", bold],
  ] as const) {
    fact("user", cut(question, 90));
    fact("scripted LLM", `${shortHash(reply.commit)} ${cut(reply.text, 90)}`);
  }
  const record = await call<Compiled>("compile", { record_id: careful.record_id });
  assert.deepEqual(record.messages, sent);
  good(`The compile record gives, message for message, the ${record.messages.length} that the endpoint got`);
  const cold = await call<Generated>("query_by_config", {
    conditions: [{ field: "temperature", op: "=", value: 0 }],
  });
  const found = cold.entries.map(({ hash }) => hash);
  assert(found.includes(careful.commit) && !found.includes(bold.commit), "only what was asked at 0");
  fact("temperature 0", `${shortHash(careful.commit)} and ${found.length - 1} more, by query_by_config`);
  const { totals } = await call<Totals>("query_ledger", { event_type: "LLM_CALL", aggregate: "model" });
  const [cost] = totals.groups;
  assert(cost?.calls === ANSWERS.length, "every call is in the ledger");
  const { prompt, completion } = llm.reported();
  assert.deepEqual([cost.input_tokens, cost.output_tokens], [prompt, completion]);
  fact(
    "cost",
    `${cost.calls} calls of ${cost.group}: ${number(prompt)} tokens in, ${number(completion)} out, as the endpoint reported`,
  );
}
