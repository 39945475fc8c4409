/** What `tract doctor` looks at: each check says in words what it found, and what to do when something is broken. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TractError } from "../../../engine/errors.ts";
import { loadTokenCounter } from "../../../engine/tokens/token-counter.ts";
import type { Store } from "../../../storage/store.ts";
import { expectedFailure, type ToolFailure } from "../../../tools/failure.ts";
import { openForInspection, type Services } from "../../compose.ts";
import type { Config } from "../../config.ts";
import { hintForCommandLine } from "../words-of-hints.ts";
import { probeServer } from "./probe-server.ts";
import { checkShippedFiles, installFolder } from "./shipped-files.ts";
import { storeAccess, systemMayAccess } from "./store-access.ts";

export interface Check {
  readonly name: string;
  /** False: something is broken. True with a hint: it works, but not all of it. */
  readonly ok: boolean;
  readonly detail: string;
  /** null when all is well. */
  readonly hint: string | null;
}

export interface CheckHost {
  readonly config: Config;
  readonly createServices: (config: Config) => Services;
}

export async function runChecks(host: CheckHost): Promise<readonly Check[]> {
  return [
    nodeCheck(),
    await checkFiles(installFolder()),
    await check("token tables", async () => await tokenTables(host.config)),
    await checkStore(host.config),
    ...(await checkTrial(host)),
  ];
}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await look(), hint: null };
  } catch (error) {
    const failure = expectedFailure(error);
    const detail = failure?.message ?? `failed (${error instanceof Error ? error.name : typeof error})`;
    return {
      name,
      ok: false,
      detail,
      hint: hintOf(failure),
    };
  }
}

/** Other commands send people here for what the store's location lacks; here the message has said it. */
function hintOf(failure: ToolFailure | null): string {
  if (failure === null) return "Run it again with --log-level debug, and report what it says.";
  return failure.hint.includes("tract doctor")
    ? "Check where --store, TRACT_STORE or the settings file point, and the permissions there."
    : hintForCommandLine(failure.hint);
}

function nodeCheck(): Check {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const ok = major > 22 || (major === 22 && minor >= 15);
  return {
    name: "Node.js",
    ok,
    detail: process.versions.node,
    hint: ok ? null : "Install Node.js 22.15 or newer.",
  };
}

/** Only a bundle names its files: npm checks what it installs, and a clone is meant to be changed. */
async function checkFiles(folder: string | null): Promise<Check> {
  const files = folder === null ? null : await checkShippedFiles(folder).catch(() => "unreadable" as const);
  if (files === null)
    return {
      name: "files",
      ok: true,
      detail: "not checked: only a bundle (.mcpb) lists its files",
      hint: null,
    };
  const findings =
    files === "unreadable"
      ? ["manifest.json, which lists the files, cannot be read"]
      : [
          ...files.changed.map((path) => `changed: ${path}`),
          ...files.missing.map((path) => `missing: ${path}`),
          ...files.unlisted.map((path) => `not listed: ${path}`),
        ];
  if (files !== "unreadable" && findings.length === 0)
    return { name: "files", ok: true, detail: `all ${files.named} are as they were shipped`, hint: null };
  const more = findings.length > NAMED_MAX ? `; and ${findings.length - NAMED_MAX} more` : "";
  return {
    name: "files",
    ok: false,
    detail: `${findings.slice(0, NAMED_MAX).join("; ")}${more}`,
    hint: "These are not the files that were shipped. Install the bundle again, from a place you trust.",
  };
}

/** Files that are named one by one. */
const NAMED_MAX = 20;

async function tokenTables({ settings }: Config): Promise<string> {
  const counter = await loadTokenCounter(settings.encoding);
  const tokens = counter.count("Hello world");
  if (tokens !== 2) throw new Error("wrong count");
  return `${settings.encoding} loads and counts`;
}

async function checkStore(config: Config): Promise<Check> {
  const access = storeAccess(config.settings.store.slice("sqlite:".length), systemMayAccess);
  if (access.refusal !== null) return { name: "store", ok: false, ...access.refusal };
  const found = await check("store", async () => await inspectStore(config));
  if (!found.ok || access.lack === null) return found;
  return { ...found, detail: `${found.detail}; ${access.lack.detail}`, hint: access.lack.hint };
}

async function inspectStore(config: Config): Promise<string> {
  const store = await openForInspection(config);
  if (store === null) return "not there yet: the first call makes it";
  try {
    return await describeStore(store);
  } finally {
    await store.close();
  }
}

async function describeStore(store: Store): Promise<string> {
  const problems = await store.checkIntegrity();
  if (problems.length > 0) {
    throw new TractError("store-corrupt", `the database's own check found ${problems.length} problems`, {
      hint: "Keep the file as it is, copy it somewhere safe, and run `tract verify`: it names what is damaged.",
    });
  }
  const tracts = await store.listTracts();
  const size = `${((await store.readSize()) / 1_000_000).toFixed(1)} MB`;
  return `sound, ${size}, ${tracts.length === 1 ? "1 tract" : `${tracts.length} tracts`}`;
}

/** A store and a server of their own in a temporary folder: shows that the driver, writing and the protocol work here. */
async function checkTrial({ config, createServices }: CheckHost): Promise<readonly Check[]> {
  const folder = await mkdtemp(join(tmpdir(), "tract-doctor-"));
  const settings = {
    ...config.settings,
    store: `sqlite:${join(folder, "trial.db")}`,
    log_level: "silent" as const,
  };
  const services = createServices({ ...config, settings });
  try {
    const driver = await check("database driver", async () =>
      driverWords((await services.engineFor({})).store.description),
    );
    const server = await check("server", async () => await probeServer(services));
    return [driver, server];
  } finally {
    await services.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function driverWords(description: string): string {
  return description.startsWith("node:sqlite")
    ? `${description}: serves as well where the native file of better-sqlite3 cannot be loaded, as here`
    : description;
}
