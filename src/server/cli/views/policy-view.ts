/** The policies in force as a table. */
import { z } from "zod";
import { table } from "../table.ts";
import { harmless } from "../terminal.ts";
import { textView } from "./text-view.ts";
import type { View } from "./view.ts";

const policies = z.looseObject({
  policies: z.array(
    z.looseObject({
      name: z.string(),
      kind: z.string(),
      trigger: z.string(),
      priority: z.number(),
      params: z.record(z.string(), z.unknown()),
      autonomy: z.string(),
      enabled: z.boolean(),
      branch: z.string().nullable(),
    }),
  ),
});

/** The list; what other actions did, and what was found, is told by the tool's text. */
export const policyView: View = (result, terminal, options) => {
  const { structured } = result;
  const parsed = policies.safeParse(structured);
  if (!parsed.success || "operation_id" in structured || "findings" in structured)
    return textView(result, terminal, options);
  if (parsed.data.policies.length === 0) return "No policies.\n";
  const { bold, dim, green, yellow } = terminal.colors;
  const rows = parsed.data.policies.map(
    ({ name, kind, trigger, priority, params, autonomy, enabled, branch }) => [
      bold(harmless(name)),
      name === kind ? "" : kind,
      enabled ? green("on") : yellow("paused"),
      trigger,
      autonomy,
      dim(String(priority)),
      branch === null ? "" : dim(harmless(branch)),
      dim(harmless(paramWords(params))),
    ],
  );
  return table([{}, {}, {}, {}, {}, { align: "right" }, {}, { gives: true }], rows, terminal.width);
};

/** What is set: empty lists and nulls say nothing. */
function paramWords(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
