/** What doctor says of stores in a bad way, and how it says it where there is little room. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type Cli, createCli } from "../support/cli.ts";

let cli: Cli;
let store: string;
beforeEach(() => {
  cli = createCli();
  store = join(cli.folder, "kept", "tract.db");
});
afterEach(() => cli.remove());

const report = z.object({
  ok: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

async function storeCheck(): Promise<{ readonly ok: boolean; readonly detail: string } | undefined> {
  const { checks } = report.parse(await cli.json(["doctor", "--store", store]));
  return checks.find(({ name }) => name === "store");
}

test("an empty file is a store that is not there yet, and stays empty", async () => {
  store = join(cli.folder, "empty.db");
  writeFileSync(store, "");
  expect(await storeCheck()).toMatchObject({ ok: true, detail: "not there yet: the first call makes it" });
  expect((await cli.run(["backup", "copy.db", "--store", store])).err).toContain("[not-found]");
  expect(readFileSync(store, "utf8")).toBe("");
  expect((await cli.run(["commit", "the first", "--store", store])).exitCode).toBe(0);
});

test("a log whose store is lost is no store that the first call makes", async () => {
  await cli.run(["commit", "kept in the log", "--store", store]);
  const file = readFileSync(store);
  rmSync(store);
  writeFileSync(`${store}-wal`, "changes of a store");
  expect(await storeCheck()).toMatchObject({
    ok: false,
    detail: expect.stringContaining("the log beside it"),
  });
  expect((await cli.run(["commit", "x", "--store", store])).exitCode).toBe(1);
  rmSync(`${store}-wal`);
  writeFileSync(store, file);
  expect(await storeCheck()).toMatchObject({ ok: true });
});

test("the store's whole path is there to be read and copied, however narrow the terminal is", async () => {
  const long = join(cli.folder, "Library", "Application Support", "a folder with a long name", "tract.db");
  const { out } = await cli.run(["doctor", "--store", long], { isOutTerminal: true, width: 80 });
  const rows = out.slice(out.indexOf("\nstore "), out.indexOf("\ntract "));
  // What is left when the other columns and the breaks are taken out; the tables' own test holds that lines fit.
  expect(rows.replace("--store", "").replaceAll(/\s/g, "")).toBe(`storesqlite:${long}`.replaceAll(/\s/g, ""));
});
