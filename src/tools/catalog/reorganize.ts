/** Tool reorganize: makes the commits of a branch again on another base, in another order, or fewer of them (spec 3.4, 8). */
import { z } from "zod";
import { type ReorganizeResult, reorganize } from "../../engine/rewrite/reorganize.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { flag, onMissingTarget, stringList, text } from "../params.ts";
import { answer, count, plural, shortHashes } from "../render.ts";
import { MAPPING, REWRITE_FIELDS, warningLines } from "../rewrite-fields.ts";
import { defineTool, type Tool } from "../tool.ts";

/** A run may also be a plain list of refs; hosts want one type for all items. */
const runs = z
  .array(
    z.union([
      z.array(z.string()),
      z.strictObject({ refs: z.array(z.string()), content: z.unknown().optional(), message: text }),
    ]),
  )
  .meta({ listed: { type: "array", items: { type: "object" } } })
  .optional();
const messages = z
  .array(z.strictObject({ ref: z.string(), message: z.string() }))
  .meta({ listed: { type: "array", items: { type: "object" } } })
  .optional();

export const reorganizeTool: Tool = defineTool({
  name: "reorganize",
  title: "Reorganize a branch",
  description:
    "Rebase: make a branch's commits again, onto another ref, reordered, dropped, squashed or reworded.",
  effect: "write",
  isIdempotent: false,
  input: {
    onto: text,
    from: text.describe("Old base, exclusive"),
    order: stringList.describe("New order"),
    drop: stringList,
    squash: runs.describe("{refs (adjacent), content?, message?}"),
    reword: messages.describe("{ref, message}"),
    on_missing_target: onMissingTarget,
    force: flag,
    dry_run: flag,
    branch: text,
  },
  output: {
    dry_run: z.boolean(),
    mapping: MAPPING,
    kept: z.int(),
    ...REWRITE_FIELDS,
  },
  readsOnly: ({ dry_run }) => dry_run === true,
  run: async ({ engine }, input) => {
    const result = await reorganize(engine, camelKeys(input));
    const short = await shortHashes(engine, result.dryRun ? [] : [result.head]);
    const place = result.dryRun ? "" : `${result.branch} is at ${short(result.head)}, `;
    const size = `${count(result.tokensBefore)} → ${count(result.tokensAfter)} tokens.`;
    return {
      structured: snakeKeys(result),
      text: answer(
        [headline(result), `${place}${size}`],
        result.dryRun
          ? "reorganize without dry_run does it; hashes will differ."
          : "mapping in the result gives the new hashes; undo takes it back.",
        warningLines(result.warnings),
      ),
    };
  },
});

function headline({ dryRun, kept, mapping }: ReorganizeResult): string {
  const made = new Set(mapping.flatMap(({ to }) => to ?? [])).size;
  const left = mapping.filter(({ to }) => to === null).length;
  const parts = [
    `${dryRun ? "Would make" : "Made"} ${plural(made, "commit")} of ${count(mapping.length)}`,
    ...(left === 0 ? [] : [`left out ${count(left)}`]),
    ...(kept === 0 ? [] : [`kept ${count(kept)} as they are`]),
  ];
  return `${parts.join(", ")}.`;
}
