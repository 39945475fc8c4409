/** A process that gives up attempts of so many commits in a shared store and collects them, so many times; prints how far gc is. Arguments: store, name, times, commits. */
import { writeSync } from "node:fs";
import { openStore } from "../../src/index.ts";

const [location = "", name = "", times = "0", commits = "0"] = process.argv.slice(2);
const store = await openStore(location);
const tract = await store.tract("shared", { worktree: name });
for (let time = 0; time < Number(times); time++) {
  const branch = `${name}-${time}`;
  await tract.createBranch({ name: branch, from: "main", switch: true });
  const items = Array.from({ length: Number(commits) }, (_, i) => ({ content: `${branch} tries ${i}` }));
  await tract.batch(items);
  await tract.checkout("main");
  await tract.deleteBranch({ name: branch, force: true });
  // HEAD went to main twice, so that nothing returns to the attempt.
  await tract.createBranch({ name: `${branch}-end`, from: "main", switch: true });
  await tract.checkout("main");
  writeSync(1, "collecting\n");
  const { removed } = await tract.gc({
    dryRun: false,
    olderThanDays: 0,
    keepOperationsDays: 0,
    progress: (done) => void writeSync(1, `removed ${done}\n`),
  });
  writeSync(1, `done ${removed.commits}\n`);
}
await tract.close();
