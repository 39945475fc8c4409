/** Puts what is told besides the result of a call, mostly by policies, where its caller looks: among the warnings of the result (spec 5.4). */
import type { Notice } from "./occasion.ts";

/** As a warning of a result. */
export function noticeWords({ policy, text }: Notice): string {
  return policy === null ? text : `Policy ${policy}: ${text}`;
}

/** The result with the notices among its warnings; one that has no warnings stays as it is. */
export function withNotices<Result>(result: Result, notices: readonly Notice[]): Result {
  if (notices.length === 0 || typeof result !== "object" || result === null) return result;
  if (!("warnings" in result) || !Array.isArray(result.warnings)) return result;
  return { ...result, warnings: [...result.warnings, ...notices.map(noticeWords)] };
}
