/** Tool compile: reads the context as messages inside a token budget (spec 2.7, 8). */
import { z } from "zod";
import {
  type CompiledContext,
  type CompileRequest,
  compile,
  resolveRequest,
} from "../../engine/compile/compile.ts";
import { explain } from "../../engine/compile/explain.ts";
import { type Forecast, forecast } from "../../engine/compile/forecast.ts";
import { FORMATS, STRATEGIES } from "../../engine/compile/options.ts";
import type { Engine } from "../../engine/engine.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { flag, oneOrMore, text, tokens } from "../params.ts";
import { wrongArgument } from "../parse-arguments.ts";
import { answer, columns, count, plural, shortHashes } from "../render.ts";
import { resourceUri } from "../resource-uris.ts";
import { defineTool, type ResourceLink, type Tool, type ToolResult } from "../tool.ts";

export const compileTool: Tool = defineTool({
  name: "compile",
  title: "Compile the context",
  description: "Read the context as messages within a token budget, now or as it was.",
  effect: "read",
  isIdempotent: true,
  input: {
    ref: text,
    as_of: text.describe("Time, operation or @{n}"),
    strategy: z.enum(STRATEGIES).optional(),
    recent: z.int().min(0).optional(),
    budget_tokens: tokens,
    format: z.enum(FORMATS).optional(),
    include: oneOrMore,
    exclude: oneOrMore,
    include_labels: oneOrMore,
    exclude_labels: oneOrMore,
    include_reasoning: flag,
    record: flag,
    record_id: text,
    forecast: z
      .array(z.int().min(1))
      .min(1)
      .max(20)
      .optional()
      .meta({ listed: { type: "array", items: { type: "integer" } } }),
    explain: text.describe("Commit: why in or out"),
    branch: text,
  },
  hiddenInSelf: ["recent", "include", "exclude", "include_labels", "exclude_labels", "record", "record_id"],
  output: {
    messages: z.array(z.unknown()).optional(),
    system: z.string().nullable().optional(),
    token_count: z.int().optional(),
    token_source: z.string().optional(),
    commit_count: z.int().optional(),
    commit_hashes: z.array(z.array(z.string())).optional(),
    omitted: z
      .array(
        z.strictObject({
          from: z.string(),
          to: z.string(),
          messages: z.int(),
          tokens: z.int(),
          reason: z.string(),
        }),
      )
      .optional(),
    repairs: z.array(z.strictObject({ what: z.string(), commits: z.array(z.string()) })).optional(),
    prefix: z.strictObject({ messages: z.int(), tokens: z.int() }).nullable().optional(),
    record_id: z.string().nullable().optional(),
    digest: z.string().optional(),
    forecast: z
      .array(
        z.strictObject({
          budget_tokens: z.int(),
          fits: z.boolean(),
          token_count: z.int().optional(),
          messages: z.int().optional(),
          omitted_messages: z.int().optional(),
          needed: z.int().optional(),
        }),
      )
      .optional(),
    explanation: z
      .strictObject({
        hash: z.string(),
        included: z.boolean(),
        reason: z.string(),
        message_index: z.int().nullable(),
      })
      .optional(),
  },
  run: async ({ engine }, { forecast: budgets, explain: commit, record, ...input }) => {
    const request = camelKeys(input);
    refuseTogether({ forecast: budgets, explain: commit, record: record === true ? record : undefined });
    if (budgets !== undefined) {
      for (const name of ["budget_tokens", "record_id"] as const)
        refuseTogether({ forecast: budgets, [name]: input[name] });
      return presentForecast(await forecast(engine, request, budgets));
    }
    const bounded = await withUsualBudget(engine, request);
    if (commit !== undefined) return await presentExplanation(engine, bounded, commit);
    return await presentContext(engine, await compile(engine, { ...bounded, record: record ?? true }));
  },
});

/** Each of these asks for another kind of answer, so at most one can be given. */
function refuseTogether(args: Readonly<Record<string, unknown>>): void {
  const [first, second] = Object.keys(args).filter((name) => args[name] !== undefined);
  if (first !== undefined && second !== undefined) throw wrongArgument(first, `expected without ${second}`);
}

