/** A process that brings a store to this version's schema and kills itself before the nth statement of that. Arguments: file, n. Prints how many statements it ran when it comes to the end. */
import { writeSync } from "node:fs";
import Database from "better-sqlite3";
import type { Connection } from "../../src/storage/sqlite/connection.ts";
import { migrate } from "../../src/storage/sqlite/migrate.ts";

const [file = "", nth = "0"] = process.argv.slice(2);
let statements = 0;
const database = new Database(file, {
  verbose: () => {
    statements += 1;
    if (statements === Number(nth)) process.kill(process.pid, "SIGKILL");
  },
});
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = 10;");
statements = 0;
const connection = {
  driver: "better-sqlite3",
  sql: (text: string) => database.prepare(text).raw(true),
  exec: (script: string) => void database.exec(script),
  close: () => void database.close(),
} as unknown as Connection; // As connection.ts makes one over the same driver.
migrate(connection);
writeSync(1, `${statements}\n`);
connection.close();
