/** `tract serve --http` as a process: where it refuses to start, and how it ends. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../src/index.ts";
import { createCli } from "../support/cli.ts";
import {
  addressOf,
  callOnce,
  connectHttp,
  type HttpProcess,
  modernRequest,
  openSocket,
  startHttpProcess,
  startLocalHttp,
} from "../support/http.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tract-http-process-"));
});
afterEach(async () => {
  // Those that a failed test has left.
  for (const { process, exited } of started.splice(0)) {
    process.kill("SIGKILL");
    await exited;
  }
  rmSync(folder, { recursive: true, force: true });
});

const started: HttpProcess[] = [];
function start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): HttpProcess {
  const server = startHttpProcess(join(folder, "test.db"), args, env);
  started.push(server);
  return server;
}

/** The promise is one second; a busy machine may take its time to say that a process has gone. */
const EXIT_MS_MAX = 2_500;

describe("a start", () => {
  it("is refused with words and the exit code of a mistake: all interfaces without a token, a port in use", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen({ host: "127.0.0.1", port: 0 }, resolve));
    const { port } = taken.address() as AddressInfo; // It listens on TCP.
    const open = start(["--host", "0.0.0.0"]);
    const second = start(["--port", String(port)]);
    expect([await open.exited, open.log()]).toEqual([2, expect.stringContaining("no token is set")]);
    expect([await second.exited, second.log()]).toEqual([
      1,
      expect.stringContaining(`port ${port} of 127.0.0.1 is in use`),
    ]);
    taken.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [{ "http.host": "::" }, "invalid-argument"],
    [{ "http.host": "" }, "invalid-argument"],
    [{ "http.host": "192.168.0.1" }, "invalid-argument"],
    [{ "http.port": "70000" }, "invalid-argument"],
    [{ "http.host": "203.0.113.7", "http.token_file": "made" }, "invalid-argument"],
    [{ "http.token_file": "open" }, "invalid-argument"],
    [{ "http.allowed_hosts": "http://x/" }, "invalid-argument"],
    [{ "http.allowed_hosts": "tract.example.com" }, "invalid-argument"],
  ])("with %j is refused", async (flags, code) => {
    writeFileSync(join(folder, "open"), "some-token-0123456789 write\n", { mode: 0o644 });
    await expect(startLocalHttp(folder, flags)).rejects.toMatchObject({ code });
  });

  it.each([
    [["serve", "--http", "--stdio"], "cannot be used with"],
    [["serve", "--port", "1"], "belong to serve --http"],
    [["serve", "--http", "--http-token", "some-token-0123456789"], "unknown option"],
    [["serve", "--htp"], "unknown option"],
  ])("as %j is a mistake in the command line", async (argv, words) => {
    const cli = createCli();
    const { exitCode, err } = await cli.run(argv);
    expect([exitCode, err]).toEqual([2, expect.stringContaining(words)]);
    cli.remove();
  });

  it.skipIf(process.platform === "win32")(
    "does not wait for a token file that is a pipe (needs mkfifo)",
    async () => {
      const pipe = join(folder, "pipe");
      execFileSync("mkfifo", ["-m", "600", pipe]);
      const server = start(["--token-file", pipe]);
      expect([await server.exited, server.log()]).toEqual([2, expect.stringContaining("is no regular file")]);
    },
  );

  it("on all interfaces works with a token, and opens nothing before the first call", async () => {
    const server = start(["--host", "0.0.0.0"], { TRACT_HTTP_TOKEN: "some-token-0123456789" });
    const { port } = new URL(await addressOf(server));
    const address = `http://127.0.0.1:${port}`;
    expect((await fetch(`${address}/mcp`, modernRequest("tools/list", {}))).status).toBe(401);
    const headers = { Authorization: "Bearer some-token-0123456789" };
    expect((await fetch(`${address}/mcp`, modernRequest("tools/list", {}, headers))).status).toBe(200);
    expect(readdirSync(folder)).toEqual([]);
    expect(await callOnce(address, "commit", { content: "x" }, headers)).not.toHaveProperty("error");
    server.process.kill("SIGINT");
    expect(await server.exited).toBe(0);
  });
});

describe("a server", () => {
  it("goes on when nobody reads its log any more", async () => {
    const server = start(["--log-level", "info"]);
    const address = await addressOf(server);
    server.process.stderr.destroy();
    for (let i = 0; i < 5; i++) expect((await fetch(`${address}/healthz`)).status).toBe(200);
    server.process.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  });
});

describe("the end", () => {
  it("comes within a second of a signal: calls are answered, streams closed, sessions ended, the port free", async () => {
    const server = start();
    const address = await addressOf(server);
    const sse = await connectHttp("v1", "sse", address, { name: "sse" });
    const streaming = await connectHttp("v2-2025", "http", address, { name: "streaming" });
    const listening = await connectHttp("v2-2026", "http", address, { name: "listening" });
    for (const { client, watch } of [sse, streaming, listening]) {
      await client.callTool({ name: "commit", arguments: { content: "x" } });
      await watch("tract://demo/status");
    }
    const idle = openSocket(address);
    idle.socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => idle.socket.once("data", resolve));
    const underWay = callOnce(address, "commit", { content: "at the end" });
    const from = performance.now();
    const answered = underWay.then(
      () => true,
      () => false, // The signal was faster than the connection.
    );
    server.process.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(performance.now() - from).toBeLessThan(EXIT_MS_MAX);
    await idle.all;
    await expect(fetch(`${address}/healthz`)).rejects.toThrow();

    const store = await openStore(join(folder, "test.db"));
    const tract = await store.tract("demo");
    expect((await tract.status()).commits).toBe((await answered) ? 4 : 3);
    const { sessions } = await tract.sessions();
    expect(sessions?.map(({ state }) => state)).toEqual(sessions?.map(() => "ended"));
    expect(sessions?.length).toBeGreaterThanOrEqual(3);
    expect((await tract.verify()).problems).toEqual([]);
    await store.close();
    for (const { client } of [sse, streaming, listening]) await client.close().catch(() => undefined);
  });
});
