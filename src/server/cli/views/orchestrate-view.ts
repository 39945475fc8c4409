/** The steps of a run of the orchestrator as a table, between what there was before and after. */
import { z } from "zod";
import { table } from "../table.ts";
import { type Colors, harmless } from "../terminal.ts";
import { textView } from "./text-view.ts";
import type { View } from "./view.ts";

const health = z.looseObject({
  tokens: z.number(),
  budget: z.looseObject({ max_tokens: z.number() }).nullable(),
});
const run = z.looseObject({
  branch: z.string(),
  mind: z.string(),
  state: z.string(),
  reason: z.string(),
  answer: z.string().nullable(),
  before: health,
  after: health,
  steps: z.array(
    z.looseObject({
      step: z.number(),
      tool: z.string(),
      outcome: z.string(),
      operation_id: z.string().nullable(),
      proposal_id: z.string().nullable(),
      error: z.string().nullable(),
      reason: z.string(),
    }),
  ),
});

export const orchestrateView: View = (result, terminal, options) => {
  const parsed = run.safeParse(result.structured);
  if (!parsed.success) return textView(result, terminal, options);
  const { branch, mind, state, reason, answer, before, after, steps } = parsed.data;
  const { colors, width } = terminal;
  const rows = steps.map((step) => [
    colors.dim(String(step.step)),
    colors.bold(harmless(step.tool)),
    outcomeWord(step.outcome, colors),
    colors.yellow(step.proposal_id ?? step.operation_id ?? step.error ?? ""),
    harmless(step.reason),
  ]);
  const end = state === "healthy" ? colors.green(state) : colors.yellow(state.replaceAll("_", " "));
  return [
    `${colors.bold(harmless(branch))}  ${sizeWords(before)} → ${sizeWords(after)}  ${colors.dim(`mind ${mind}`)}\n`,
    rows.length === 0 ? "" : table([{ align: "right" }, {}, {}, {}, { gives: true }], rows, width),
    answer === null ? "" : `${harmless(answer)}\n`,
    `${end}: ${harmless(reason)}\n`,
  ].join("");
};

function outcomeWord(outcome: string, { green, red, yellow, dim }: Colors): string {
  const color = { done: green, failed: red, proposed: yellow }[outcome] ?? dim;
  return color(outcome);
}

function sizeWords({ tokens, budget }: z.output<typeof health>): string {
  const limit = budget === null ? "" : ` of ${budget.max_tokens.toLocaleString("en")}`;
  return `${tokens.toLocaleString("en")}${limit} tokens`;
}
