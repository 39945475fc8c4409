/** Who watches is told of what changed, once, and of nothing else, whoever changed it and however busy the server is. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { createServices, type Services } from "../../src/server/compose.ts";
import { resolveConfig } from "../../src/server/config.ts";
import { createLog } from "../../src/server/log.ts";
import { type ChangeWatcher, createChangeWatcher } from "../../src/server/mcp/change-watcher.ts";
import { serveMcpOnDemand } from "../../src/server/mcp/stdio.ts";
import { createRawClient, type RawClient, type RawMessage } from "../support/mcp-client.ts";

let folder: string;
let closing: (() => Promise<void>)[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-notifications-"));
  closing = [];
});
afterEach(async () => {
  for (const close of closing) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** As one process has them: a connection to the store of its own. */
function process(): Services {
  const config = resolveConfig({
    flags: { store: `sqlite:${folder}/test.db`, tract: "demo", profile: "full" },
    env: {},
    cwd: folder,
    homedir: folder,
    platform: "linux",
    readFile: () => null,
    exists: () => false,
  });
  return createServices(config, { authorKind: "agent", writeLog: () => undefined, files: "import_root" });
}

function connect(services: Services = process()): RawClient {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough() };
  const log = createLog("silent", () => undefined);
  const server = serveMcpOnDemand({ log, load: async () => services }, streams);
  closing.push(async () => {
    await server.close();
    await services.close();
  });
  return createRawClient({ input: streams.stdin, output: streams.stdout });
}

async function connectRaw(): Promise<RawClient> {
  const client = connect();
  await client.initialize();
  return client;
}

const call = async (client: RawClient, name: string, args: object = {}) => {
  const { result } = await client.request("tools/call", { name, arguments: args });
  expect(result.isError, result.content[0].text).toBeUndefined();
  return result.structuredContent;
};

const isNote = ({ method }: RawMessage): boolean => method?.startsWith("notifications/resources") === true;
const listChanged = ({ method }: RawMessage): boolean => method === "notifications/resources/list_changed";
const addressOf = ({ params }: RawMessage): unknown => params?.uri ?? "list";
const updated = (uri: string) => (note: RawMessage) => isNote(note) && note.params?.uri === uri;

