/** What went wrong with a call, as a code to act on; never the provider's own words, which may quote keys or messages (spec 5.1). */
import { TractError } from "../engine/errors.ts";
import { badResponse } from "../engine/llm/llm-client.ts";

interface Tried {
  readonly attempts: number;
  readonly timeoutMs: number;
}

/** @param thrown By the openai package, or by what reads its answers. */
export function failureOf(thrown: unknown, tried: Tried): TractError {
  if (thrown instanceof TractError) return withAttempts(thrown, tried);
  const status = statusOf(thrown);
  if (status !== null) return failureOfStatus(status, tried);
  const name = thrown instanceof Error ? thrown.constructor.name : "";
  if (name === "APIConnectionTimeoutError") return timedOut(tried);
  // Whether the caller or the end of the store did it is known further up.
  if (name === "APIUserAbortError" || (thrown instanceof Error && thrown.name === "AbortError"))
    return unavailable("the call of the LLM was broken off", "Call again when you want it done.", {
      attempts: tried.attempts,
    });
  // The package throws JSON.parse's own error for a body that is no JSON.
  if (thrown instanceof SyntaxError)
    return withAttempts(badResponse("the LLM's answer is no JSON", {}), tried);
  return unavailable(
    `the LLM endpoint cannot be reached${timesText(tried)}`,
    "Check llm.base_url and that the endpoint is running, then try again.",
    { attempts: tried.attempts },
  );
}

export function brokenOff(): TractError {
  return unavailable(
    "the LLM's answer broke off before its end",
    "Try again; it may be a passing fault.",
    {},
  );
}

export function silent(timeoutMs: number): TractError {
  return unavailable(
    `the LLM said nothing for ${timeoutMs} ms in the middle of its answer`,
    "Try again, or set a longer llm.timeout_ms.",
    { timeout_ms: timeoutMs },
  );
}

function failureOfStatus(status: number, tried: Tried): TractError {
  const data = { status, attempts: tried.attempts };
  if (status === 401 || status === 403) {
    return new TractError("llm-auth", `the LLM endpoint refused the API key (HTTP ${status})`, {
      hint: "Check that the key is right, belongs to this endpoint (llm.base_url) and may use this model.",
      data,
    });
  }
  if (status === 429) {
    return new TractError(
      "llm-rate-limited",
      `the LLM endpoint limits how often it is asked${timesText(tried)}`,
      {
        hint: "Wait a while before the next call, or look at the account's limits and credit.",
        data,
      },
    );
  }
  if (status === 404)
    return unavailable(
      "the LLM endpoint knows no such model or address (HTTP 404)",
      "Check the model's name and llm.base_url: it usually ends in /v1.",
      data,
    );
  if (status >= 400 && status < 500 && status !== 408 && status !== 409)
    return unavailable(
      `the LLM endpoint refused the request (HTTP ${status})`,
      "Check the model's name and the config that the ledger entry shows: not every endpoint takes every field, and the context may be too long for the model.",
      data,
    );
  return unavailable(`the LLM endpoint failed (HTTP ${status})${timesText(tried)}`, "Try again later.", data);
}

function timedOut(tried: Tried): TractError {
  return unavailable(
    `the LLM did not answer within ${tried.timeoutMs} ms${timesText(tried)}`,
    "Try again, or set a longer llm.timeout_ms.",
    { timeout_ms: tried.timeoutMs, attempts: tried.attempts },
  );
}

function timesText({ attempts }: Tried): string {
  return attempts > 1 ? `, ${attempts} times` : "";
}

function unavailable(message: string, hint: string, data: Readonly<Record<string, unknown>>): TractError {
  return new TractError("llm-unavailable", message, { hint, data });
}

function withAttempts(error: TractError, { attempts }: Tried): TractError {
  const { code, message, hint, data, cause } = error;
  return new TractError(code, message, { hint, data: { ...data, attempts }, cause });
}

/** Errors of the package that come of a response have its status. */
function statusOf(thrown: unknown): number | null {
  if (!(thrown instanceof Error) || !("status" in thrown)) return null;
  return typeof thrown.status === "number" ? thrown.status : null;
}
