/** The mind that is an LLM: it calls tools of the profile until it answers without a call or a bound is reached (spec 5.5). */
import type { ContentRecord, JsonObject } from "../../storage/records.ts";
import type { OpenAiMessage } from "../compile/message-types.ts";
import { findJsonProblem, isJsonObject } from "../content/json-rules.ts";
import type { LLMConfig } from "../content/llm-config.ts";
import { cutText } from "../cut-text.ts";
import { TractError } from "../errors.ts";
import { digestOfMessages, promptRecipe } from "../ledger/prompt-recipe.ts";
import { type Answer, ask } from "../llm/ask.ts";
import { badResponse, type LlmTool, type LlmToolCall } from "../llm/llm-client.ts";
import { orchestratePrompt } from "../llm/prompts/orchestrate.ts";
import type { Finding } from "../policies/policy.ts";
import { OWN_TOOL } from "./act.ts";
import { argumentsDigest, type Journal, textContent } from "./journal.ts";
import type { RunEnd } from "./run.ts";
import { boundReached, ended, lookAgain, type Run, step } from "./run-loop.ts";
import { type Health, isOverBudget } from "./situation.ts";
import { situationText, sizeText } from "./situation-text.ts";
import type { Spending } from "./spending.ts";

export interface Thinking {
  readonly spending: Spending;
  readonly config: LLMConfig;
  readonly goal: string | null;
  readonly journal: Journal;
}

/** Answers in a row that cannot be used before the run ends. */
const BAD_ANSWERS_MAX = 2;
/** Characters of a tool's answer that the LLM gets to read. */
const RESULT_CHARS_MAX = 12_000;

/** @throws TractError of the LLM when it fails before the first step; later failures end the run as blocked. */
export async function runLlm(run: Run, thinking: Thinking): Promise<RunEnd> {
  const talk = await beginTalk(run, thinking);
  let badAnswers = 0;
  for (;;) {
    const bound = boundReached(run) ?? tokensReached(thinking, talk);
    if (bound !== null) return bound;
    let answer: Answer;
    try {
      answer = await askNext(run, thinking, talk);
      badAnswers = 0;
    } catch (error) {
      if (!(error instanceof TractError)) throw error;
      if (run.signal.aborted) return ended("cancelled", "the run was cancelled");
      badAnswers += 1;
      if (error.code === "llm-bad-response" && badAnswers < BAD_ANSWERS_MAX) continue;
      if (run.steps.length === 0) throw error;
      return ended("blocked", `the LLM failed (${error.code}) after ${run.steps.length} steps`);
    }
    const end = await doCalls(run, thinking, talk, answer);
    if (end !== null) return end;
  }
}

/** What was said so far. */
interface Talk {
  readonly messages: OpenAiMessage[];
  /** Texts in the messages, in their order, as contents: recipes name them by hash. */
  readonly quotes: ContentRecord[];
  readonly tools: readonly LlmTool[];
  looked: Health;
}

async function beginTalk(run: Run, { goal }: Thinking): Promise<Talk> {
  const situation = await lookAgain(run);
  const { messages } = orchestratePrompt({
    situation: situationText(situation),
    goal,
    autonomy: run.ceiling,
    stepsMax: run.stepsMax,
  });
  const tools = run.toolbox
    .list(run.profile)
    .filter(({ name }) => name !== OWN_TOOL)
    .map(({ name, description, inputSchema }) => ({ name, description, parameters: inputSchema }));
  const cleaned = messages.map((message) =>
    typeof message.content === "string" ? { ...message, content: run.clean(message.content) } : message,
  );
  return { messages: cleaned, quotes: [], tools, looked: situation.health };
}

/** The next question must fit, too. */
function tokensReached({ spending }: Thinking, { messages }: Talk): RunEnd | null {
  if (!spending.isTooMuch(JSON.stringify(messages))) return null;
  const { inputTokens, outputTokens } = spending.used();
  const spent = `${inputTokens + outputTokens} of ${spending.tokensMax} tokens are used`;
  return ended("out_of_tokens", `${spent}, too many for another answer`);
}

