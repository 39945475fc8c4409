/** The only place that constructs things: the store when first needed, the engine over it, and what a way in lends to calls. */
import { existsSync, statSync } from "node:fs";
import { createEngine, type Engine, type EngineSettings, type Scope, withScope } from "../engine/engine.ts";
import { TractError } from "../engine/errors.ts";
import { createKnownHeads } from "../engine/history/known-heads.ts";
import { OpenSessions } from "../engine/ledger/open-sessions.ts";
import { DEFAULT_LIMITS } from "../engine/limits.ts";
import { closeLlm } from "../engine/llm/llm-client.ts";
import { TriggeredRuns, withTriggers } from "../engine/orchestrator/triggers.ts";
import type { Watch } from "../engine/policies/occasion.ts";
import { createWatch } from "../engine/policies/watch.ts";
import { createOpenAiAccess } from "../llm/openai-client.ts";
import { sessionOwner } from "../process-identity.ts";
import { systemParts } from "../runtime.ts";
import { settleRuns, waitFor } from "../settle-runs.ts";
import type { AuthorKind } from "../storage/records.ts";
import type { Store } from "../storage/store.ts";
import { type Access, FULL_ACCESS, mayUseTract, requireTractAccess } from "../tools/access.ts";
import { TOOLS } from "../tools/registry.ts";
import { createToolBox } from "../tools/toolbox.ts";
import { VERSION } from "../version.ts";
import type { Config } from "./config.ts";
import { endSessionInTime } from "./end-session.ts";
import { createIdleIndexing } from "./idle-indexing.ts";
import { limitStore } from "./limited-store.ts";
import { createLog, type Log } from "./log.ts";
import type { CallOrigin, SessionServices } from "./mcp/services.ts";
import { createTextFileReader } from "./read-text-file.ts";

/** What makes one way in differ from another. */
export interface WayIn {
  readonly authorKind: Extract<AuthorKind, "user" | "agent">;
  /** Takes lines of the log. */
  readonly writeLog: (line: string) => void;
  /**
   * Files that a call may name: any for a person; within import_root (by default the project's parent) for an agent on this machine; for one
   * that may be elsewhere only when a person has set import_root.
   */
  readonly files: "any" | "import_root" | "import_root if set";
}

export type Services = SessionServices;

/** Makes the services of one connection or one command. Nothing is opened or written before the first call (spec 6.1). */
export function createServices(config: Config, wayIn: WayIn): Services {
  const composition = compose(config, wayIn);
  const services = composition.connect(FULL_ACCESS);
  return {
    ...services,
    close: async () => {
      await services.close();
      await composition.close();
    },
  };
}

/** One store and engine, for as many clients as come. */
export interface Composition {
  readonly log: Log;
  /** Services of one more client: a session of its own, which `close` ends. */
  readonly connect: (access: Access) => Services;
  /** Opens the store if that has not been done; what it throws says why it cannot be reached. */
  readonly reachStore: () => Promise<void>;
  /** Closes what was opened, after all services; safe when nothing was. */
  readonly close: () => Promise<void>;
}

export function compose(config: Config, wayIn: WayIn): Composition {
  const { settings } = config;
  const log = createLog(settings.log_level, wayIn.writeLog);
  for (const warning of config.warnings) log.warn(warning);
  const parts = systemParts();
  const indexing = createIdleIndexing({ batch: DEFAULT_LIMITS.searchIndexBatch, idleMs: INDEX_IDLE_MS, log });
  let opened: Promise<Engine> | null = null;
  const openOnce = (): Promise<Engine> => {
    opened ??= openEngine({ config, parts, log, scope: scopeFrom(config, wayIn, "", {}) }).catch(
      (error: unknown) => {
        // What stood in the way may be gone at the next call.
        opened = null;
        throw error;
      },
    );
    return opened;
  };
  const shared: Shared = {
    log,
    watch: createWatch(),
    newSessionId: () => `SES-${parts.newId()}`,
    open: async () => {
      const engine = await openOnce();
      if (wayIn.authorKind === "agent") indexing.postpone(engine.store);
      return engine;
    },
    openIfStored: async () => (opened === null && !isStored(config) ? null : await openOnce()),
    opened: async () => (await opened?.catch(() => null)) ?? null,
  };
  return {
    log,
    connect: (access) => connect(config, wayIn, shared, access),
    reachStore: async () => {
      const { store, scope } = await shared.open();
      await store.findTract(scope.tract);
    },
    close: async () => {
      await indexing.stop();
      const engine = await shared.opened();
      if (engine === null) return;
      await engine.store.close();
    },
  };
}

/** What the clients of one composition have in common. */
interface Shared {
  readonly log: Log;
  readonly watch: Watch;
  readonly newSessionId: () => string;
  /** For a call: indexing waits for a pause. */
  readonly open: () => Promise<Engine>;
  /** null while there is no store. */
  readonly openIfStored: () => Promise<Engine | null>;
  /** null while it is not open. */
  readonly opened: () => Promise<Engine | null>;
}

