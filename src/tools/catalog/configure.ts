/** Tool configure: the LLM configs that a branch keeps, with the level that each value comes from (spec 5.2, 8). */
import { z } from "zod";
import { LLM_OPERATIONS } from "../../engine/content/llm-config-check.ts";
import { type ConfigureResult, configure } from "../../engine/llm/configure.ts";
import { camelKeys } from "../names.ts";
import { jsonObject, MAYBE_WRITE_FIELDS, oneOrMore, text } from "../params.ts";
import { answer, columns } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const configureTool: Tool = defineTool({
  name: "configure",
  title: "LLM configuration",
  description: `Show or set LLM settings of a branch, for all operations or one: ${LLM_OPERATIONS.join(", ")}.`,
  effect: "write",
  isIdempotent: true,
  input: { get: oneOrMore, set: jsonObject, unset: oneOrMore, operation: text, branch: text },
  output: {
    operation: z.string().nullable(),
    resolved: z.record(z.string(), z.strictObject({ value: z.unknown(), from: z.string() })),
    ...MAYBE_WRITE_FIELDS,
  },
  readsOnly: ({ set, unset }) => set === undefined && unset === undefined,
  run: async ({ engine }, input) => {
    const result = await configure(engine, camelKeys(input));
    const { operationId, branch, head, warnings, operation, resolved } = result;
    return {
      // By hand: keys of extra are the caller's own.
      structured: { operation, resolved, operation_id: operationId, branch, head, warnings },
      text: answer([headline(result), table(result)], nextStep(result), warnings),
    };
  },
});

function headline({ operation, operationId, branch }: ConfigureResult): string {
  const whose = operation === null ? "all operations" : operation;
  return `${operationId === null ? "LLM config" : "Kept the LLM config"} of ${whose}${branch === null ? "" : ` on ${branch}`}:`;
}

function table({ resolved }: ConfigureResult): string {
  const rows = Object.entries(resolved).map(([field, { value, from }]) => [
    field,
    JSON.stringify(value).slice(0, VALUE_CHARS),
    `from ${from}`,
  ]);
  return rows.length === 0 ? "nothing is set" : columns(rows);
}

const VALUE_CHARS = 60;

function nextStep({ operationId }: ConfigureResult): string {
  return operationId === null
    ? "configure with set keeps a value."
    : "chat and generate use it; undo takes it back.";
}
