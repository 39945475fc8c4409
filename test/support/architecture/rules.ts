/** The rules of the house as pure functions over scanned files: each gives a sentence per violation, none when all is well. */
import type { Import, Scan } from "./scan.ts";

export type Rule = (files: readonly Scan[]) => readonly string[];

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

/** server → tools → engine → storage; what an arrow may carry besides types is said case by case. */
export const layersPointDown: Rule = (files) =>
  eachImport(files, "src/", (from, imported) => {
    const to = imported.target;
    if (to === null) return null;
    const own = layerOf(from.path);
    const other = layerOf(to);
    if (own === other) return null;
    if (own === "entry")
      return other === "server" ? `${from.path} is the library: it must not import ${to}` : null;
    if (other === "entry")
      return own === "server" ? null : `${from.path} must not import ${to}: arrows point down`;
    if (LAYERS.indexOf(own) > LAYERS.indexOf(other))
      return `${from.path} must not import ${to}: arrows point down`;
    if (other !== "storage" || imported.isTypeOnly || STORAGE_BORDER.has(to)) return null;
    return COMPOSERS.has(from.path)
      ? null
      : `${from.path} must not import ${to}: only types and errors of storage`;
  });

/** A package that only some folders may import. */
export const packagesStayInTheirFolders: Rule = (files) =>
  eachImport(files, "src/", (from, imported) => {
    const rule = PACKAGE_FOLDERS.find(({ packages }) => packages.test(imported.specifier));
    if (!rule || rule.folders.some((folder) => from.path.startsWith(folder))) return null;
    return `${from.path} must not import ${imported.specifier}: only ${rule.folders.join(", ") || "nobody"} may`;
  });

/** The engine gets time, chance and bytes from its caller. */
export const engineTouchesNothingOutside: Rule = (files) => [
  ...eachImport(files, "src/engine/", (from, { specifier }) =>
    specifier.startsWith("node:") && !ENGINE_BUILT_INS.has(specifier)
      ? `${from.path} must not import ${specifier}`
      : null,
  ),
  ...eachUse(files, (path) => path.startsWith("src/engine/") || path.startsWith("src/tools/"), OUTSIDE_WORLD),
];

/** Inside the engine, what is built on comes first in this list; types may be named from anywhere, and the size of a context too. */
export const engineFoldersAreInOrder: Rule = (files) =>
  eachImport(files, "src/engine/", (from, imported) => {
    const own = engineRank(from.path);
    const other = imported.target === null ? null : engineRank(imported.target);
    if (own === null || other === null || imported.isTypeOnly || own >= other) return null;
    if (imported.target === CONTEXT_SIZE) return null;
    return `${from.path} must not import ${imported.target}: ${ENGINE_ORDER[own]?.join(", ")} come before it`;
  });

/** No file reaches itself over imports that remain after type stripping. */
export const importsHaveNoCycles: Rule = (files) => {
  const next = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.flatMap(({ target, isTypeOnly }) => (target !== null && !isTypeOnly ? [target] : [])),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) cycles.push([...trail.slice(seen), path].join(" → "));
    if (seen >= 0 || done.has(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) walk(path, []);
  return cycles;
};

export const filesAndFunctionsAreShort: Rule = (files) =>
  files.flatMap(({ path, lineCount, functions }) => [
    ...(lineCount > FILE_LINES_MAX ? [`${path} has ${lineCount} lines; at most ${FILE_LINES_MAX}`] : []),
    ...functions
      .filter(({ lines }) => path.startsWith("src/") && lines > FUNCTION_LINES_MAX)
      .map(
        ({ name, firstLine, lines }) =>
          `${path}:${firstLine} ${name} has ${lines} lines; at most ${FUNCTION_LINES_MAX}`,
      ),
  ]);

export const filesSayWhatTheyAreFor: Rule = (files) =>
  files
    .filter(({ path, startsWithComment }) => path.startsWith("src/") && !startsWithComment)
    .map(({ path }) => `${path} does not begin with a comment that says what it is for`);

/** stdout carries the protocol alone; only what speaks to a terminal or a pipe may write there. */
export const onlyWaysOutWriteToStdout: Rule = (files) =>
  eachUse(
    files,
    (path) => path.startsWith("src/") && !STDOUT_WRITERS.some((allowed) => path.startsWith(allowed)),
    ["process.stdout", "console.log", "console.info", "console.debug", "console.table"],
  );

/** One place reads the environment, nothing starts processes or runs text as code, nobody leaves without closing. */
export const bannedCallsAreAbsent: Rule = (files) => [
  ...eachUse(files, (path) => path.startsWith("src/") && path !== "src/server/config.ts", [
    "process.env",
    "process.argv",
    "process.cwd",
  ]),
  ...eachUse(files, (path) => path.startsWith("src/"), [
    "eval",
    "Function",
    "process.exit",
    "process.abort",
    "console.error",
    "console.warn",
  ]),
  ...eachUse(files, (path) => STORAGE_PORT.has(path), OUTSIDE_WORLD),
];

