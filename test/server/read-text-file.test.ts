/** Files that a caller names: what may be read, and how the rest is refused. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createTextFileReader } from "../../src/server/read-text-file.ts";

const folder = mkdtempSync(join(tmpdir(), "tract-files-"));
const root = join(folder, "root");
mkdirSync(join(root, "deep"), { recursive: true });
writeFileSync(join(root, "a.json"), "[1]");
writeFileSync(join(root, "deep", "ü.txt"), "deep");
writeFileSync(join(root, "large.txt"), "x".repeat(101));
writeFileSync(join(root, "latin1.txt"), Buffer.from([0xe4, 0xf6]));
writeFileSync(join(folder, "outside.txt"), "outside");
symlinkSync(join(folder, "outside.txt"), join(root, "link.txt"));
symlinkSync(join(root, "a.json"), join(root, "inside.json"));
execFileSync("mkfifo", [join(root, "pipe")]);
afterAll(() => rmSync(folder, { recursive: true }));

const read = createTextFileReader({ folder: root, root, bytesMax: 100 });

test.each(["a.json", "./a.json", "deep/../a.json", join(root, "a.json"), "inside.json"])(
  "reads %s",
  async (path) => {
    expect(await read(path)).toBe("[1]");
  },
);

test("reads names that are not ASCII", async () => {
  expect(await read("deep/ü.txt")).toBe("deep");
});

test.each([
  ["../outside.txt", "not-allowed"],
  ["link.txt", "not-allowed"],
  [join(folder, "outside.txt"), "not-allowed"],
  ["missing.txt", "not-found"],
  ["a.json/x", "not-found"],
  ["deep", "invalid-argument"],
  ["pipe", "invalid-argument"],
  ["latin1.txt", "invalid-argument"],
  ["large.txt", "content-too-large"],
  ["a\0b", "invalid-argument"],
])("refuses %j with %s, without a path of the machine", async (path, code) => {
  const error: unknown = await read(path).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code });
  expect(String(error)).not.toContain(folder);
});

test("reads anywhere when a person names the file", async () => {
  const free = createTextFileReader({ folder: root, root: null, bytesMax: 100 });
  expect(await free("../outside.txt")).toBe("outside");
});
