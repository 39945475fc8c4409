/** What a folder holds against what its manifest names. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  checkShippedFiles,
  hashFiles,
  MANIFEST_META_KEY,
} from "../../src/server/cli/commands/shipped-files.ts";

let folder: string;
const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);
const writeManifest = (manifest: unknown): void => write("manifest.json", JSON.stringify(manifest));

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tract-shipped-"));
  mkdirSync(join(folder, "inner"));
  write("a.js", "a");
  write("inner/b.js", "b");
  writeManifest({ name: "x", _meta: { [MANIFEST_META_KEY]: { files: await hashFiles(folder) } } });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("finds nothing where all is as it was", async () => {
  expect(await checkShippedFiles(folder)).toEqual({ named: 2, changed: [], missing: [], unlisted: [] });
});

test("names what was changed, is missing and was added, by its path", async () => {
  write("a.js", "A");
  rmSync(join(folder, "inner/b.js"));
  write("inner/c.js", "");
  symlinkSync(join(folder, "a.js"), join(folder, "d.js"));
  expect(await checkShippedFiles(folder)).toEqual({
    named: 2,
    changed: ["a.js"],
    missing: ["inner/b.js"],
    unlisted: ["d.js", "inner/c.js"],
  });
});

test("what stands in the place of a file, or cannot be read, is named like any other change", async () => {
  rmSync(join(folder, "a.js"));
  symlinkSync(join(folder, "inner"), join(folder, "a.js"));
  symlinkSync(join(folder, "nowhere"), join(folder, "d.js"));
  rmSync(join(folder, "inner/b.js"));
  // The same bytes by another way: whoever can change what the link leads to changes the file.
  writeFileSync(`${folder}-b.js`, "b");
  symlinkSync(`${folder}-b.js`, join(folder, "inner/b.js"));
  const found = await checkShippedFiles(folder);
  rmSync(`${folder}-b.js`);
  expect(found).toEqual({ named: 2, changed: ["a.js", "inner/b.js"], missing: [], unlisted: ["d.js"] });
});

test("hashes are made of files only", async () => {
  symlinkSync(join(folder, "a.js"), join(folder, "d.js"));
  await expect(hashFiles(folder)).rejects.toThrow("d.js");
});

test("a file that has the name of something every object has is a file", async () => {
  write("constructor", "");
  expect((await checkShippedFiles(folder))?.unlisted).toEqual(["constructor"]);
});

test("a manifest that names nothing vouches for nothing", async () => {
  writeManifest({ name: "x" });
  expect(await checkShippedFiles(folder)).toBeNull();
});

test.each([
  ["other data only", {}],
  ["no hashes", { [MANIFEST_META_KEY]: {} }],
  ["a hash that is none", { [MANIFEST_META_KEY]: { files: { "a.js": "sha256:ab" } } }],
])("a manifest with %s is refused: somebody has changed it", async (_, _meta) => {
  writeManifest({ name: "x", _meta });
  await expect(checkShippedFiles(folder)).rejects.toThrow();
});