describe("a client", () => {
  /** Addresses are looked at in this order, so what comes last tells that the others were. */
  const last = "tract://last/log/main";

  it.each(["its own", "another's"])("is told exactly of what %s calls change", async (whose) => {
    const [watching, other] = [await connectRaw(), await connectRaw()];
    const acting = whose === "its own" ? watching : other;
    const { hash: first } = (await call(other, "commit", { content: "one", role: "system" })).commits[0];
    const { hash: second } = (await call(other, "commit", { content: "two" })).commits[0];
    const [session] = (await call(other, "sessions")).sessions;
    const at = {
      main: "tract://demo/context/main",
      later: "tract://demo/context/later",
      log: "tract://demo/log/main",
      laterLog: "tract://demo/log/later",
      first: `tract://demo/commit/${first}`,
      second: `tract://demo/commit/${second.slice(0, 8)}`,
      records: "tract://demo/compile-records",
      ledger: `tract://demo/ledger/${session.id}`,
      status: "tract://demo/status",
      fresh: "tract://fresh/status",
    };
    for (const uri of [...Object.values(at), last]) await watching.request("resources/subscribe", { uri });

    /** What is told of a call, besides the ledger of the session that made it. */
    const toldOf = async (name: string, args: object): Promise<unknown[]> => {
      await call(acting, name, args);
      const told: unknown[] = [];
      // A look may be under way when the call ends; the second one begins after it.
      for (let looks = 1; looks <= 2; looks++) {
        await call(watching, "commit", { content: `after ${name}, ${looks}`, tract: "last" });
        do told.push(addressOf(await watching.next(isNote)));
        while (told.at(-1) !== last);
      }
      return told.filter((uri) => uri !== last && (uri !== at.ledger || acting !== other)).sort();
    };
    const expectTold = async (uris: readonly string[], name: string, args: object): Promise<void> =>
      expect(await toldOf(name, args), name).toEqual([...uris].sort());
    await expectTold([at.main, at.log, at.status], "commit", { content: "three" });
    await expectTold([at.main, at.log, at.first, at.status], "annotate", {
      refs: [first],
      add_labels: ["rule"],
    });
    const edit = { content: "once", operation: "edit", edit_target: first };
    await expectTold([at.main, at.log, at.first, at.status], "commit", edit);
    await expectTold(["list", at.later, at.laterLog, at.status], "branch", {
      action: "create",
      name: "later",
    });
    await expectTold([at.later, at.laterLog, at.status], "commit", { content: "aside", branch: "later" });
    await expectTold(["list", at.later, at.laterLog, at.status], "branch", {
      action: "rename",
      name: "later",
      new_name: "else",
    });
    await expectTold(["list", at.later, at.laterLog, at.status], "undo", {});
    await expectTold([at.status], "tag", { action: "create", name: "v1" });
    await expectTold([at.records], "compile", {});
    await expectTold([at.fresh], "commit", { content: "new", tract: "fresh" });
    await expectTold([], "log", {});
  });

  it("is told of a ledger by what its session does, and not by others", async () => {
    const [watching, one, two] = [await connectRaw(), await connectRaw(), await connectRaw()];
    await call(one, "commit", { content: "one" });
    const [session] = (await call(one, "sessions")).sessions;
    const uri = `tract://demo/ledger/${session.id}`;
    await watching.request("resources/subscribe", { uri });
    await watching.request("resources/subscribe", { uri: last });
    await call(two, "commit", { content: "two" });
    await call(two, "commit", { content: "two", tract: "last" });
    expect(addressOf(await watching.next(isNote))).toBe(last);
    await call(one, "commit", { content: "more" });
    expect(addressOf(await watching.next(isNote))).toBe(uri);
  });

  it("is told of what its server writes by itself, after a call or in the middle of one", async () => {
    const services = process();
    const watching = connect(services);
    await watching.initialize();
    await call(watching, "commit", { content: "one" });
    await watching.request("resources/subscribe", { uri: "tract://demo/log/main" });
    await call(watching, "commit", { content: "two" });
    await watching.next(updated("tract://demo/log/main"));
    await commit(await services.engineFor({}), { items: [{ content: "three" }] });
    expect((await watching.next(updated("tract://demo/log/main"))).params).toBeDefined();
  });

  it("that has only read the list is told of branches that others make", async () => {
    const [watching, other] = [await connectRaw(), await connectRaw()];
    await call(other, "commit", { content: "one" });
    await watching.request("resources/list", {});
    await call(other, "branch", { action: "create", name: "theirs" });
    expect((await watching.next(listChanged)).method).toBeDefined();
  });

  it("lists, completes and watches without making a store, and is told when another makes it", async () => {
    const watching = await connectRaw();
    const { resources } = (await watching.request("resources/list", {})).result;
    expect(resources.map(({ uri }: { readonly uri: string }) => uri)).toEqual([
      "tract://demo/status",
      "tract://demo/context/HEAD",
      "tract://demo/compile-records",
    ]);
    const complete = async (name: string) =>
      (
        await watching.request("completion/complete", {
          ref: { type: "ref/prompt", name: "resume" },
          argument: { name, value: "" },
        })
      ).result.completion.values;
    expect(await complete("branch")).toEqual([]);
    expect(await complete("tract")).toEqual(["demo"]);
    expect(await complete("ref")).toEqual(["HEAD"]);
    await watching.request("resources/subscribe", { uri: "tract://demo/context/main" });
    expect(existsSync(join(folder, "test.db"))).toBe(false);
    await call(await connectRaw(), "commit", { content: "one" });
    const told = [addressOf(await watching.next(isNote)), addressOf(await watching.next(isNote))];
    expect(told.sort()).toEqual(["list", "tract://demo/context/main"]);
  });

  it("of 2026 is acknowledged when the state of now is known, so that what is written then shows", async () => {
    const other = await connectRaw();
    await call(other, "commit", { content: "one" });
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const services = process();
    const storedEngine = vi.fn<Services["storedEngine"]>(async (site) => {
      await opened;
      return await services.storedEngine(site);
    });
    const watching = connect({ ...services, storedEngine });
    const _meta = {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
    };
    const listen = (id: string, uri: string) => {
      const params = { _meta, notifications: { resourceSubscriptions: [uri] } };
      return `${JSON.stringify({ jsonrpc: "2.0", id, method: "subscriptions/listen", params })}\n`;
    };
    let acknowledged = 0;
    const bothAcknowledged = Promise.all(
      [1, 2].map(async () => {
        await watching.next(({ method }) => method === "notifications/subscriptions/acknowledged");
        acknowledged += 1;
      }),
    );
    // The second one comes while the first is waiting.
    await watching.write(listen("a", "tract://demo/log/main") + listen("b", "tract://demo/context/main"));
    await vi.waitFor(() => expect(storedEngine).toHaveBeenCalled());
    await call(other, "status");
    expect(acknowledged).toBe(0);
    open();
    await bothAcknowledged;
    await call(other, "commit", { content: "two" });
    expect((await watching.next(updated("tract://demo/log/main"))).params).toBeDefined();
    expect((await watching.next(updated("tract://demo/context/main"))).params).toBeDefined();
  });
});

