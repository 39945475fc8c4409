/** A process that commits to a shared store and prints each commit's hash once it is acknowledged. Arguments: store, name, count, whether every second commit goes to a branch of its own ("own"), bytes of each. */
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { openStore } from "../../src/index.ts";

const [location = "", name = "", count = "0", where = "main", bytes = "0"] = process.argv.slice(2);
const store = await openStore(location);
const tract = await store.tract("shared", { worktree: name });
writeSync(1, "ready\n");
for (let i = 0; i < Number(count); i++) {
  if (where === "own" && i === 1) await tract.createBranch({ name });
  const branch = where === "own" && i % 2 === 1 ? name : "main";
  // Nothing that would be packed small.
  const filler = randomBytes(Number(bytes) / 2).toString("hex");
  const { head } = await tract.commit(`${name} says ${i} ${filler}`, { branch });
  writeSync(1, `${head}\n`);
}
await tract.close();
