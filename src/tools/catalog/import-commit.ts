/** Tool import_commit: the same contents on this branch as new commits (spec 3.4, 8). */
import { importCommit } from "../../engine/rewrite/import-commit.ts";
import { camelKeys, snakeKeys } from "../names.ts";
import { onMissingTarget, refs, text } from "../params.ts";
import { answer, columns, count, plural, shortHashes } from "../render.ts";
import { MAPPING, REWRITE_FIELDS, warningLines } from "../rewrite-fields.ts";
import { defineTool, type Tool } from "../tool.ts";

/** Pairs that the text shows. */
const PAIRS_SHOWN = 20;

export const importCommitTool: Tool = defineTool({
  name: "import_commit",
  title: "Import commits",
  description: "Copy commits onto the branch (cherry-pick), also from another tract.",
  effect: "write",
  isIdempotent: false,
  input: {
    refs: refs.describe("Or ranges a..b"),
    from_tract: text,
    on_missing_target: onMissingTarget,
    branch: text,
  },
  output: { mapping: MAPPING, ...REWRITE_FIELDS },
  run: async ({ engine }, input) => {
    const result = await importCommit(engine, camelKeys(input));
    const shown = result.mapping.filter(({ to }) => to !== null).slice(0, PAIRS_SHOWN);
    const short = await shortHashes(engine, [result.head, ...shown.map(({ to }) => to)]);
    const made = result.mapping.filter(({ to }) => to !== null).length;
    const size = `${count(result.tokensBefore)} → ${count(result.tokensAfter)} tokens`;
    return {
      structured: snakeKeys(result),
      text: answer(
        [
          `Imported ${plural(made, "commit")}; ${result.branch} is at ${short(result.head)}, ${size}.`,
          columns(shown.map(({ from, to }) => [from.slice(0, 12), "→", short(to)])),
          made > shown.length ? `… and ${count(made - shown.length)} more in mapping` : null,
        ],
        "compile shows the context; undo takes it back.",
        warningLines(result.warnings),
      ),
    };
  },
});
