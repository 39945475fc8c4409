/** The part of the library's handle that reads: contexts, history and the ledger (spec 2 to 4). */
import { type BlameRequest, type BlameResult, blame } from "./compare/blame.ts";
import { type DiffRequest, type DiffResult, diff } from "./compare/diff.ts";
import { type CompiledContext, type CompileRequest, compile } from "./compile/compile.ts";
import { type Explanation, explain } from "./compile/explain.ts";
import { type Forecast, forecast } from "./compile/forecast.ts";
import type { Run } from "./conversing.ts";
import { type LogRequest, type LogResult, log } from "./history/log.ts";
import { type OperationsPage, type OperationsRequest, operations } from "./history/operations.ts";
import { type GeneratedPage, type QueryByConfigRequest, queryByConfig } from "./history/query-by-config.ts";
import { type ShowRequest, type ShowResult, show } from "./history/show.ts";
import { type StatusRequest, type StatusResult, status } from "./history/status.ts";
import { type SessionsPage, type SessionsRequest, sessions } from "./ledger/list-sessions.ts";
import { type LedgerPage, type QueryLedgerRequest, queryLedger } from "./ledger/query-ledger.ts";
import { type VerifyRequest, type VerifyResult, verify } from "./ledger/verify.ts";
import { checkShape } from "./request-shapes.ts";
import { type SearchRequest, type SearchResult, search } from "./search/search.ts";

export interface Reading {
  /** The messages that an LLM gets for a head. */
  compile(request?: CompileRequest): Promise<CompiledContext>;
  /** What each of several budgets would keep. */
  forecast(budgets: readonly number[], request?: CompileRequest): Promise<readonly Forecast[]>;
  /** Whether and why a commit is in the compiled context. */
  explain(commit: string, request?: CompileRequest): Promise<Explanation>;
  status(request?: StatusRequest): Promise<StatusResult>;
  log(request?: LogRequest): Promise<LogResult>;
  show(request: ShowRequest): Promise<ShowResult>;
  search(request: SearchRequest): Promise<SearchResult>;
  /** What changed between two points in history. Default: what the newest commit changed. */
  diff(request?: DiffRequest): Promise<DiffResult>;
  /** Where a piece of compiled text, or a commit, comes from. */
  blame(request: BlameRequest): Promise<BlameResult>;
  operations(request?: OperationsRequest): Promise<OperationsPage>;
  /** The sessions of the tract, newest first; with `session` what happened in one, in order. */
  sessions(request?: SessionsRequest): Promise<SessionsPage>;
  queryLedger(request?: QueryLedgerRequest): Promise<LedgerPage>;
  /** Commits by how they were generated: conditions on their generation config, or a whole one. */
  queryByConfig(request: QueryByConfigRequest): Promise<GeneratedPage>;
  verify(request?: VerifyRequest): Promise<VerifyResult>;
}

export function reading(run: Run): Reading {
  return {
    compile: (request = {}) => run((on) => compile(on, checkShape("compile", request, "request"))),
    forecast: (budgets, request = {}) =>
      run((on) =>
        forecast(on, checkShape("compile", request, "request"), checkShape("budgets", budgets, "budgets")),
      ),
    explain: (made, request = {}) =>
      run((on) => explain(on, checkShape("compile", request, "request"), checkShape("text", made, "commit"))),
    status: (request = {}) => run((on) => status(on, checkShape("status", request, "request"))),
    log: (request = {}) => run((on) => log(on, checkShape("log", request, "request"))),
    show: (request) => run((on) => show(on, checkShape("show", request, "request"))),
    search: (request) => run((on) => search(on, checkShape("search", request, "request"))),
    diff: (request = {}) => run((on) => diff(on, checkShape("diff", request, "request"))),
    blame: (request) => run((on) => blame(on, checkShape("blame", request, "request"))),
    operations: (request = {}) => run((on) => operations(on, checkShape("operations", request, "request"))),
    sessions: (request = {}) => run((on) => sessions(on, checkShape("sessions", request, "request"))),
    queryLedger: (request = {}) =>
      run((on) => queryLedger(on, checkShape("queryLedger", request, "request"))),
    queryByConfig: (request) =>
      run((on) => queryByConfig(on, checkShape("queryByConfig", request, "request"))),
    verify: (request = {}) => run((on) => verify(on, checkShape("verify", request, "request"))),
  };
}
