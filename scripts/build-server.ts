/** Bundles what the bins start: one file that starts at once, and chunks for what only some calls need. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { slimBundle } from "./slim-bundle.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export interface ServerBuild {
  /** Where `server.js`, its chunks and the licences of what they contain go. */
  readonly outdir: string;
  /** Packages that are found in node_modules on first use instead. */
  readonly external: readonly string[];
}

export async function buildServer({ outdir, external }: ServerBuild): Promise<void> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { server: "src/server/main.ts" },
    outdir,
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.15",
    external: [...external],
    // Bundled CommonJS packages ask for Node's own modules through `require`.
    banner: {
      js: 'import { createRequire } from "node:module";const require = createRequire(import.meta.url);',
    },
    plugins: [slimBundle],
    // Identifiers stay: errors of the openai package are told apart by the names of their classes, and stacks can be read.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  writeFileSync(join(outdir, "THIRD-PARTY-LICENSES.txt"), licences(metafile));
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
