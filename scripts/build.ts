/** Builds the package: the library with its types by tsc, and what the bins start as one bundle by esbuild. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildServer } from "./build-server.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "dist");
// Built aside and then moved into place, so that a running server or test never meets half a build.
const workshop = join(root, "node_modules", ".cache", `tract-build-${process.pid}`);
const next = join(workshop, "dist");

/** What tsc found: its own words are enough. */
class TypeErrors extends Error {}

rmSync(workshop, { recursive: true, force: true });
mkdirSync(next, { recursive: true });
try {
  await Promise.all([
    buildLibrary(),
    // The driver is a native file, the token tables are megabytes of data that the library needs too, few ask an LLM.
    buildServer({ outdir: next, external: ["better-sqlite3", "gpt-tokenizer", "openai"] }),
  ]);
  if (existsSync(target)) renameSync(target, join(workshop, "previous"));
  renameSync(next, target);
} catch (error) {
  if (!(error instanceof TypeErrors)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(workshop, { recursive: true, force: true });
}

async function buildLibrary(): Promise<void> {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const options = ["-p", join(root, "tsconfig.build.json"), "--outDir", next];
  await promisify(execFile)(process.execPath, [tsc, ...options]).catch((error: unknown) => {
    const output = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new TypeErrors(`tsc found errors:\n${output}`, { cause: error });
  });
}
