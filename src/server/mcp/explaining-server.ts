/** The SDK's server, but a request with parameters of another shape is told in words what is wrong with them. */
import {
  type JSONRPCRequest,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";

type Handler = (request: JSONRPCRequest, context: ServerContext) => Promise<Result>;

/** The SDK answers such a request with an internal error, and with its checker's report for a message. */
export class ExplainingServer extends Server {
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    const wrapped = super._wrapHandler(method, handler);
    return async (request, context) => {
      try {
        return await wrapped(request, context);
      } catch (error) {
        throw wrongParams(method, error) ?? error;
      }
    };
  }
}

/** Problems told of one request, and characters of each. */
const PROBLEMS_TOLD = 3;
const PROBLEM_CHARS_TOLD = 200;

/** null: something else went wrong. */
function wrongParams(method: string, error: unknown): ProtocolError | null {
  if (!(error instanceof Error)) return null;
  const report = error.message.indexOf("[\n");
  if (report === -1 || (error instanceof ProtocolError && error.code !== ProtocolErrorCode.InvalidParams))
    return null;
  const problems = readProblems(error.message.slice(report));
  if (problems === null) return null;
  const told = problems.slice(0, PROBLEMS_TOLD).join("; ");
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Invalid params for ${method}: ${told}`);
}

/** What the checker reports, as `params.uri: Invalid input: expected string, received number`; null when it is no such report. */
function readProblems(report: string): readonly string[] | null {
  let issues: unknown;
  try {
    issues = JSON.parse(report);
  } catch {
    return null;
  }
  if (!Array.isArray(issues) || issues.length === 0) return null;
  const problems = issues.map(problemOf);
  return problems.every((problem) => problem !== null) ? problems : null;
}

function problemOf(issue: unknown): string | null {
  if (typeof issue !== "object" || issue === null || !("path" in issue) || !("message" in issue)) return null;
  const { path, message } = issue;
  if (!Array.isArray(path) || typeof message !== "string") return null;
  const where = path.map(String).join(".");
  return `${where}: ${message}`.slice(0, PROBLEM_CHARS_TOLD).toWellFormed();
}
