/** The program as a process: what it writes where, how it ends, and that starting it changes nothing. */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { CHILD_ENV } from "../support/child-env.ts";

const main = fileURLToPath(new URL("../../src/server/main.ts", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "tract-process-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const store = join(home, "data", "tract", "tract.db");
const env = {
  ...CHILD_ENV,
  HOME: home,
  XDG_DATA_HOME: join(home, "data"),
  XDG_CONFIG_HOME: join(home, "config"),
};

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function tract(
  argv: readonly string[],
  input = "",
  extra: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...argv],
      { cwd: home, env: { ...env, ...extra } },
      (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
    child.stdin?.end(input);
  });
}

function shell(script: string): Promise<Ended> {
  return new Promise((resolve) => {
    const words = { ...env, TRACT: `${process.execPath} ${main}` };
    execFile("bash", ["-c", script], { cwd: home, env: words }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const handshake = (method: string, id: number, params: unknown = {}): string =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
const initialize = handshake("initialize", 1, {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "probe", version: "1" },
});

test("a host that only probes the server finds the protocol on stdout, and no store is made", async () => {
  const { exitCode, stdout, stderr } = await tract([], initialize + handshake("tools/list", 2));
  const answers = stdout
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(answers).toMatchObject([{ id: 1 }, { id: 2 }]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(existsSync(join(home, "data"))).toBe(false);
});

test("a mistake in the settings of a server ends it with 2 and a sentence on stderr", async () => {
  const { exitCode, stdout, stderr } = await tract(["serve", "--stdio"], initialize, {
    TRACT_PROFILE: "most",
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toMatch(/^error: TRACT_PROFILE: setting profile: .*\nhint: /);
});

test("a misspelled flag of a server ends it with 2 and the near name", async () => {
  const { exitCode, stdout, stderr } = await tract(["--profil", "full"], initialize);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain("Did you mean --profile?");
});

test("SIGTERM ends a server within a second with exit code 0", async () => {
  const server = spawn(process.execPath, [main], { cwd: home, env, stdio: ["pipe", "pipe", "inherit"] });
  server.stdin.write(initialize);
  await new Promise((resolve) => server.stdout.once("data", resolve));
  const asked = performance.now();
  server.kill("SIGTERM");
  const exitCode = await new Promise((resolve) => server.once("exit", resolve));
  expect(exitCode).toBe(0);
  expect(performance.now() - asked).toBeLessThan(1_000);
});

test("a command makes the store in the user's data folder, for that user alone", async () => {
  expect((await tract(["commit", "hello"])).exitCode).toBe(0);
  const { stdout } = await shell(`stat -c %a "${join(home, "data", "tract")}" "${store}"`);
  expect(stdout).toBe("700\n600\n");
});

test("content comes from a pipe", async () => {
  const { exitCode, stdout } = await tract(["commit", "-", "--json"], "from a pipe");
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ commits: [{ message: "dialogue: from a pipe" }] });
});

test("bytes from a pipe that are not UTF-8 are refused, and nothing is stored", async () => {
  const { exitCode, stdout, stderr } = await shell(
    "printf 'bad \\xff\\xfe' | $TRACT commit - --tract bytes; code=$?; $TRACT log --tract bytes >&2; exit $code",
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain("the text on stdin is not UTF-8 text");
  expect(stderr).toContain("No commits.");
});

test("failures go to stderr with the exit code of their kind", async () => {
  expect(await tract(["log", "nowhere"])).toMatchObject({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringContaining("[not-found]"),
  });
  expect(await tract(["log", "--nonsense"])).toMatchObject({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringContaining("--nonsense"),
  });
});

test("a reader that stops early is no failure", async () => {
  const { exitCode, stdout, stderr } = await shell(
    "set -o pipefail; $TRACT status --json | head -c 1; exit $?",
  );
  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: "{", stderr: "" });
});

test("output that cannot be written is a failure in words", async () => {
  if (!existsSync("/dev/full")) return;
  const { exitCode, stderr } = await shell("$TRACT --help > /dev/full");
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: expect.stringMatching(/^error: the output could not be written \(ENOSPC\)\nhint: .*\n$/),
  });
});

test("the completion script for bash completes commands and flags", async () => {
  const { stdout, stderr } = await shell(`
    source <($TRACT completion bash)
    COMP_WORDS=(tract chec); COMP_CWORD=1; _tract; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(tract log --li); COMP_CWORD=2; _tract; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(tract --store a.db log --li); COMP_CWORD=4; _tract; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(tract ledger --li); COMP_CWORD=2; _tract; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(tract --sto); COMP_CWORD=1; _tract; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(tract completion ""); COMP_CWORD=2; _tract; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(tract help chec); COMP_CWORD=2; _tract; echo "\${COMPREPLY[@]}"`);
  const completed = ["checkout", "--limit", "--limit", "--limit", "--store", "bash zsh fish", "checkout"];
  expect({ stdout, stderr }).toEqual({ stdout: `${completed.join("\n")}\n`, stderr: "" });
});

test("NO_COLOR and a pipe keep colours away, FORCE_COLOR brings them back", async () => {
  const hasColors = async (extra: Readonly<Record<string, string>>): Promise<boolean> =>
    (await tract(["log"], "", extra)).stdout.includes("\u001b[");
  expect(await hasColors({})).toBe(false);
  expect(await hasColors({ FORCE_COLOR: "1" })).toBe(true);
  expect(await hasColors({ FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(false);
});
