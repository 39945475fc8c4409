/** The ledger of a session as a resource: pages that lead to one another, over everything the session did. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { readResource } from "../../src/server/mcp/resource-reader.ts";
import { parseResourceUri, resourceUri } from "../../src/tools/resource-uris.ts";
import { openTestEngine, TEST_SCOPE, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";

const SESSION = "SES-01J00000000000000000000000";
let on: TestEngine;
let engine: Engine;
beforeEach(async () => {
  on = await openTestEngine({ store: "memory", limits: { pageMax: 4 } });
  const provenance = { ...TEST_SCOPE.provenance, session_id: SESSION };
  engine = withScope(on.engine, { provenance });
});
afterEach(async () => await on.close());

interface Page {
  readonly entries: readonly { readonly seq: number }[];
  readonly count: number;
  readonly next: string | null;
}

async function read(uri: string): Promise<Page> {
  const address = parseResourceUri(uri);
  if (address === null) throw new Error(`no address: ${uri}`);
  return JSON.parse(await readResource(engine, address, new AbortController().signal));
}

it("gives every entry once, newest first, and ends without a next page", async () => {
  for (let i = 0; i < 8; i++) await say(engine, `message ${i}`);
  await say(on.engine, "somebody else's");
  const seen: number[] = [];
  let pages = 0;
  for (
    let uri: string | null = resourceUri({ kind: "ledger", tract: "test", session: SESSION, cursor: null });
    uri !== null;
    pages++
  ) {
    const page: Page = await read(uri);
    expect(page.count).toBe(9); // GENESIS among them.
    seen.push(...page.entries.map(({ seq }) => seq));
    uri = page.next;
  }
  expect(pages).toBe(3);
  expect(seen).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
});

it("refuses a cursor that is none, and one of another session", async () => {
  for (let i = 0; i < 8; i++) await say(engine, `message ${i}`);
  const { next } = await read(`tract://test/ledger/${SESSION}`);
  await expect(read(`tract://test/ledger/${SESSION}?cursor=zzz`)).rejects.toMatchObject({
    code: "invalid-argument",
  });
  const other = "SES-01J00000000000000000000009";
  await say(withScope(engine, { provenance: { ...engine.scope.provenance, session_id: other } }), "x");
  await expect(read((next ?? "").replace(SESSION, other))).rejects.toMatchObject({
    code: "invalid-argument",
  });
});
