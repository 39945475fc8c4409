/** The only place that constructs things: the store when first needed, the engine over it, and what a way in lends to calls. */
import { existsSync } from "node:fs";
import { createEngine, type Engine, type EngineSettings, type Scope, withScope } from "../engine/engine.ts";
import { OpenSessions } from "../engine/ledger/open-sessions.ts";
import { DEFAULT_LIMITS } from "../engine/limits.ts";
import { closeLlm } from "../engine/llm/llm-client.ts";
import { TriggeredRuns, withTriggers } from "../engine/orchestrator/triggers.ts";
import { createWatch } from "../engine/policies/watch.ts";
import { createOpenAiAccess } from "../llm/openai-client.ts";
import { sessionOwner } from "../process-identity.ts";
import { systemParts } from "../runtime.ts";
import { settleRuns, waitFor } from "../settle-runs.ts";
import type { AuthorKind } from "../storage/records.ts";
import type { Store } from "../storage/store.ts";
import { TOOLS } from "../tools/registry.ts";
import { createToolBox } from "../tools/toolbox.ts";
import { VERSION } from "../version.ts";
import type { Config } from "./config.ts";
import { endSessionInTime } from "./end-session.ts";
import { createIdleIndexing } from "./idle-indexing.ts";
import { createLog } from "./log.ts";
import type { CallOrigin, McpServices } from "./mcp/services.ts";
import { createTextFileReader } from "./read-text-file.ts";

/** What makes one way in differ from another. */
export interface WayIn {
  readonly authorKind: Extract<AuthorKind, "user" | "agent">;
  /** Takes lines of the log. */
  readonly writeLog: (line: string) => void;
  /** False: a person names files, so any may be read. */
  readonly confinesFiles: boolean;
}

export interface Services extends McpServices {
  /** Closes what was opened; safe when nothing was. */
  readonly close: () => Promise<void>;
}

/** Makes the services of one connection or one command. Nothing is opened or written before the first call (spec 6.1). */
export function createServices(config: Config, wayIn: WayIn): Services {
  const { settings } = config;
  const log = createLog(settings.log_level, wayIn.writeLog);
  for (const warning of config.warnings) log.warn(warning);
  const parts = systemParts();
  const sessionId = `SES-${parts.newId()}`;
  const scopeOf = (origin: CallOrigin): Scope => scopeFrom(config, wayIn, sessionId, origin);
  const indexing = createIdleIndexing({ batch: DEFAULT_LIMITS.searchIndexBatch, idleMs: INDEX_IDLE_MS, log });
  const readTextFile = fileReader(config, wayIn);
  const runs = new TriggeredRuns();
  let opened: Promise<Engine> | null = null;

  return {
    version: VERSION,
    profile: settings.profile,
    tools: TOOLS,
    log,
    engineFor: async (origin) => {
      opened ??= open().catch((error: unknown) => {
        // What stood in the way may be gone at the next call.
        opened = null;
        throw error;
      });
      const engine = await opened;
      if (wayIn.authorKind === "agent") indexing.postpone(engine.store);
      return withScope(engine, scopeOf(origin));
    },
    readTextFile,
    openEngine: async (origin) => {
      const engine = await opened?.catch(() => null);
      return engine == null ? null : withScope(engine, scopeOf(origin));
    },
    notesReads: settings["ledger.tool_reads"],
    close: async () => {
      await indexing.stop();
      const engine = await opened?.catch(() => null);
      if (engine == null) return;
      // A person's command waits for what it set off; a server has little time.
      if (wayIn.authorKind === "user") await waitFor(runs, RUNS_MS_MAX);
      await closeLlm(engine.llm);
      const llm = llmOf(config);
      await endSessionInTime({ ...engine, llm }, log);
      await settleRuns(runs, wayIn.authorKind === "user" ? RUNS_MS_MAX : SERVER_RUNS_MS_MAX);
      await closeLlm(llm);
      await engine.store.close();
    },
  };

  async function open(): Promise<Engine> {
    // A host that only probes the server never needs the database.
    const { openStore } = await import("../storage/open-store.ts");
    const store = await openStore(settings.store, { durability: settings.durability });
    log.info("store opened", { driver: store.description });
    return createEngine({
      ...parts,
      store,
      llm: llmOf(config),
      watch: withTriggers(createWatch(), runs),
      toolbox: createToolBox({ tools: TOOLS, readTextFile, notesReads: settings["ledger.tool_reads"] }),
      sessions: new OpenSessions(sessionOwner(wayIn.authorKind === "agent" ? settings.profile : null)),
      settings: engineSettings(config),
      scope: scopeOf({}),
    });
  }
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

function fileReader({ cwd, settings }: Config, { confinesFiles }: WayIn): Services["readTextFile"] {
  return createTextFileReader({
    folder: cwd,
    root: confinesFiles ? settings.import_root : null,
    bytesMax: DEFAULT_LIMITS.transcriptBytesMax,
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
  const file = settings.store.slice("sqlite:".length);
  if (!existsSync(file)) return null;
  const { openStore } = await import("../storage/open-store.ts");
  return await openStore(settings.store, { durability: settings.durability, readonly: true });
}

/** Calls must have paused this long before the search index catches up. */
const INDEX_IDLE_MS = 250;

/** How long closing waits for runs that triggers set off, in milliseconds: a process must be gone within a second of being told. */
const SERVER_RUNS_MS_MAX = 400;
const RUNS_MS_MAX = 30_000;
