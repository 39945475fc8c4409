/** Pairs of measurements in one run: rounds in turn, medians, one ratio. Machines are shared and noisy; ratios hold. */

/** Median of a list of numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds of each of `count` calls. */
export async function timings(count: number, call: (i: number) => unknown): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const pending = call(i);
    if (pending instanceof Promise) await pending;
    taken.push(performance.now() - start);
  }
  return taken;
}

/** Milliseconds of one call. */
export async function timed(call: () => unknown): Promise<number> {
  const start = performance.now();
  const pending = call();
  if (pending instanceof Promise) await pending;
  return performance.now() - start;
}

/** Runs two measurements in turn, A B A B …, and gives the median of each and the median of the ratios pair by pair. */
export async function paired(
  rounds: number,
  ours: (round: number) => Promise<number>,
  floor: (round: number) => Promise<number>,
): Promise<{ ours: number; floor: number; ratio: number }> {
  const a: number[] = [];
  const b: number[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) {
      a.push(await ours(round));
      b.push(await floor(round));
    } else {
      b.push(await floor(round));
      a.push(await ours(round));
    }
  }
  return {
    ours: median(a),
    floor: median(b),
    ratio: median(a.map((value, i) => value / (b[i] ?? Number.NaN))),
  };
}

const WORDS =
  "the of and to in is that for it as was with be by on not he but at are this have from or had which one you were all her she there would their we him been has when who will no more if out so up said what its about than into them can only other time new some could these two may first then do any like my now over such our man me even most made after also did many off before must well back through years where much your way down should because long each just state those people too mister how little good world make very year still see own work men day get here old between both life being under three never know same last another while us might great go come since against right came take used himself few house use place during high without again home around small however found part school thought went say general once upon war every does got united left number course until always away something fact water less public put thing almost hand enough took yet head system better set told nothing night end why called find going look asked later point knew next city business give group toward young days let room within children social given order early cost government token budget branch commit merge ledger agent context window compile history parent schema query index cache server client message tool result function return value error".split(
    " ",
  );

/** Different prose for every seed, of about `bytes` bytes; the same for the same seed. */
export function prose(seed: number, bytes: number): string {
  let state = (seed * 2654435761 + 12345) >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  let text = `${seed}:`;
  while (text.length < bytes) text += ` ${WORDS[next() % WORDS.length]}${next() % 13 === 0 ? "." : ""}`;
  // As a text that came from outside is: in one piece, not a chain of parts that the first reader pays for.
  return Buffer.from(text.slice(0, bytes)).toString();
}
