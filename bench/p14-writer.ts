/** A process that commits 1 KB of dialogue so many times once it is told to begin; says when it is ready and when it is done. Arguments: store, number, count, whether on a branch of its own ("own"). */
import { openStore } from "../src/index.ts";
import { prose } from "./harness.ts";

const [location = "", name = "", count = "0", place = "one"] = process.argv.slice(2);
/** A new process takes up to three times the processor time for a commit, and settles after some two thousand: what is measured is how they get along, not how they start. */
const WARM_UP = 2_000;
const store = await openStore(location, { durability: "full" });
const tract = await store.tract("bench", { worktree: name });
if (place === "own") await tract.createBranch({ name: `branch-${name}`, switch: true });
for (let i = 0; i < WARM_UP; i++) await tract.user(prose(-1 - i, 1_000));
process.send?.("ready");
process.once("message", async () => {
  const seed = Number(name) * 1_000_000;
  for (let i = 0; i < Number(count); i++) await tract.user(prose(seed + i, 1_000));
  await tract.close();
  process.send?.("done");
  process.disconnect?.();
});
