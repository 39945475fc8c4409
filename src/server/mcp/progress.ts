/** Progress notifications of long calls, for clients that asked for them. */
import type { ServerContext } from "@modelcontextprotocol/server";
import type { ToolContext } from "../../tools/tool.ts";
import { PROGRESS_PAUSE_MS } from "./limits.ts";

/** Sends at most one notification per pause; progress only grows, as the protocol demands. */
export function progressReporter({ _meta, notify }: ServerContext["mcpReq"]): ToolContext["progress"] {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let last = -1;
  let nextAt = 0;
  return (done, total, message) => {
    if (done <= last || performance.now() < nextAt) return;
    last = done;
    nextAt = performance.now() + PROGRESS_PAUSE_MS;
    const params = { progressToken, progress: done, message, ...(total === null ? {} : { total }) };
    void notify({ method: "notifications/progress", params }).catch(() => undefined); // The client may be gone; the call itself finds out.
  };
}
