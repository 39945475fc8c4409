/** Builds the package: the library with its types by tsc, and what the bins start as one bundle by esbuild. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build, type Metafile } from "esbuild";
import { slimBundle } from "./slim-bundle.ts";

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
  await Promise.all([buildLibrary(), buildServer()]);
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

/** One file that starts at once; what only some calls need is in chunks that load on first use. */
async function buildServer(): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { server: "src/server/main.ts" },
    outdir: next,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.15",
    // The driver is a native file, the token tables are megabytes of data, few ask an LLM: they are found in node_modules on first use.
    external: ["better-sqlite3", "gpt-tokenizer", "openai"],
    // Bundled CommonJS packages ask for Node's own modules through `require`.
    banner: {
      js: 'import { createRequire } from "node:module";const require = createRequire(import.meta.url);',
    },
    plugins: [slimBundle],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  writeFileSync(join(next, "THIRD-PARTY-LICENSES.txt"), licences(metafile));
}

/** Licences of the packages whose code stands in the bundle. */
function licences(metafile: Metafile): string {
  const packages = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(input)?.[1];
    if (name !== undefined) packages.add(name);
  }
  const texts = [...packages].sort().map((name) => {
    const folder = join(root, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      version: string;
      license?: string;
    };
    const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license"]
      .map((each) => join(folder, each))
      .find(existsSync);
    return `${name} ${version} (${license ?? "see below"})\n\n${file ? readFileSync(file, "utf8").trim() : "No licence file in the package."}\n`;
  });
  return `dist/server.js and dist/chunks contain code of these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
