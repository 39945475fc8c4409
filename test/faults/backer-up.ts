/** A process that makes a backup of a store; prints when it begins and when it is done, or what was refused. Arguments: store, file. */
import { writeSync } from "node:fs";
import { StoreError } from "../../src/storage/errors.ts";
import { openStore } from "../../src/storage/open-store.ts";

const [location = "", file = ""] = process.argv.slice(2);
const store = await openStore(location);
writeSync(1, "begins\n");
// So that whoever listens can act in the middle of it: making the backup blocks this process.
await new Promise((resolve) => setImmediate(resolve));
try {
  await store.backupTo(file);
  writeSync(1, "done\n");
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  writeSync(1, `${error.failure}\n`);
}
await store.close();
