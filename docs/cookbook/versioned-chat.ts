/** A chat whose history can be branched, corrected and taken back. Run: node docs/cookbook/versioned-chat.ts [STORE] */
import { openStore } from "tract-mcp";

const { LLM_API_KEY: apiKey, LLM_BASE_URL: baseUrl, LLM_MODEL: model } = process.env;
const store = await openStore(process.argv[2] ?? "./cookbook.db", {
  llm: { ...(apiKey && { apiKey }), ...(baseUrl && { baseUrl }), ...(model && { model }) },
});
const tract = await store.tract("versioned-chat");

await tract.system("You plan trips. Answer in one sentence.");
const first = await tract.chat("Where should we go in May?");
console.log("main:", first.text);

// Another way is tried on a branch; main does not see it.
await tract.createBranch({ name: "by-train", switch: true });
const other = await tract.chat("And if we only take trains?");
console.log("by-train:", other.text);
await tract.switchBranch("main");
console.log("main has", (await tract.compile()).messages.length, "messages");

// What was said wrong is corrected where it stands; the LLM sees the correction, history keeps both.
const question = (await tract.log({ role: "user" })).entries[0];
if (question) await tract.edit(question.hash, "Where should we go in October?");
const second = await tract.chat("So where?");
console.log("corrected:", second.text);
console.log(
  "the LLM saw:",
  (await tract.compile()).toOpenAI().map(({ content }) => content),
);

// A turn is one operation per message: the first undo takes the reply back, the second the question.
await tract.undo();
await tract.undo();
const { branch, commits } = await tract.status();
console.log(`after two undos ${branch} has ${commits} commits`);

await store.close();
