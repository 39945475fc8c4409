/** Writes the list of tools in manifest.json anew from the catalog: `node scripts/manifest.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { TOOLS } from "../src/tools/registry.ts";
import { VERSION } from "../src/version.ts";

const file = new URL("../manifest.json", import.meta.url);

/** The manifest with the tools and the version of the sources; the rest stays as it is. */
export function freshManifest(text: string): string {
  const entries = TOOLS.map(({ name, description }) => {
    const fields = [`"name": ${JSON.stringify(name)}`, `"description": ${JSON.stringify(description)}`];
    return `    {\n      ${fields.join(",\n      ")}\n    }`;
  });
  return text
    .replace(/"tools": \[.*?\n? {0,2}\]/s, () => `"tools": [\n${entries.join(",\n")}\n  ]`)
    .replace(/"version": "[^"]*"/, () => `"version": "${VERSION}"`);
}

export function readManifest(): string {
  return readFileSync(file, "utf8");
}

if (import.meta.main) writeFileSync(file, freshManifest(readManifest()));