describe("watching", () => {
  const uri = "tract://demo/log/main";
  let services: Services;
  let told: string[];
  let warnings: string[];
  let watcher: ChangeWatcher;
  beforeEach(() => {
    services = process();
    told = [];
    warnings = [];
  });

  function watchWith(
    engineFor: (site: { readonly tract?: string }) => Promise<Engine | null>,
    pollMs = 20,
  ): void {
    const log = createLog("warn", (line) => void warnings.push(line));
    watcher = createChangeWatcher({ engineFor, pollMs, log });
    watcher.setListener({
      resourceUpdated: async (address) => void told.push(address),
      listChanged: async () => void told.push("list"),
    });
    closing.push(async () => {
      watcher.close();
      await services.close();
    });
  }

  async function commitBy(client: RawClient, tract: string): Promise<void> {
    await call(client, "commit", { content: "something", tract });
  }

  it("tells while calls come without a pause", async () => {
    const other = await connectRaw();
    await commitBy(other, "demo");
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    closing.push(async () => void vi.useRealTimers());
    watchWith(services.storedEngine, 1_000);
    await watcher.watch("one", { uris: [uri], list: false });
    await commitBy(other, "demo");
    for (let calls = 0; calls < 400; calls++) {
      watcher.wake();
      await vi.advanceTimersByTimeAsync(5);
      await setImmediate();
    }
    expect(told).toEqual([uri]);
  });

  it("tells later of what it could not look at, says so once, and tells of everything else at once", async () => {
    const other = await connectRaw();
    await commitBy(other, "demo");
    await commitBy(other, "ill");
    let isIll = false;
    watchWith(async (site) => {
      if (isIll && site.tract === "ill") throw new Error("out of order");
      return await services.storedEngine(site);
    });
    const ill = "tract://ill/log/main";
    await watcher.watch("one", { uris: [uri, ill, "tract://demo/context/main"], list: false });
    isIll = true;
    await commitBy(other, "ill");
    await commitBy(other, "demo");
    const others = ["tract://demo/context/main", uri];
    await vi.waitFor(() => expect(told.toSorted()).toEqual(others), { timeout: 5_000 });
    await vi.waitFor(() => expect(warnings).toHaveLength(1), { timeout: 5_000 });
    isIll = false;
    await vi.waitFor(() => expect(told).toContain(ill), { timeout: 5_000 });
    expect(told).toHaveLength(3);
    expect(warnings).toHaveLength(1);
  });

  it("is no call: it neither makes a store nor keeps the search index waiting", async () => {
    watchWith(services.storedEngine);
    await watcher.watch("one", { uris: [uri], list: true });
    expect(existsSync(join(folder, "test.db"))).toBe(false);
    const { store } = await services.engineFor({});
    const index = vi.spyOn(store, "indexForSearch");
    await commitBy(await connectRaw(), "demo");
    await vi.waitFor(() => expect(told).toContain(uri), { timeout: 5_000 });
    await vi.waitFor(() => expect(index).toHaveBeenCalled(), { timeout: 5_000 });
  });
});
