/** The launcher under every Node.js that it may meet: old ones get a sentence, never a crash. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";

const launcher = fileURLToPath(new URL("../../bin/tract.js", import.meta.url));
const source = readFileSync(launcher, "utf8").replace(/^#!.*/, "");

/** Runs the launcher's code as if under another version; `load` stands for the import of the bundle. */
function launch(
  version: string,
  load: () => Promise<unknown>,
): { readonly stderr: string; readonly exitCode: number | undefined } {
  let stderr = "";
  const process = {
    versions: { node: version },
    execPath: "/somewhere/node",
    exitCode: undefined,
    stderr: {
      write: (text: string) => {
        stderr += text;
      },
    },
  };
  runInNewContext(source.replace(/\bimport\(/, "load("), { process, load });
  return { stderr, exitCode: process.exitCode };
}

test.each(["10.24.1", "12.22.12", "18.20.4", "20.20.2", "22.14.9"])(
  "under %s it says what is needed and loads nothing",
  (version) => {
    let isLoaded = false;
    const { stderr, exitCode } = launch(version, () => {
      isLoaded = true;
      return Promise.resolve();
    });
    expect({ isLoaded, exitCode }).toEqual({ isLoaded: false, exitCode: 1 });
    expect(stderr).toContain(`Tract needs Node.js 22.15 or newer; this is ${version}`);
    expect(stderr).toContain("npm ci");
  },
);

test.each(["22.15.0", "22.20.1", "23.0.0", "24.4.0", "26.10.0", "30.0.0"])(
  "under %s it starts the bundle",
  (version) => {
    let isLoaded = false;
    const { stderr } = launch(version, () => {
      isLoaded = true;
      return Promise.resolve();
    });
    expect({ isLoaded, stderr }).toEqual({ isLoaded: true, stderr: "" });
  },
);

test("says how to build when the bundle is missing", async () => {
  const missing = Object.assign(new Error("Cannot find module '/x/dist/server.js'"), {
    code: "ERR_MODULE_NOT_FOUND",
  });
  let stderr = "";
  const process = {
    versions: { node: "26.0.0" },
    stderr: { write: (text: string) => (stderr += text) },
    exitCode: 0,
  };
  runInNewContext(source.replace(/\bimport\(/, "load("), { process, load: () => Promise.reject(missing) });
  await new Promise((resolve) => setImmediate(resolve));
  expect(stderr).toContain("npm run build");
  expect(process.exitCode).toBe(1);
});

test("is written in a syntax that the oldest of them can read", () => {
  const code = source.replace(/\/\/.*|"(?:[^"\\]|\\.)*"/g, '""');
  expect(code).toContain("import(");
  expect(code).not.toMatch(/`|\?\.|\?\?|\b(?:const|let|async|await|class|static)\b/);
});

test("a real old Node.js, where the machine has one, ends with the sentence and exit code 1", (context) => {
  const old = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "node"))
    .find(isOldNode);
  if (old === undefined) return context.skip("no Node.js older than 22.15 on this machine's PATH");
  const { status, stdout, stderr } = spawnSync(old, [launcher, "--version"], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain("Tract needs Node.js 22.15 or newer");
});

function isOldNode(node: string): boolean {
  try {
    const [major = 0, minor = 0] = execFileSync(node, ["-p", "process.versions.node"], {
      encoding: "utf8",
      stdio: "pipe",
    })
      .split(".")
      .map(Number);
    return major < 22 || (major === 22 && minor < 15);
  } catch {
    return false; // No node in this folder.
  }
}
