/** Tool undo: takes an operation back by a new one (spec 3.9, 8). */
import { z } from "zod";
import { type UndoResult, undo } from "../../engine/history/undo.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { flag, text, WRITE_FIELDS } from "../params.ts";
import { answer, plural, shortHashes } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

export const undoTool: Tool = defineTool({
  name: "undo",
  title: "Undo",
  description: "Undo an operation (default: your newest) by a new one; undoing that is a redo.",
  effect: "write",
  isIdempotent: false,
  input: {
    operation: text,
    branch: text,
    force: flag.describe("Despite later work on it"),
    dry_run: flag,
  },
  hiddenInSelf: ["branch"],
  output: {
    undone: z.strictObject({ id: z.string(), type: z.string() }),
    dry_run: z.boolean(),
    ref_moves: z.array(
      z.strictObject({ kind: z.string(), name: z.string(), before: z.unknown(), after: z.unknown() }),
    ),
    annotated: z.array(z.string()),
    conflicts: z.array(z.string()),
    unreachable: z.unknown(),
    ...WRITE_FIELDS,
  },
  readsOnly: ({ dry_run }) => dry_run === true,
  run: async ({ engine }, input) => {
    const result = await undo(engine, camelKeys(input));
    const short = await shortHashes(engine, [result.head]);
    const place =
      result.branch === null
        ? `HEAD is detached at ${short(result.head)}`
        : `${result.branch} is at ${short(result.head)}`;
    return {
      structured: snakeKeys(result),
      text: answer([headline(result), effects(result), `${place}.`], nextStep(result), result.warnings),
    };
  },
});

function headline({ undone, dryRun }: UndoResult): string {
  return `${dryRun ? "Would undo" : "Undid"} ${undone.type} ${undone.id}.`;
}

function effects({ refMoves, annotated, conflicts }: UndoResult): string {
  const parts = [
    ...refMoves.map(({ kind, name }) => `${kind} ${name}`),
    ...(annotated.length > 0 ? [`annotations of ${plural(annotated.length, "commit")}`] : []),
  ];
  const back = parts.length === 0 ? "" : `Put back: ${parts.join(", ")}.`;
  return conflicts.length === 0 ? back : `${back} Later work on the same: ${conflicts.join(", ")}.`;
}

function nextStep({ dryRun, operationId, conflicts }: UndoResult): string {
  if (dryRun)
    return conflicts.length > 0
      ? "undo the later operations first, or undo with force."
      : "undo without dry_run does it.";
  return `undo with operation ${operationId ?? "(this one)"} is the redo.`;
}
