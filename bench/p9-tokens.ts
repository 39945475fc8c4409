/** P9: token counting against gpt-tokenizer on ordinary text, and 1 MB of what has no breaks against 1 MB of prose. */
import { globSync, readFileSync } from "node:fs";
import { countTokens as countCl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { countTokens as countO200k } from "gpt-tokenizer/encoding/o200k_base";
import { type Encoding, loadTokenCounter, type TokenCounter } from "../src/engine/tokens/token-counter.ts";
import { LONG_RUNS } from "../test/engine/tokens/long-runs.ts";
import type { BenchResult } from "./bench-result.ts";
import { paired, timed } from "./harness.ts";

const MB = 1024 * 1024;
const ROUNDS = 5;
const WARM_UP_ROUNDS = 2;
const SPEED_MIN = 0.8;
const TIMES_PROSE_MAX = 20;

const PEERS: Readonly<Record<Encoding, typeof countO200k>> = {
  o200k_base: countO200k,
  cl100k_base: countCl100k,
};
const SPECIAL_TOKENS_ARE_TEXT = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };

export async function run(): Promise<BenchResult[]> {
  const texts = { prose: installed("md"), code: installed("js"), JSON: installed("json") };
  const results: BenchResult[] = [];
  for (const encoding of ["o200k_base", "cl100k_base"] as const) {
    const counter = await loadTokenCounter(encoding);
    for (const [kind, text] of Object.entries(texts)) results.push(await againstPeer(counter, kind, text));
    for (const [kind, make] of Object.entries(LONG_RUNS)) {
      results.push(await againstProse(counter, kind, make(MB), texts.prose));
    }
  }
  return results;
}

async function againstPeer(counter: TokenCounter, kind: string, text: string): Promise<BenchResult> {
  const countByPeer = (): number => PEERS[counter.encoding](text, SPECIAL_TOKENS_ARE_TEXT);
  const megabytes = Buffer.byteLength(text) / MB;
  const speed = async (count: () => number): Promise<number> => (megabytes * 1000) / (await timed(count));
  const { ours, floor, ratio } = await warmPaired(
    () => speed(() => counter.count(text)),
    () => speed(countByPeer),
  );
  const difference = counter.count(text) - countByPeer();
  return {
    id: "P9",
    measure: `${counter.encoding}, 1 MB of ${kind}, against gpt-tokenizer`,
    ours,
    floor,
    unit: "MB/s",
    ratio,
    bar: `≥ ${SPEED_MIN}`,
    pass: ratio >= SPEED_MIN && difference === 0,
    ...(difference === 0 ? {} : { note: `counts differ by ${difference}` }),
  };
}

async function againstProse(
  counter: TokenCounter,
  kind: string,
  text: string,
  prose: string,
): Promise<BenchResult> {
  const perMegabyte = async (counted: string): Promise<number> =>
    (await timed(() => counter.count(counted))) / (Buffer.byteLength(counted) / MB);
  const { ours, floor, ratio } = await warmPaired(
    () => perMegabyte(text),
    () => perMegabyte(prose),
  );
  return {
    id: "P9",
    measure: `${counter.encoding}, 1 MB of ${kind}, against prose`,
    ours,
    floor,
    unit: "ms",
    ratio,
    bar: `≤ ${TIMES_PROSE_MAX}`,
    pass: ratio <= TIMES_PROSE_MAX,
  };
}

async function warmPaired(
  ours: () => Promise<number>,
  floor: () => Promise<number>,
): ReturnType<typeof paired> {
  await paired(WARM_UP_ROUNDS, ours, floor);
  return paired(ROUNDS, ours, floor);
}

/** 1 MB of the files of a kind that came with the dependencies: real, and no part of it twice. */
function installed(extension: string): string {
  const root = new URL("../node_modules/", import.meta.url).pathname;
  let text = "";
  for (const file of globSync(`**/*.${extension}`, { cwd: root }).sort()) {
    if (text.length >= MB) break;
    // gpt-tokenizer counts a byte order mark as two tokens, where js-tiktoken and we count one.
    text += readFileSync(`${root}${file}`, "utf8")
      .replaceAll("\ufeff", "")
      .slice(0, MB / 16);
  }
  return text.slice(0, MB).toWellFormed();
}
