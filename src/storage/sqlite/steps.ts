/** Work in steps, for what may be too long to be done at once. */

/** How many rows make a step: some milliseconds. */
export const ROWS_PER_STEP: number = 500;

/** All steps at once. */
export function allSteps<Result>(steps: Generator<void, Result, void>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
