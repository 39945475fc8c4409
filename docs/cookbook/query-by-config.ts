/** Two models answer the same questions on branches of their own; later the answers are found by how they were made. Run: node docs/cookbook/query-by-config.ts [STORE] */
import { openStore } from "tract-mcp";

const { LLM_API_KEY: apiKey, LLM_BASE_URL: baseUrl } = process.env;
const store = await openStore(process.argv[2] ?? "./cookbook.db", {
  llm: { ...(apiKey && { apiKey }), ...(baseUrl && { baseUrl }) },
});
const tract = await store.tract("query-by-config");
const models = (process.env.LLM_MODELS ?? "model-a,model-b").split(",");

await tract.system("Answer with one word.");
await tract.user("Which colour do you see first in a rainbow?");
for (const model of models) {
  const branch = `try/${model}`;
  await tract.createBranch({ name: branch, from: "main" });
  await tract.generate({ branch, model, temperature: 0.9 });
  await tract.chat("And last?", { branch, model, temperature: 0 });
}

// One condition per field; all must hold. Values of a provider's own are fields, too: extra.seed, extra.service_tier …
for (const model of models) {
  const { entries } = await tract.queryByConfig({
    conditions: [
      { field: "model", op: "=", value: model },
      { field: "temperature", op: "<=", value: 0.5 },
    ],
  });
  for (const { branch, message, usage } of entries)
    console.log(`${branch}: ${message} (${usage?.promptTokens} tokens in, ${usage?.completionTokens} out)`);
}

// What one branch has in place of what the other has.
const { totals } = await tract.diff({ a: `try/${models[0]}`, b: `try/${models[1]}`, stat: true });
console.log("differences:", totals);

await store.close();
