/** Opens a store for a program that uses Tract as a library: no MCP, no environment, no files but the store (spec 6.3; spec 9, 27). */
import { DEFAULT_SETTINGS } from "./engine/default-settings.ts";
import { createEngine, type Engine, type EngineSettings, type Scope } from "./engine/engine.ts";
import { createKnownHeads } from "./engine/history/known-heads.ts";
import { OpenSessions } from "./engine/ledger/open-sessions.ts";
import { endSessions } from "./engine/ledger/session-end.ts";
import { closeLlm } from "./engine/llm/llm-client.ts";
import { TriggeredRuns, withTriggers } from "./engine/orchestrator/triggers.ts";
import { createWatch } from "./engine/policies/watch.ts";
import { checkShape } from "./engine/request-shapes.ts";
import { withTractErrors } from "./engine/store-failure.ts";
import { createTract, type Tract } from "./engine/tract.ts";
import { accessTo, type LlmOption } from "./llm/llm-option.ts";
import { sessionOwner } from "./process-identity.ts";
import { systemParts } from "./runtime.ts";
import { settleRuns, waitFor } from "./settle-runs.ts";
import { openStore as openBackend } from "./storage/open-store.ts";
import type { AuthorKind, Encoding } from "./storage/records.ts";
import type { Store } from "./storage/store.ts";
import { loadToolBox } from "./toolkit.ts";

export interface OpenStoreOptions {
  /** `full` (default): an acknowledged commit survives power loss. `normal`: it survives a crash of the process. */
  readonly durability?: "full" | "normal";
  readonly readonly?: boolean;
  /** Encoding of tracts made from now on. Default: o200k_base. */
  readonly encoding?: Encoding;
  /** Who writes; part of every commit's hash. Default: kind agent without a name. */
  readonly author?: { readonly kind?: AuthorKind; readonly name?: string };
  /** Class of the agent, for the ledger. */
  readonly agentClass?: string;
  /** What happens to credentials in what is written, besides what policies say. Default: off. */
  readonly redaction?: "off" | "redact" | "reject";
  /** The LLM that chat, generate and the strategies llm may ask. Default: none; nothing is read from the environment. */
  readonly llm?: LlmOption;
}

export interface TractOptions {
  /** Each agent works in a worktree of its own. Made by its first write. Default: `default`. */
  readonly worktree?: string;
}

/** A store that is open; closed by `close`, or when its last tract is closed. */
export interface TractStore {
  /** A handle on a tract; the tract is made by its first write. */
  readonly tract: (name: string, options?: TractOptions) => Promise<Tract>;
  /** Names of the tracts in the store. */
  readonly listTracts: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a store, `sqlite:PATH` or a path; the file is made if it is missing.
 *
 * @throws TractError `store-foreign`, `store-newer`, `store-readonly`, `store-corrupt`, `store-busy`.
 * @example
 * const store = await openStore("sqlite:./agent.db");
 * const tract = await store.tract("research");
 * await tract.user("What changed?");
 * const { messages } = await tract.compile({ budgetTokens: 8000 });
 * await tract.close();
 */
export async function openStore(location: string, options: OpenStoreOptions = {}): Promise<TractStore> {
  checkShape("text", location, "location");
  checkShape("openStore", options, "options");
  const parts = systemParts();
  const owner = sessionOwner(null);
  const settings: EngineSettings = {
    ...DEFAULT_SETTINGS,
    encoding: options.encoding ?? DEFAULT_SETTINGS.encoding,
    redaction: options.redaction ?? DEFAULT_SETTINGS.redaction,
  };
  const connect = async (): Promise<Store> =>
    await withTractErrors(
      openBackend(location, {
        durability: options.durability ?? "full",
        readonly: options.readonly ?? false,
      }),
    );
  // Before the store is opened: a wrong option leaves nothing open.
  const accessLlm = (): Engine["llm"] => (options.llm === undefined ? null : accessTo(options.llm));
  let open: { readonly engine: Engine; readonly runs: TriggeredRuns } | null = null;
  let handles = 0;

  const opened = async (): Promise<Engine> => {
    if (open !== null) return open.engine;
    const sessionId = `SES-${parts.newId()}`;
    const runs = new TriggeredRuns();
    const engine = createEngine({
      ...parts,
      llm: accessLlm(),
      watch: withTriggers(createWatch(), runs),
      toolbox: await loadToolBox(),
      store: await connect(),
      heads: createKnownHeads(),
      sessions: new OpenSessions(owner),
      settings,
      scope: scopeOf(options, sessionId),
    });
    open = { engine, runs };
    return engine;
  };
  const close = async (): Promise<void> => {
    const closing = open;
    open = null;
    if (closing === null) return;
    const { engine, runs } = closing;
    await waitFor(runs, RUNS_MS_MAX);
    await closeLlm(engine.llm);
    // A session that cannot be ended now is found abandoned by the next one. What its end sets off may still ask an LLM.
    const llm = accessLlm();
    await endSessions({ ...engine, llm }).catch(() => undefined);
    await settleRuns(runs, RUNS_MS_MAX);
    await closeLlm(llm);
    await engine.store.close();
  };
  await opened(); // A store that cannot be opened is told here, not at the first call.
  return {
    tract: async (name, options = {}) => {
      const { worktree = "default" } = checkShape("tract", options, "options");
      const scoped = await opened();
      handles++;
      return createTract(scoped, { tract: name, worktree }, async () => {
        if (--handles === 0) await close();
      });
    },
    listTracts: async () => (await (await opened()).store.listTracts()).map((tract) => tract.name),
    close,
  };
}

/** How long closing waits for runs that triggers set off, in milliseconds; twice at most. */
const RUNS_MS_MAX = 30_000;

function scopeOf(options: OpenStoreOptions, sessionId: string): Scope {
  return {
    tract: "default",
    worktree: "default",
    createWorktree: true,
    author: {
      kind: options.author?.kind ?? "agent",
      name: options.author?.name ?? null,
      session_id: sessionId,
    },
    provenance: {
      agent_id: options.author?.name ?? null,
      agent_class: options.agentClass ?? null,
      session_id: sessionId,
      client: null,
    },
    tool: null,
  };
}
