/** Checks labels: free strings, each once, in the order given (spec 1.6; spec 9, 1). */
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";

/**
 * The labels without repeats.
 *
 * @throws TractError `invalid-argument` for an empty, overlong or ill-formed label, or too many of them.
 */
export function readLabels(engine: Engine, labels: readonly string[], path: string): readonly string[] {
  const { labelsMax, labelCharsMax } = engine.limits;
  const unique = [...new Set(labels)];
  if (unique.length > labelsMax) throw invalid(path, `at most ${labelsMax} labels`);
  for (const label of unique) {
    if (label.trim() === "" || label.length > labelCharsMax || !label.isWellFormed()) {
      throw invalid(path, `labels of 1 to ${labelCharsMax} characters of well-formed Unicode`);
    }
  }
  return unique;
}

function invalid(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: "Correct the labels and call again; nothing was stored.",
    data: { path, expected },
  });
}
