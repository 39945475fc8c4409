/** A process that commits until it cannot, and then once more; prints hashes, and the codes of the two errors. Arguments: store. */
import { writeSync } from "node:fs";
import { openStore, TractError } from "../../src/index.ts";

const [location = ""] = process.argv.slice(2);
const FILLER = "We looked at several ways to do this and talked about each of them at some length. ";

/** To the first failure. */
async function fill(): Promise<string> {
  try {
    const store = await openStore(location);
    try {
      const tract = await store.tract("shared", { worktree: "filler" });
      for (let i = 0; ; i++) {
        const { hash } = await tract.user(
          `${process.pid} ${i} ${performance.now()} ${FILLER.repeat(i % 20)}`,
        );
        writeSync(1, `${hash}\n`);
      }
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof TractError)) throw error;
    return error.code;
  }
}

const first = await fill();
writeSync(1, `${first}\n${await fill()}\n`);
