/** A spawn changes two tracts: whichever statement fails, both are as they were. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { spawn } from "../../../src/engine/agents/spawn.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { verify } from "../../../src/engine/ledger/verify.ts";
import { withTractErrors } from "../../../src/engine/store-failure.ts";
import { type Connection, loadDriver } from "../../../src/storage/sqlite/connection.ts";
import { openDatabase } from "../../../src/storage/sqlite/open-database.ts";
import { SqliteStore } from "../../../src/storage/sqlite/store.ts";
import { openTestEngine, type TestEngine } from "../../support/engine.ts";
import { allRefs, say } from "../../support/history.ts";

let test: TestEngine;
let folder: string;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  folder = mkdtempSync(join(tmpdir(), "tract-spawn-"));
});
afterEach(async () => {
  await test.close();
  rmSync(folder, { recursive: true, force: true });
});

class SqliteError extends Error {
  readonly code = "SQLITE_FULL";
}

/** The engine on a store whose nth writing statement from now on fails. */
async function openFaulty(): Promise<{
  engine: Engine;
  fail: (statement: number) => void;
  close: () => Promise<void>;
}> {
  const file = join(folder, "store.db");
  const patience = { deadlineMs: 0, now: () => 0, wait: async () => {}, random: () => 0 };
  const driver = await loadDriver();
  const opened = await openDatabase(driver, file, { readonly: false }, patience);
  let left = Number.POSITIVE_INFINITY;
  const connection: Connection = {
    ...opened.connection,
    sql(text) {
      const statement = opened.connection.sql(text);
      if (!/^(?:INSERT|UPDATE|COMMIT)/.test(text.trim())) return statement as never;
      return {
        ...statement,
        get: (...values: never[]) => statement.get(...values),
        all: (...values: never[]) => statement.all(...values),
        run: (...values: never[]) => {
          left -= 1;
          if (left === 0) throw new SqliteError("disk full");
          return statement.run(...values);
        },
      } as never;
    },
  };
  const store = new SqliteStore({
    file,
    opened: { ...opened, connection },
    patience,
    sync: null,
    openMemory: driver.openMemory,
  });
  return {
    engine: { ...test.engine, store },
    fail: (statement) => {
      left = statement;
    },
    close: () => store.close(),
  };
}

it.each(["tract", "branch"] as const)("a spawn as %s happens as a whole or not at all", async (as) => {
  const { engine, fail, close } = await openFaulty();
  await say(engine, "Be brief.", { role: "system" });
  await say(engine, "hello", { priority: "important" });
  const before = { refs: await allRefs(engine), tract: await engine.store.findTract("test") };
  const inherit = as === "tract" ? "full" : "head";
  let failures = 0;
  for (let statement = 1; ; statement++) {
    fail(statement);
    const outcome = await withTractErrors(spawn(engine, { purpose: "go", name: "child", as, inherit })).catch(
      (error: unknown) => error,
    );
    if (!(outcome instanceof Error)) break;
    expect(outcome).toMatchObject({ code: "store-full" });
    failures += 1;
    expect({ refs: await allRefs(engine), tract: await engine.store.findTract("test") }).toEqual(before);
    expect((await engine.store.listTracts()).map(({ name }) => name)).toEqual(["test"]);
  }
  expect(failures).toBeGreaterThan(15);
  fail(Number.POSITIVE_INFINITY);
  const tracts = as === "tract" ? ["test", "test/child"] : ["test"];
  expect((await engine.store.listTracts()).map(({ name }) => name)).toEqual(tracts);
  for (const tract of tracts)
    expect((await verify({ ...engine, scope: { ...engine.scope, tract } })).problems).toEqual([]);
  await close();
});