/** Named exports, and no file that only collects others. */
export const exportsAreExplicit: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith("src/"))
    .flatMap(({ path, hasDefaultExport }) => [
      ...(hasDefaultExport ? [`${path} has a default export`] : []),
      ...(/\/index\.ts$/.test(path) && path !== "src/index.ts" ? [`${path} is a barrel`] : []),
    ]);

export const nothingIsLeftForLater: Rule = (files) =>
  files.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        UNFINISHED.test(line) ? [`${path}:${index + 1} is unfinished: ${line.trim()}`] : [],
      ),
  );

const LAYERS = ["server", "tools", "engine", "storage"] as const;

/** The library entry stands beside the server: it composes, too. */
function layerOf(path: string): (typeof LAYERS)[number] | "entry" {
  return LAYERS.find((layer) => path.startsWith(`src/${layer}/`)) ?? "entry";
}

/** What every backend has in common. */
const STORAGE_PORT: ReadonlySet<string> = new Set(
  ["records", "change-set", "errors", "store"].map((name) => `src/storage/${name}.ts`),
);
/** Values of the port that callers need: error classes, and the change set that they fill in. */
const STORAGE_BORDER: ReadonlySet<string> = new Set(["src/storage/errors.ts", "src/storage/change-set.ts"]);
/** The places that construct things. */
const COMPOSERS: ReadonlySet<string> = new Set(["src/server/compose.ts"]);

const PACKAGE_FOLDERS: readonly { readonly packages: RegExp; readonly folders: readonly string[] }[] = [
  { packages: /^@modelcontextprotocol\//, folders: ["src/server/mcp/"] },
  { packages: /^(?:better-sqlite3|node:sqlite)$/, folders: ["src/storage/sqlite/"] },
  { packages: /^gpt-tokenizer/, folders: ["src/engine/tokens/"] },
  { packages: /^openai(?:$|\/)/, folders: ["src/llm/openai-client.ts"] },
  { packages: /^diff$/, folders: ["src/engine/compare/"] },
  { packages: /^canonicalize$/, folders: ["src/engine/content/"] },
  { packages: /^(?:commander|picocolors)$/, folders: ["src/server/cli/"] },
  { packages: /^(?:node:)?(?:child_process|cluster)$/, folders: [] },
];

/** Pure computing; the rest of Node belongs to storage and server. Of `node:vm` only the limit on a caller's regular expression is used. */
const ENGINE_BUILT_INS: ReadonlySet<string> = new Set(["node:crypto", "node:buffer", "node:vm"]);
const OUTSIDE_WORLD = [
  "process",
  "console",
  "fetch",
  "Date.now",
  "new Date()",
  "performance",
  "Math.random",
  "crypto",
  "randomUUID",
  "randomBytes",
  "setTimeout",
  "setInterval",
];

const ENGINE_ORDER: readonly (readonly string[])[] = [
  ["content", "tokens"],
  ["history", "ledger"],
  ["compile", "search", "compare"],
  ["llm"],
  ["merge", "rewrite", "compress", "transcripts", "gc"],
  ["agents"],
  ["conversation"],
  ["policies"],
  ["orchestrator"],
];

/** Operations of history say how large the context is after them. */
const CONTEXT_SIZE = "src/engine/compile/measure.ts";

/** Place of a file's folder in the order; null for files of the engine's own folder and for folders that all may use. */
function engineRank(path: string): number | null {
  const folder = /^src\/engine\/([^/]+)\//.exec(path)?.[1];
  const rank = ENGINE_ORDER.findIndex((folders) => folder !== undefined && folders.includes(folder));
  return rank < 0 ? null : rank;
}

const STDOUT_WRITERS = ["src/server/cli/", "src/server/serve.ts"];
// Put together so that this file does not name what it looks for.
const UNFINISHED = new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`);

function eachImport(
  files: readonly Scan[],
  folder: string,
  judge: (from: Scan, imported: Import) => string | null,
): readonly string[] {
  return files
    .filter(({ path }) => path.startsWith(folder))
    .flatMap((file) => file.imports.flatMap((imported) => judge(file, imported) ?? []));
}

function eachUse(
  files: readonly Scan[],
  isMeant: (path: string) => boolean,
  banned: readonly string[],
): readonly string[] {
  return files
    .filter(({ path }) => isMeant(path))
    .flatMap(({ path, uses }) => banned.filter((use) => uses.has(use)).map((use) => `${path} uses ${use}`));
}
