/** The floor of a commit: the same rows that Tract wrote, written again by bare prepared statements, with hashing and token counting. */
import { hash } from "node:crypto";
import path from "node:path";
import Database from "better-sqlite3";
import { loadTokenCounter } from "../src/engine/tokens/token-counter.ts";
import { INITIAL } from "../src/storage/sqlite/migrations/0001-initial.ts";
import { PLANS_AND_TOKENS } from "../src/storage/sqlite/migrations/0002-plans-and-tokens.ts";

/** Tables that get one row from each commit; the rest is written once and is copied before the clock runs. */
const PER_COMMIT = ["contents", "commits", "operations", "ref_moves", "ledger"] as const;

/** What one commit of Tract wrote. */
export interface CommitRows {
  readonly rows: readonly (readonly unknown[])[];
  /** Texts whose SHA-256 a commit takes: content, commit, ledger body, ledger entry, in about their sizes. */
  readonly hashed: readonly string[];
  readonly text: string;
}

export interface BareWriter {
  /** Writes the rows of the next commits in one transaction. */
  readonly write: (commits: readonly CommitRows[]) => void;
  readonly close: () => void;
}

/** Reads what `count` single commits wrote, in order, from a store made by Tract; `texts` are the texts that were committed. */
export function readCommitRows(file: string, texts: readonly string[]): CommitRows[] {
  const database = new Database(file, { readonly: true });
  const tables = PER_COMMIT.map(
    (table) => database.prepare(`SELECT * FROM ${table} ORDER BY 1`).raw().all() as unknown[][],
  );
  const offsets = tables.map((rows) => rows.length - texts.length); // Rows before the commits that are replayed, like GENESIS.
  database.close();
  return texts.map((text, i) => ({
    rows: tables.map((rows, table) => rows[i + (offsets[table] ?? 0)] ?? []),
    hashed: [text, text.slice(0, 600), text.slice(0, 500), text.slice(0, 170)],
    text,
  }));
}

/** A writer of such rows into a file of its own with the same schema and pragmas. */
export async function openBareWriter(
  folder: string,
  name: string,
  durability: "full" | "normal",
  { batched = false }: { batched?: boolean } = {},
): Promise<BareWriter> {
  const database = new Database(path.join(folder, name));
  database.pragma("journal_mode = WAL");
  database.pragma(`synchronous = ${durability}`);
  database.pragma("foreign_keys = OFF");
  database.exec(INITIAL);
  database.exec(PLANS_AND_TOKENS);
  database.exec(
    "INSERT INTO tracts VALUES (1, 'bench', 'o200k_base', 0, 0, 0, 0, x'', 0, 0, 0, 0); INSERT INTO refs VALUES (1, 1, 0, 'main', 1, NULL, NULL, NULL, 0);",
  );
  const columns = (table: string): string =>
    (database.pragma(`table_info(${table})`) as unknown[]).map(() => "?").join(",");
  const inserts = PER_COMMIT.map((table) =>
    database.prepare(`INSERT INTO ${table} VALUES (${columns(table)})`),
  );
  const moveRef = database.prepare("UPDATE refs SET commit_id = ?, updated_at = ? WHERE id = 1");
  const moveTract = database.prepare(
    "UPDATE tracts SET operation_sequence = ?, ledger_sequence = ?, ledger_head = ?, operation_time = ?, ledger_time = ? WHERE id = 1",
  );
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const tokens = await loadTokenCounter("o200k_base");
  let written = 0;
  return {
    write: (commits) => {
      let digest = "";
      for (const made of commits) for (const text of made.hashed) digest = hash("sha256", text, "hex");
      for (const made of commits) tokens.count(made.text);
      begin.run();
      for (const [at, made] of commits.entries()) {
        written++;
        // A batch is one operation: its row, its ref move and its ledger entry are written once, with the last commit.
        const rows = batched && at < commits.length - 1 ? 2 : inserts.length;
        for (let i = 0; i < rows; i++) inserts[i]?.run(...(made.rows[i] ?? []));
        if (rows < inserts.length) continue;
        moveRef.run(written, written);
        moveTract.run(written, written, Buffer.from(digest, "hex"), written, written);
      }
      commit.run();
    },
    close: () => database.close(),
  };
}