/** The tool never floods its caller: without a budget in the request or in the branch's settings, the server's own holds (spec 2.7). */
async function withUsualBudget(engine: Engine, request: CompileRequest): Promise<CompileRequest> {
  if (request.budgetTokens !== undefined || request.recordId !== undefined) return request;
  const { options } = await resolveRequest(engine, request);
  return { ...request, budgetTokens: options.budgetTokens ?? engine.settings.compileBudget };
}

async function presentContext(engine: Engine, context: CompiledContext): Promise<ToolResult> {
  const { tokenCount, tokenSource, commitCount, commitHashes, omitted, repairs, prefix, recordId, digest } =
    context;
  const structured = {
    ...(context.format === "anthropic" ? { system: context.system } : {}),
    messages: context.messages,
    token_count: tokenCount,
    token_source: tokenSource,
    commit_count: commitCount,
    commit_hashes: commitHashes,
    omitted,
    repairs,
    prefix,
    record_id: recordId,
    digest,
  };
  const short = await shortHashes(engine, [context.head]);
  const place =
    context.head === null ? "no commits yet" : `${context.branch ?? "commit"} at ${short(context.head)}`;
  const receipt = `[${place}: ${plural(commitCount, "commit")}, ${count(tokenCount)} tokens${omittedText(context)}]`;
  return {
    structured,
    text: answer([context.toMarkdown(), receipt], nextStep(context)),
    links: linksTo(engine, context),
  };
}

function omittedText({ omitted }: CompiledContext): string {
  const messages = omitted.reduce((sum, run) => sum + run.messages, 0);
  const tokensOut = omitted.reduce((sum, run) => sum + run.tokens, 0);
  return messages === 0 ? "" : `; left out ${plural(messages, "message")}, ${count(tokensOut)} tokens`;
}

function nextStep({ head, omitted }: CompiledContext): string {
  if (head === null) return "commit what must survive.";
  return omitted.some(({ reason }) => reason === "budget")
    ? "show with a stub's range, or search, brings back what was left out."
    : "go on from here, and commit what must survive.";
}

/** The whole context, without a budget; and, when a record was kept, exactly these messages. */
function linksTo({ scope: { tract } }: Engine, { head, recordId }: CompiledContext): readonly ResourceLink[] {
  if (head === null) return [];
  const whole = {
    uri: resourceUri({ kind: "context", tract, ref: head, format: null }),
    name: "whole context",
    mimeType: "text/markdown",
  };
  if (recordId === null) return [whole];
  return [
    whole,
    {
      uri: resourceUri({ kind: "compile-record", tract, id: recordId }),
      name: "this compile",
      mimeType: "application/json",
    },
  ];
}

function presentForecast(forecasts: readonly Forecast[]): ToolResult {
  const rows = forecasts.map((one) => [
    count(one.budgetTokens),
    one.fits
      ? `${plural(one.messages, "message")}, ${count(one.tokenCount)} tokens`
      : `too small: the pinned commits need ${count(one.needed)}`,
    one.fits && one.omittedMessages > 0 ? `${plural(one.omittedMessages, "message")} left out` : "",
  ]);
  return {
    structured: { forecast: forecasts.map(snakeKeys) },
    text: answer(
      ["Budget, and what it would keep:", columns(rows)],
      "compile with the budget_tokens of your choice.",
    ),
  };
}

async function presentExplanation(
  engine: Engine,
  request: CompileRequest,
  commit: string,
): Promise<ToolResult> {
  const explanation = await explain(engine, request, commit);
  const short = await shortHashes(engine, [explanation.hash]);
  const verdict = explanation.included ? "is in the context" : "is not in the context";
  const next = explanation.included
    ? "annotate with priority skip takes it out."
    : "annotate with priority pinned keeps it in, budget or not.";
  return {
    structured: { explanation: snakeKeys(explanation) },
    text: answer([`${short(explanation.hash)} ${verdict}. ${explanation.reason}`], next),
  };
}
