/** An agent with a loop of its own that looks after its context by tools. Run: node docs/cookbook/agent-loop.ts [STORE] */
import OpenAI from "openai";
import { openStore, toolDefinitions } from "tract-mcp";

const { LLM_API_KEY: apiKey = "none", LLM_BASE_URL: baseURL, LLM_MODEL: model = "gpt-5-mini" } = process.env;
const llm = new OpenAI({ apiKey, ...(baseURL && { baseURL }) });
const store = await openStore(process.argv[2] ?? "./cookbook.db");
const tract = await store.tract("agent-loop");

// What the LLM is told of, and what it may call: the second is enforced, whatever it asks for.
const profile = "self";
const tools = await toolDefinitions({ format: "openai", profile });
const messages: OpenAI.Chat.ChatCompletionMessageParam[] = [
  { role: "system", content: "Keep what must survive this session with the tool commit." },
  { role: "user", content: "We decided to store times in UTC. Remember that." },
];

const STEPS_MAX = 10;
for (let step = 0; step < STEPS_MAX; step++) {
  const reply = (await llm.chat.completions.create({ model, messages, tools })).choices[0]?.message;
  if (reply === undefined) break;
  messages.push(reply);
  if (reply.content) console.log("agent:", reply.content);
  const calls = (reply.tool_calls ?? []).filter((call) => call.type === "function");
  if (calls.length === 0) break;
  for (const call of calls) {
    // A failure is an answer, too: it says what to do next, and the LLM mends it.
    const outcome = await tract.executeTool(call.function.name, call.function.arguments, { profile });
    console.log(`${call.function.name}: ${outcome.ok ? "ok" : outcome.error.code}`);
    messages.push({ role: "tool", tool_call_id: call.id, content: outcome.text });
  }
}

// The next session starts from what was kept.
console.log((await tract.compile({ budgetTokens: 2_000 })).toOpenAI());

await store.close();
