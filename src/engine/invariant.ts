/** Assertions for our own mistakes: what must hold whatever the caller does. */

/** Throws when a condition that the code relies on does not hold. The message states the invariant positively. */
export function invariant(condition: unknown, statement: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${statement}`);
}

/** Marks the end of a switch over a union: reached only if a kind is missing. */
export function assertNever(value: never): never {
  throw new Error(`unexpected kind: ${String(value)}`);
}
