/** P11: bytes on disk for bytes of content, without the search index: 1 KB messages, and real transcripts where they are at hand. */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { zstdDecompressSync } from "node:zlib";
import Database from "better-sqlite3";
import { openStore } from "../src/index.ts";
import type { BenchResult } from "./bench-result.ts";
import { prose } from "./harness.ts";
import { withScratch } from "./scratch.ts";

const COMMITS = 20_000;
/** Third-party transcripts that lie beside the checkout on some machines; never part of the repository. */
const DATA = path.join(import.meta.dirname, "../../shared/data");
const TRANSCRIPTS = [
  "tau-bench-airline-dev.json",
  "swe-agent-marshmallow-long.traj",
  "swe-agent-marshmallow-function-calling.traj",
];

export async function run(): Promise<BenchResult[]> {
  return await withScratch(async (folder) => {
    const file = path.join(folder, "messages.db");
    const store = await openStore(file, { durability: "normal" });
    const tract = await store.tract("bench");
    for (let i = 0; i < COMMITS; i++) await tract.user(prose(i, 1_000));
    await store.close();
    const results = [result(`single commits of 1 KB`, sizes(file), 2)];
    if (!existsSync(DATA)) return results;
    const real = path.join(folder, "real.db");
    const transcripts = await openStore(real);
    const importing = await transcripts.tract("real");
    for (const name of TRANSCRIPTS)
      await importing.importTranscript({
        text: readFileSync(path.join(DATA, name), "utf8"),
        sourceName: name,
      });
    await transcripts.close();
    return [...results, result("real transcripts, imported", sizes(real), 1.2)];
  });
}

function result(
  measure: string,
  { disk, content }: { disk: number; content: number },
  bar: number,
): BenchResult {
  const ratio = disk / content;
  return {
    id: "P11",
    measure: `bytes on disk per byte of content: ${measure}`,
    ours: disk / 1e6,
    floor: content / 1e6,
    unit: "MB",
    ratio,
    bar: `≤ ${bar}`,
    pass: ratio <= bar,
  };
}

/** The file, to which no search has added an index yet, and the canonical JSON of what its commits hold (each commit counts its content). */
function sizes(file: string): { disk: number; content: number } {
  const database = new Database(file);
  database.pragma("wal_checkpoint(TRUNCATE)");
  const rows = database
    .prepare("SELECT b.body FROM commits c JOIN contents b ON b.id = c.content_id")
    .pluck()
    .iterate() as IterableIterator<string | Buffer>;
  let content = 0;
  for (const body of rows) content += typeof body === "string" ? Buffer.byteLength(body) : unpackedSize(body);
  database.close();
  return { disk: statSync(file).size, content };
}

function unpackedSize(body: Buffer): number {
  return zstdDecompressSync(body).length;
}
