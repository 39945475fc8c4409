/** What every operation gets: the store, the sources of time and chance, and who is asking, as one small readonly record. */
import type { Author, Encoding } from "../storage/records.ts";
import type { Store } from "../storage/store.ts";
import { type CompileCache, createCompileCache } from "./compile/cache.ts";
import { compact } from "./compress/compact.ts";
import { type ContentTypes, createContentTypes } from "./content/content-types.ts";
import { DEFAULT_SETTINGS } from "./default-settings.ts";
import type { KnownHeads } from "./history/known-heads.ts";
import type { Compact } from "./history/make-room.ts";
import type { ScreenAt } from "./history/screen.ts";
import { createSettingsCache, type SettingsCache } from "./history/settings.ts";
import type { OpenSessions } from "./ledger/open-sessions.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import type { LlmAccess } from "./llm/llm-client.ts";
import type { Notice, Rider, Watch } from "./policies/occasion.ts";
import { screenAt } from "./policies/secret-screen.ts";
import { checkScopeName } from "./scope-name.ts";
import { loadTokenCounter, type TokenCounter } from "./tokens/token-counter.ts";
import type { ToolBox } from "./toolbox.ts";

/** The moment, in milliseconds since 1970. Injected, so that operations are reproducible. */
export type Clock = () => number;

/** Who asks and from where: the same for all calls of one connection or handle, but for the worktree. */
export interface Scope {
  readonly tract: string;
  /** The worktree whose HEAD the call uses; the default worktree is made by its first write (spec 9, 8). */
  readonly worktree: string;
  /** False when the caller named the worktree: an unknown one is then `not-found`. */
  readonly createWorktree: boolean;
  readonly author: Author;
  readonly provenance: Provenance;
  /** The tool that was called, with its arguments in short (never message text), for the ledger; null outside tools. */
  readonly tool: { readonly name: string; readonly arguments: string } | null;
  /** Collects what is to be told besides the result, mostly by policies; left out: nobody listens. */
  readonly notices?: Notice[];
  /** True: a policy is at work, and what it does sets off no other. */
  readonly byPolicy?: boolean;
  /** Joins the operation of the next write; left out: none does. */
  readonly rider?: Rider;
}

/** Stands on every ledger entry (spec 4.1). */
export interface Provenance {
  readonly agent_id: string | null;
  readonly agent_class: string | null;
  readonly session_id: string | null;
  readonly client: string | null;
}

/** What comes from configuration, not from the tract (spec 6.1). */
export interface EngineSettings {
  /** Encoding of tracts that are made from now on. */
  readonly encoding: Encoding;
  /** Branch that an unborn tract starts on. */
  readonly defaultBranch: string;
  /** Default `budget_tokens` of the compile tool (spec 2.7). */
  readonly compileBudget: number;
  /** Cut lengths of query_ledger, in characters (spec 4.3). */
  readonly ledger: { readonly reasonChars: number; readonly excerptChars: number };
  /** What happens to credentials in what is written, to every tract, besides what its policies say (spec 6.1). */
  readonly redaction: "off" | "redact" | "reject";
}

export interface Engine {
  readonly store: Store;
  readonly clock: Clock;
  /** A new ULID, later than all before it. */
  readonly newId: () => string;
  /** Waits, in milliseconds, with jitter of its own; between tries of a write that lost a race. */
  readonly pause: (upToMs: number) => Promise<void>;
  /** Loaded on first use: the tables are large. */
  readonly tokenCounter: (encoding: Encoding) => Promise<TokenCounter>;
  readonly contentTypes: ContentTypes;
  readonly compileCache: CompileCache;
  readonly settingsCache: SettingsCache;
  /** What the budget action compact does: a commit needs it, and history cannot import compress (spec 1.7). */
  readonly compact: Compact;
  /** What keeps credentials out of the store: a write needs it, and history cannot import policies (spec 5.4). */
  readonly screen: ScreenAt;
  /** Evaluates policies; null: none are looked at. A write needs it, and history cannot import policies (spec 5.4). */
  readonly watch: Watch | null;
  /** null: no LLM is configured; everything has a way without one (spec 5). */
  readonly llm: LlmAccess | null;
  /** The tools, for who acts as an agent would: policies, the orchestrator, an agent's own loop. null: there are none here. */
  readonly toolbox: ToolBox | null;
  /** null: nobody is told that another session has moved HEAD. */
  readonly heads: KnownHeads | null;
  /** null: writes belong to no session that begins and ends. */
  readonly sessions: OpenSessions | null;
  readonly settings: EngineSettings;
  readonly limits: Limits;
  readonly scope: Scope;
}

/** What a way in brings along; the rest of an engine is made here. */
export type EngineParts = Pick<Engine, "store" | "clock" | "newId" | "pause" | "scope"> &
  Partial<Pick<Engine, "settings" | "limits" | "llm" | "toolbox" | "heads" | "sessions" | "watch">>;

/** An engine with empty caches and the built-in content types. */
export function createEngine(parts: EngineParts): Engine {
  const limits = parts.limits ?? DEFAULT_LIMITS;
  return {
    ...parts,
    limits,
    settings: parts.settings ?? DEFAULT_SETTINGS,
    tokenCounter: loadTokenCounter,
    contentTypes: createContentTypes(),
    compileCache: createCompileCache(limits),
    settingsCache: createSettingsCache(),
    compact,
    screen: screenAt,
    llm: parts.llm ?? null,
    toolbox: parts.toolbox ?? null,
    heads: parts.heads ?? null,
    sessions: parts.sessions ?? null,
    watch: parts.watch ?? null,
  };
}

/** The same engine on behalf of another worktree, tract or author. */
export function withScope(engine: Engine, scope: Partial<Scope>): Engine {
  if (scope.tract !== undefined) checkScopeName("tract", scope.tract);
  if (scope.worktree !== undefined) checkScopeName("worktree", scope.worktree);
  return { ...engine, scope: { ...engine.scope, ...scope } };
}
