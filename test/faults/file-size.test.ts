/** Files that may not grow beyond a size, which is what a full disk or a quota looks like where none can be mounted (spec 7.3). */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";
import { CODE_CACHE } from "../support/child-env.ts";
import { runs } from "../support/long-mode.ts";
import { startScript } from "./child.ts";
import { expectWhole } from "./expect-whole.ts";

let folder: string;
let location: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-file-size-"));
  location = `sqlite:${path.join(folder, "store.db")}`;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a script of this folder that may write no file beyond so many blocks of 512 bytes; gives what it printed. */
async function runLimited(
  script: string,
  args: readonly string[],
  blocks: number,
): Promise<readonly string[]> {
  const file = path.join(import.meta.dirname, `${script}.ts`);
  // The shell takes the rest as arguments of its own: nothing of them is read as a command.
  const limited = ["-c", `ulimit -f ${blocks}; exec "$@"`, "sh", process.execPath, file, ...args];
  const child = spawn("sh", limited, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: CODE_CACHE },
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  await new Promise((resolve) => child.on("close", resolve));
  return out.split("\n").filter((line) => line !== "");
}

/** Sizes at which the store itself, its first commits, and its log meet the limit. */
const BLOCKS =
  runs(1, 2) === 1 ? [60, 1_500] : [1, 8, 60, 63, 64, 66, 100, 200, 300, 400, 500, 1_000, 1_500, 3_000];

it.each(BLOCKS)(
  "at %d blocks of 512 bytes a writer is told, twice, and all that it was answered is there",
  async (blocks) => {
    const told = await runLimited("filler", [location], blocks);
    const commit = told.filter((line) => /^[0-9a-f]{64}$/.test(line));
    expect(told.slice(commit.length)).toEqual(["store-full", "store-full"]);
    // Without the limit the next goes on.
    const writer = startScript("writer", [location, "next", "3"]);
    expect(await writer.ended).toEqual({ code: 0, errors: "" });
    commit.push(...writer.lines.filter((line) => line !== "ready"));
    await expectWhole(location, { operation: [], commit });
    const store = await openStore(location);
    expect((await (await store.tract("shared")).status()).commits).toBe(commit.length);
    await store.close();
  },
);
