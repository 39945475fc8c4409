/** Tells requests that a foreign web page has a browser send, by the names that they use (spec 7.4; spec 9, 32). */
import { validateHostHeader, validateOriginHeader } from "@modelcontextprotocol/server";

/**
 * Which header names somebody foreign; null when none does. Programs that are no browser send no Origin, which is fine.
 *
 * @param own Host names without port; IPv6 addresses in brackets.
 */
export function foreignName(
  { host, origin }: { readonly host?: string | undefined; readonly origin?: string | undefined },
  own: readonly string[],
): "Host" | "Origin" | null {
  if (!validateHostHeader(host, [...own]).ok) return "Host";
  return validateOriginHeader(origin, [...own]).ok ? null : "Origin";
}
