/** Tool import_transcript: brings in transcripts of other programs, each on a branch of its own (spec 6.5, 8; spec 9, 33). */
import { z } from "zod";
import { type ImportResult, importTranscript } from "../../engine/transcripts/import-transcript.ts";
import { TRANSCRIPT_FORMATS } from "../../engine/transcripts/parsed-transcript.ts";
import { snakeKeys } from "../names.ts";
import { text, WRITE_FIELDS } from "../params.ts";
import { wrongArgument } from "../parse-arguments.ts";
import { answer, columns, count, plural } from "../render.ts";
import { defineTool, type Tool } from "../tool.ts";

const place = {
  line: z.int().optional(),
  entry: z.int().optional(),
  index: z.int().optional(),
  branch: z.string().optional(),
};

export const importTranscriptTool: Tool = defineTool({
  name: "import_transcript",
  title: "Import a transcript",
  description: "Import a transcript, from path or text, as branches; again adds only what is new.",
  effect: "write",
  isIdempotent: true,
  input: {
    path: text,
    text: text,
    format: z.enum(["auto", ...TRANSCRIPT_FORMATS]).default("auto"),
    branch: text,
  },
  output: {
    format: z.string(),
    imported: z.int(),
    repaired: z.array(z.strictObject({ ...place, how: z.string() })),
    skipped: z.array(z.strictObject({ ...place, why: z.string() })),
    branches: z.array(
      z.strictObject({
        name: z.string(),
        head: z.string().nullable(),
        commits: z.int(),
        created: z.boolean(),
      }),
    ),
    ...WRITE_FIELDS,
  },
  run: async ({ engine, signal, progress, readTextFile }, { path, text: given, format, branch }) => {
    if ((path === undefined) === (given === undefined))
      throw wrongArgument("path", "expected either path or text");
    const source =
      path === undefined ? { text: given ?? "" } : { text: await readTextFile(path), sourceName: path };
    const result = await importTranscript(engine, { ...source, format, branch }, { signal, progress });
    // A file of several transcripts moved several branches: then none of them is the branch of the call.
    const [only, second] = result.branches;
    const moved =
      second === undefined
        ? { branch: only?.name ?? null, head: only?.head ?? null }
        : { branch: null, head: null };
    return { structured: { ...snakeKeys(result), ...moved }, text: described(result) };
  },
});

const BRANCHES_SHOWN = 20;
const NOTES_SHOWN = 10;

function described(result: ImportResult): string {
  const { branches, repaired, skipped, imported, format } = result;
  const rows = branches
    .slice(0, BRANCHES_SHOWN)
    .map(({ name, commits, created }) => [name, plural(commits, "commit"), created ? "new" : ""]);
  const notes = [
    ...skipped.map(({ why }) => `skipped: ${why}`),
    ...repaired.map(({ how }) => `repaired: ${how}`),
  ];
  return answer(
    [
      `Imported ${plural(imported, "commit")} from ${format} on ${plural(branches.length, "branch", "branches")}; ${count(repaired.length)} repaired, ${count(skipped.length)} skipped.`,
      columns(rows),
      branches.length > BRANCHES_SHOWN ? `… and ${count(branches.length - BRANCHES_SHOWN)} more` : null,
      ...[...new Set(notes)].slice(0, NOTES_SHOWN),
    ],
    nextStep(result),
    result.warnings,
  );
}

function nextStep({ imported, branches }: ImportResult): string {
  const first = branches[0]?.name;
  if (imported === 0 || first === undefined) return "everything was there already; search finds its words.";
  return `compile with ref ${first} reads it; branch with action switch goes there.`;
}
