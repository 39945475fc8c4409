/** One LLM config for chatting and another for summaries, kept by the tract. Run: node docs/cookbook/per-operation-config.ts [STORE] */
import { openStore } from "tract-mcp";

const { LLM_API_KEY: apiKey, LLM_BASE_URL: baseUrl, LLM_MODEL: model } = process.env;
const store = await openStore(process.argv[2] ?? "./cookbook.db", {
  llm: { ...(apiKey && { apiKey }), ...(baseUrl && { baseUrl }), ...(model && { model }) },
});
const tract = await store.tract("per-operation-config");

// For every operation; a key of the provider's own goes into extra.
await tract.configure({ set: { temperature: 0.7, max_tokens: 400, extra: { service_tier: "flex" } } });
// For one: summaries are cheap and come out the same each time.
const { resolved } = await tract.configure({
  operation: "compress",
  set: { model: "small-1", temperature: 0 },
});

// Each field says which level it comes from.
for (const [field, { value, from }] of Object.entries(resolved))
  console.log(`compress ${field} = ${JSON.stringify(value)} (${from})`);

// A call's own arguments win over all that is kept.
const { generationConfig } = await tract.chat("Tell me a long story about a lighthouse.", { maxTokens: 50 });
console.log("chat was asked with", JSON.stringify(generationConfig));

await tract.chat("And then?");
await tract.compress({ strategy: "llm", olderThan: 2 });
const [summary] = (await tract.log({ operation: "summary" })).entries;
console.log("the summary was asked with", JSON.stringify(summary?.generationConfig));

await store.close();