function connect(config: Config, wayIn: WayIn, shared: Shared, access: Access): Services {
  const { settings } = config;
  const { log } = shared;
  const sessionId = shared.newSessionId();
  const sessions = new OpenSessions(sessionOwner(wayIn.authorKind === "agent" ? settings.profile : null));
  const heads = createKnownHeads();
  const ownTract = tractFor(access, settings.tract);
  const llm = llmOf(config);
  const runs = new TriggeredRuns();
  const watch = withTriggers(shared.watch, runs);
  const readTextFile = fileReader(config, wayIn);
  const notesReads = settings["ledger.tool_reads"];
  const toolbox = createToolBox({ tools: TOOLS, readTextFile, notesReads });
  const own = (engine: Engine): Engine => ({
    ...engine,
    sessions,
    heads,
    llm,
    toolbox,
    watch,
    store: limitStore(engine.store, access),
  });
  const scoped = (engine: Engine, origin: CallOrigin): Engine => {
    const scope = scopeFrom(config, wayIn, sessionId, { tract: ownTract, ...origin });
    requireTractAccess(access, scope.tract);
    return withScope(own(engine), scope);
  };
  return {
    version: VERSION,
    profile: settings.profile,
    tools: TOOLS,
    log,
    tract: ownTract,
    access,
    sessionId,
    engineFor: async (origin) => scoped(await shared.open(), origin),
    storedEngine: async (site) => {
      const engine = await shared.openIfStored();
      requireTractAccess(access, site.tract ?? ownTract);
      return engine === null ? null : scoped(engine, site);
    },
    readTextFile,
    openEngine: async (origin) => {
      const engine = await shared.opened();
      return engine === null ? null : scoped(engine, origin);
    },
    notesReads,
    close: async () => {
      const engine = await shared.opened();
      if (engine === null) return;
      // A person's command waits for what it set off; a server has little time.
      if (wayIn.authorKind === "user") await waitFor(runs, RUNS_MS_MAX);
      // What is still being asked ends; runs that the end of the session sets off ask anew.
      await closeLlm(llm);
      const lastLlm = llmOf(config);
      await endSessionInTime({ ...own(engine), llm: lastLlm }, log);
      await settleRuns(runs, wayIn.authorKind === "user" ? RUNS_MS_MAX : SERVER_RUNS_MS_MAX);
      await closeLlm(lastLlm);
    },
  };
}

/** A client whose token is for other tracts works in the first of those. */
function tractFor(access: Access, usual: string): string {
  if (mayUseTract(access, usual)) return usual;
  return access.tracts?.find((name) => !name.endsWith("*")) ?? usual;
}

interface Opening {
  readonly config: Config;
  readonly parts: Pick<Engine, "clock" | "newId" | "pause">;
  readonly log: Log;
  readonly scope: Scope;
}

/** What clients have of their own is added by `connect`. */
async function openEngine({ config, parts, log, scope }: Opening): Promise<Engine> {
  const { settings } = config;
  // A host that only probes the server never needs the database.
  const { openStore } = await import("../storage/open-store.ts");
  const store = await openStore(settings.store, { durability: settings.durability });
  log.info("store opened", { driver: store.description });
  return createEngine({ ...parts, store, settings: engineSettings(config), scope });
}

function engineSettings({ settings }: Config): EngineSettings {
  return {
    encoding: settings.encoding,
    defaultBranch: settings.default_branch,
    compileBudget: settings.compile_budget,
    ledger: {
      reasonChars: settings["ledger.reason_chars"],
      excerptChars: settings["ledger.excerpt_chars"],
    },
    redaction: settings["redaction.action"],
  };
}

function fileReader({ cwd, settings, sources }: Config, { files }: WayIn): Services["readTextFile"] {
  if (files === "import_root if set" && sources.import_root.kind === "default")
    return () => Promise.reject(noFiles());
  return createTextFileReader({
    folder: cwd,
    root: files === "any" ? null : settings.import_root,
    bytesMax: DEFAULT_LIMITS.transcriptBytesMax,
  });
}

function noFiles(): TractError {
  return new TractError("not-allowed", "path: over HTTP no files of the server's machine are read", {
    hint: "Give the transcript as text, or a person can set import_root (--import-root, TRACT_IMPORT_ROOT).",
  });
}

/** Who calls and where, for one connection or command. */
function scopeFrom(
  { settings }: Config,
  { authorKind }: WayIn,
  sessionId: string,
  { tract, worktree, client }: CallOrigin,
): Scope {
  const name = settings["agent.id"] ?? client ?? null;
  const agentClass = settings["agent.class"] ?? (authorKind === "agent" ? settings.profile : null);
  return {
    tract: tract ?? settings.tract,
    worktree: worktree ?? settings.worktree,
    createWorktree: worktree === undefined || worktree === settings.worktree,
    author: { kind: authorKind, name, session_id: sessionId },
    provenance: { agent_id: name, agent_class: agentClass, session_id: sessionId, client: client ?? null },
    tool: null,
  };
}

function llmOf({ settings }: Config): Engine["llm"] {
  return createOpenAiAccess({
    apiKey: settings["llm.api_key"],
    model: settings["llm.model"],
    baseUrl: settings["llm.base_url"],
    timeoutMs: settings["llm.timeout_ms"],
  });
}

/**
 * The store as it stands, opened for reading only; null when there is none yet.
 *
 * @throws StoreError when something else is in its place.
 */
export async function openForInspection({ settings }: Config): Promise<Store | null> {
  if (!isStored({ settings })) return null;
  const { openStore } = await import("../storage/open-store.ts");
  return await openStore(settings.store, { durability: settings.durability, readonly: true });
}

/** An empty file is no store yet, and a log alone is what is left of one that was lost: opening says so. */
function isStored({ settings }: Pick<Config, "settings">): boolean {
  const file = settings.store.slice("sqlite:".length);
  return [file, `${file}-wal`].some((path) => existsSync(path) && !isEmptyFile(path));
}

function isEmptyFile(path: string): boolean {
  const stats = statSync(path);
  return stats.isFile() && stats.size === 0;
}

/** Calls must have paused this long before the search index catches up. */
const INDEX_IDLE_MS = 250;

/** How long closing waits for runs that triggers set off, in milliseconds: a process must be gone within a second of being told. */
const SERVER_RUNS_MS_MAX = 400;
const RUNS_MS_MAX = 30_000;
