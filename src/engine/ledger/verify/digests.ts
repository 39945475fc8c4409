/** Holds an operation and its annotations against the digests in its ledger entry, and says as far as it can which field was changed. */
import type {
  AnnotationRecord,
  Json,
  JsonObject,
  LedgerRecord,
  OperationRecord,
} from "../../../storage/records.ts";
import { type HashedOperation, hashAnnotations, hashOperation } from "../operation-digests.ts";

/** The field that is not as the entry's digest says; "record" when it cannot be told which. null when the digest holds. */
export function fieldAgainstRecord(operation: OperationRecord, { metadata }: LedgerRecord): string | null {
  const { annotationsFrom, annotationsTo } = operation;
  const hashed = { ...operation, annotationCount: annotationsTo - annotationsFrom };
  const isSound = (change: Partial<HashedOperation>): boolean =>
    hashOrNull(() => hashOperation({ ...hashed, ...change })) === metadata.record;
  if (isSound({})) return null;
  return guesses(operation, metadata).find(([, change]) => isSound(change))?.[0] ?? "record";
}

/** What single fields most likely were: nothing at all, or what the entry says of them. */
function guesses(
  { results, sources }: OperationRecord,
  metadata: JsonObject,
): readonly (readonly [field: string, change: Partial<HashedOperation>])[] {
  const written = annotationsOf(metadata)?.count;
  return [
    ["idempotency_key", { idempotencyKey: null }],
    ["params", { params: {} }],
    ["undoes", { undoes: null }],
    ["original_tokens", { originalTokens: tokensOf(metadata.original_tokens) }],
    ["compressed_tokens", { compressedTokens: tokensOf(metadata.compressed_tokens) }],
    ["sources", { sources: [] }],
    ["sources", { sources: results }],
    ["results", { results: [] }],
    ["results", { results: sources }],
    ["ref_moves", { refMoves: [] }],
    ["annotations", { annotationCount: typeof written === "number" ? written : 0 }],
  ];
}

/** The state that an annotation gives: what no other row tells of. */
type State = Pick<AnnotationRecord, "labels" | "priority" | "reason" | "retain">;
export interface ChangedAnnotation {
  /** null: one of those that the operation wrote. */
  readonly sequence: number | null;
  /** null: one of branch, priority, retain, labels and reason. */
  readonly field: keyof State | null;
}

/** Rows among which the changed one is looked for. */
const GUESSED_ROWS_MAX = 200;

/** null when the annotations are what the entry's digest says. */
export function changedAnnotation(
  rows: readonly AnnotationRecord[],
  { metadata }: LedgerRecord,
): ChangedAnnotation | null {
  const digest = annotationsOf(metadata)?.digest;
  if (hashOrNull(() => hashAnnotations(rows)) === digest) return null;
  const [only, ...others] = rows;
  if (rows.length <= GUESSED_ROWS_MAX)
    for (const [index, row] of rows.entries())
      for (const [field, state] of otherStates(row, rows[index === 0 ? 1 : 0]))
        if (hashOrNull(() => hashAnnotations(rows.with(index, { ...row, ...state }))) === digest)
          return { sequence: row.sequence, field };
  return { sequence: only !== undefined && others.length === 0 ? only.sequence : null, field: null };
}

/** Annotations of one operation are mostly alike, so a neighbour tells what a row was. */
function otherStates(
  row: AnnotationRecord,
  neighbour: AnnotationRecord | undefined,
): readonly (readonly [field: keyof State, state: Partial<State>])[] {
  const priorities = ["skip", "normal", "important", "pinned", null] as const;
  return [
    ...priorities
      .filter((priority) => priority !== row.priority)
      .map((priority) => ["priority", { priority }] as const),
    ["reason", { reason: neighbour?.reason ?? null }],
    ["labels", { labels: neighbour?.labels ?? [] }],
    ["retain", { retain: neighbour?.retain ?? null }],
  ];
}

/** Entries of operations that replace something say the tokens, too. */
function tokensOf(said: Json | undefined): number | null {
  return typeof said === "number" ? said : null;
}

function annotationsOf({ annotations }: JsonObject): JsonObject | null {
  // An object that is no list is JsonObject; TypeScript does not narrow readonly lists away.
  return typeof annotations === "object" && annotations !== null && !Array.isArray(annotations)
    ? (annotations as JsonObject)
    : null;
}

/** null for what cannot be hashed at all. */
function hashOrNull(hash: () => string): string | null {
  try {
    return hash();
  } catch {
    return null;
  }
}
