/** Tool verify: proves that what is stored is what was written (spec 4.6, 8). */
import { z } from "zod";
import type { Problem } from "../../engine/ledger/findings.ts";
import { type VerifyResult, verify } from "../../engine/ledger/verify.ts";
import { snakeKeys } from "../names.ts";
import { flag, text } from "../params.ts";
import { answer, columns, count } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const verifyTool: Tool = defineTool({
  name: "verify",
  title: "Verify",
  description: "Check every hash and link of the tract, its ledger and the database.",
  effect: "write",
  isIdempotent: true,
  input: {
    since: text,
    repair: flag.describe("Rebuild derived data"),
  },
  output: {
    ok: z.boolean(),
    checked: z.strictObject({ contents: z.int(), commits: z.int(), operations: z.int(), ledger: z.int() }),
    problems: z.array(
      z.strictObject({
        kind: z.string(),
        what: z.string(),
        field: z.string().nullable(),
        hash: z.string().nullable(),
        sequence: z.int().nullable(),
        name: z.string().nullable(),
        detail: z.string(),
      }),
    ),
    problems_omitted: z.int(),
    repaired: z.array(z.string()),
  },
  readsOnly: ({ repair }) => repair !== true,
  run: async ({ engine, signal, progress }, input) => {
    const result = await verify(engine, { ...input, signal, progress });
    return { structured: snakeKeys(result), text: described(result) };
  },
});

const PROBLEMS_SHOWN = 20;

function described(result: VerifyResult): string {
  const { ok, checked, problems, problemsOmitted, repaired } = result;
  const amounts = Object.entries(checked).map(([kind, amount]) => `${count(amount)} ${kind}`);
  const more = problems.length + problemsOmitted - Math.min(problems.length, PROBLEMS_SHOWN);
  return answer(
    [
      `${ok ? "Sound" : "Damaged"}: checked ${amounts.join(", ")}.`,
      columns(problems.slice(0, PROBLEMS_SHOWN).map(cells)),
      more > 0 ? `… and ${count(more)} more problems` : null,
      repaired.length > 0 ? `Rebuilt: ${repaired.join(", ")}.` : null,
    ],
    ok ? "go on." : "keep the file as it is, and compare it with a backup.",
  );
}

function cells({ kind, what, field, hash, sequence, name, detail }: Problem): readonly string[] {
  return [
    kind,
    hash?.slice(0, HASH_CHARS) ?? name ?? (sequence === null ? "-" : String(sequence)),
    field ?? "-",
    what,
    detail,
  ];
}

const HASH_CHARS = 12;
