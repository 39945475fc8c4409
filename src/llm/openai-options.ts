/** What leads to an LLM endpoint, and what such values must be, wherever they come from (spec 5.1, 6.1). */

export interface OpenAiOptions {
  /** null: the endpoint takes none, as local ones do. */
  readonly apiKey: string | null;
  readonly model: string | null;
  /** null: OpenAI itself. */
  readonly baseUrl: string | null;
  /** Milliseconds that one attempt may take, and a stream may be silent. */
  readonly timeoutMs: number;
}

/** Milliseconds; long enough for a slow local model. */
export const LLM_TIMEOUT_MS = 300_000;

/** What fits into a header: anything else would fail each call, in words that quote the key. */
export function isApiKey(value: string): boolean {
  return /^[\x21-\x7e]{1,4096}$/.test(value);
}

/** Addresses are shown and logged, so they carry no credentials. */
export function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}
