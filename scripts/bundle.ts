/** `npm run bundle`: makes the bundle for hosts that install `.mcpb` files; its manifest names every file in it with its hash. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { packExtension } from "@anthropic-ai/mcpb";
import { hashFiles, MANIFEST_FILE, MANIFEST_META_KEY } from "../src/server/cli/commands/shipped-files.ts";
import { VERSION } from "../src/version.ts";
import { buildServer } from "./build-server.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** What is copied as it is. The driver brings its native file for every platform, so one bundle serves all of them. */
const COPIED = [
  "bin/tract.js",
  "LICENSE",
  "node_modules/better-sqlite3/package.json",
  "node_modules/better-sqlite3/LICENSE",
  "node_modules/better-sqlite3/lib",
  "node_modules/better-sqlite3/prebuilds",
];

/** Makes the bundle in a folder and gives its path. */
export async function makeBundle(folder: string): Promise<string> {
  const staging = join(root, "node_modules", ".cache", `tract-bundle-${process.pid}`);
  const bundle = join(folder, `tract-mcp-${VERSION}.mcpb`);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  try {
    for (const path of COPIED) cpSync(join(root, path), join(staging, path), { recursive: true });
    // Only the driver stays a package: everything else fits into chunks, of which each loads on first use.
    await buildServer({ outdir: join(staging, "dist"), external: ["better-sqlite3"] });
    writeFileSync(join(staging, "package.json"), json(packageOfBundle()));
    writeFileSync(join(staging, MANIFEST_FILE), json(await manifestOfBundle(staging)));
    const isPacked = await packExtension({ extensionPath: staging, outputPath: bundle, silent: true });
    if (!isPacked) throw new Error("the bundle could not be packed: see what `npx mcpb validate` says of it");
    return bundle;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Says that the files of `dist` are ES modules, and what they need. */
function packageOfBundle(): object {
  const { name, version, license, type, engines, mcpName } = readJson("package.json");
  return { name, version, private: true, license, type, engines, mcpName };
}

async function manifestOfBundle(staging: string): Promise<object> {
  return { ...readJson(MANIFEST_FILE), _meta: { [MANIFEST_META_KEY]: { files: await hashFiles(staging) } } };
}

function readJson(path: string): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

if (import.meta.main) console.log(await makeBundle(process.cwd()));
