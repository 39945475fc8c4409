/** Merges several newest-first lists of keys into one page: each comes from its own seek in an index, so a page costs no scan. */
export function newestOf(streams: readonly (() => readonly number[])[], limit: number): readonly number[] {
  return pageOf(streams, limit, (a, b) => b - a);
}

export function oldestOf(streams: readonly (() => readonly number[])[], limit: number): readonly number[] {
  return pageOf(streams, limit, (a, b) => a - b);
}

function pageOf(
  streams: readonly (() => readonly number[])[],
  limit: number,
  order: (a: number, b: number) => number,
): readonly number[] {
  let page: number[] = [];
  for (const read of streams) page = [...page, ...read()].sort(order).slice(0, limit);
  return page;
}