async function askNext(run: Run, thinking: Thinking, talk: Talk): Promise<Answer> {
  const { config, journal } = thinking;
  const recipe = promptRecipe(talk.messages, { inputs: [], quotes: talk.quotes });
  const answer = await ask(run.engine, {
    llm: thinking.spending.llm,
    operation: "orchestrate",
    messages: talk.messages,
    tools: talk.tools,
    config,
    promptsUsed: ["orchestrate@1"],
    sent: {
      prompt: recipe.hash,
      digest: digestOfMessages(talk.messages),
      input_count: 0,
      input_commits: [],
      branch: run.branch,
    },
    contents: [...talk.quotes, recipe],
    failedUnder: journal.runId,
    afterFailure: "What was done before stays done; mind rules works without an LLM.",
    signal: run.signal,
  });
  const { reply } = answer;
  if (reply.finishReason === "length" && reply.toolCalls.length === 0)
    throw await answer.fail(
      badResponse("the LLM's answer was cut off at its length", { finish_reason: "length" }),
    );
  await journal.asked(answer.entry(journal.runId), answer.contents);
  return answer;
}

/** null: the talk goes on. */
async function doCalls(run: Run, thinking: Thinking, talk: Talk, { reply }: Answer): Promise<RunEnd | null> {
  const { text, toolCalls } = reply;
  if (toolCalls.length === 0) return await endOf(run, text);
  const said = run.clean(text);
  const reasoning = textContent(run.engine, "reasoning", said);
  talk.messages.push({
    role: "assistant",
    content: said === "" ? null : said,
    tool_calls: toolCalls.map(({ id, name, arguments: args }) => ({
      id,
      type: "function",
      function: { name, arguments: run.clean(args) },
    })),
  });
  if (reasoning !== null) talk.quotes.push(reasoning);
  let isChanged = false;
  for (const call of toolCalls) {
    const bound = boundReached(run);
    if (bound !== null) return bound;
    const { args, refused } = readArguments(run, call);
    const about = { looked: talk.looked, policy: null, reasoning, refused };
    const { acted, end } = await step(run, findingOf(run, call.name, args), about);
    if (end !== null) return end;
    if (acted.outcome === "done") isChanged = true;
    answerCall(run, talk, call, acted.text);
  }
  if (isChanged) {
    talk.looked = (await lookAgain(run)).health;
    talk.messages.push({ role: "user", content: `Now: ${sizeText(talk.looked)}.` });
  }
  return tokensReached(thinking, talk);
}

async function endOf(run: Run, text: string): Promise<RunEnd> {
  const { health } = await lookAgain(run);
  const answer = run.clean(text.trim());
  return isOverBudget(health)
    ? ended("blocked", `the LLM ended with ${sizeText(health)}`, answer)
    : ended("healthy", "the LLM has nothing left to do", answer);
}

function answerCall({ engine, clean }: Run, talk: Talk, { id }: LlmToolCall, text: string): void {
  const shown = cutText(clean(text), RESULT_CHARS_MAX, `… (chars: ${text.length})`).toWellFormed();
  const content = shown === "" ? "(nothing)" : shown;
  talk.messages.push({ role: "tool", tool_call_id: id, content });
  const kept = textContent(engine, "output", content);
  if (kept !== null) talk.quotes.push(kept);
}

/** A call as policies would ask for it. */
function findingOf({ branch }: Run, name: string, args: JsonObject): Finding {
  const tool = name.slice(0, NAME_CHARS_MAX).toWellFormed();
  return {
    policy: OWN_TOOL,
    kind: OWN_TOOL,
    autonomy: "autonomous",
    target: `${branch} ${tool} ${argumentsDigest(args).slice(0, DIGEST_CHARS)}`,
    reason: `The LLM called ${tool}`,
    gain: 0,
    action: { tool, arguments: args },
  };
}

const NAME_CHARS_MAX = 80;
const DIGEST_CHARS = 12;

/** What an LLM writes as arguments need be no JSON at all. */
function readArguments(
  { engine }: Run,
  { arguments: written }: LlmToolCall,
): { readonly args: JsonObject; readonly refused: TractError | null } {
  let args: unknown;
  try {
    args = written.trim() === "" ? {} : JSON.parse(written);
  } catch {
    return { args: {}, refused: noArguments("JSON") };
  }
  if (!isJsonObject(args)) return { args: {}, refused: noArguments("a JSON object") };
  const problem = findJsonProblem(args, "", engine.limits.jsonDepthMax);
  return problem === null ? { args, refused: null } : { args: {}, refused: noArguments(problem.expected) };
}

function noArguments(expected: string): TractError {
  return new TractError("invalid-argument", `arguments: expected ${expected}`, {
    hint: "Call the tool again with its arguments as one JSON object.",
    data: { path: "" },
  });
}
