/** A process that commits to a shared store and prints each commit's hash once it is acknowledged. Arguments: store, name, count. */
import { writeSync } from "node:fs";
import { openStore } from "../../src/index.ts";

const [location = "", name = "", count = "0"] = process.argv.slice(2);
const store = await openStore(location);
const tract = await store.tract("shared", { worktree: name });
writeSync(1, "ready\n");
for (let i = 0; i < Number(count); i++) {
  const { hash } = await tract.user(`${name} says ${i}`);
  writeSync(1, `${hash}\n`);
}
await tract.close();
