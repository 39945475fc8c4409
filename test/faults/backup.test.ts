/** A backup that is killed: whoever looks for it finds a whole one or none, and the store is as it was (spec 7.3). */
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";
import { runs, timeLimit } from "../support/long-mode.ts";
import { seededChance, startScript } from "./child.ts";
import { expectKept } from "./expect-whole.ts";

/** Large enough that a backup takes a while. */
const COMMITS = 8;
const COMMIT_BYTES = 256 * 1024;

let folder: string;
let location: string;
const commit: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "tract-backup-"));
  location = `sqlite:${path.join(folder, "store.db")}`;
  const store = await openStore(location, { durability: "normal" });
  const tract = await store.tract("shared");
  for (let i = 0; i < COMMITS; i++)
    commit.push((await tract.user(randomBytes(COMMIT_BYTES / 2).toString("hex"))).hash);
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rounds = runs(5, 100);

it(`killed ${rounds} times, is whole or not there, and can be made again under its name`, {
  timeout: timeLimit(60_000),
}, async () => {
  const target = path.join(folder, "backup.db");
  const chance = seededChance(3);
  const found = new Set<boolean>();
  for (let round = 0; round < rounds; round++) {
    // The first is killed as soon as it has begun, the last when it is done.
    const delayMs = round === 0 ? 0 : chance() * DELAY_MS_MAX;
    const isLast = round === rounds - 1;
    const { ended } = startScript("backer-up", [location, target], (line, child) => {
      if (line === "begins" && !isLast) setTimeout(() => child.kill("SIGKILL"), delayMs);
      if (line === "done") child.kill("SIGKILL");
    });
    expect((await ended).errors).toBe("");
    found.add(existsSync(target));
    if (!existsSync(target)) continue;
    await expectKept(`sqlite:${target}`, { operation: [], commit });
    rmSync(target);
  }
  expect(found).toEqual(new Set([false, true]));
  await expectKept(location, { operation: [], commit });
});

/** Longer than a backup of this store takes on a quick disk. */
const DELAY_MS_MAX = 40;

it("that finds a file under its name leaves it as it is", async () => {
  const target = path.join(folder, "taken.db");
  writeFileSync(target, "somebody's own");
  const { lines, ended } = startScript("backer-up", [location, target]);
  await ended;
  expect(lines).toEqual(["begins", "store-unusable"]);
  expect(readFileSync(target, "utf8")).toBe("somebody's own");
});
