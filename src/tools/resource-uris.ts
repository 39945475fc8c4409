/** The addresses of what can be read as a resource: `tract://{tract}/…` (spec 6.2), built and read in one place. */

/** What a resource is of. */
export type ResourceAddress =
  | { readonly kind: "context"; readonly tract: string; readonly ref: string; readonly format: string | null }
  | { readonly kind: "commit"; readonly tract: string; readonly hash: string }
  | { readonly kind: "log"; readonly tract: string; readonly branch: string }
  | { readonly kind: "compile-record"; readonly tract: string; readonly id: string }
  | { readonly kind: "compile-records"; readonly tract: string; readonly before: string | null }
  | {
      readonly kind: "ledger";
      readonly tract: string;
      readonly session: string;
      readonly cursor: string | null;
    }
  | { readonly kind: "status"; readonly tract: string };

/** RFC 6570 templates, by what they are of. */
export const RESOURCE_TEMPLATES: Readonly<Record<ResourceAddress["kind"], string>> = {
  context: "tract://{tract}/context/{ref}{?format}",
  commit: "tract://{tract}/commit/{hash}",
  log: "tract://{tract}/log/{branch}",
  "compile-record": "tract://{tract}/compile-record/{id}",
  "compile-records": "tract://{tract}/compile-records{?before}",
  ledger: "tract://{tract}/ledger/{session}{?cursor}",
  status: "tract://{tract}/status",
};

export function resourceUri(address: ResourceAddress): string {
  const at = (path: string): string => `tract://${encodeURIComponent(address.tract)}/${path}`;
  switch (address.kind) {
    case "context":
      return at(`context/${encodeURIComponent(address.ref)}${query("format", address.format)}`);
    case "commit":
      return at(`commit/${encodeURIComponent(address.hash)}`);
    case "log":
      return at(`log/${encodeURIComponent(address.branch)}`);
    case "compile-record":
      return at(`compile-record/${encodeURIComponent(address.id)}`);
    case "compile-records":
      return at(`compile-records${query("before", address.before)}`);
    case "ledger":
      return at(`ledger/${encodeURIComponent(address.session)}${query("cursor", address.cursor)}`);
    case "status":
      return at("status");
  }
}

function query(name: string, value: string | null): string {
  return value === null ? "" : `?${name}=${encodeURIComponent(value)}`;
}

const ADDRESS = /^tract:\/\/([^/?#]+)\/([a-z-]+)(?:\/([^?#]+))?(?:\?([^#]*))?$/;

/** Far more than tract and branch can have, with every character escaped; what is watched is kept in memory. */
const URI_CHARS_MAX = 8_000;

/** null when the text is no address of ours. A branch may keep its slashes: `log/feature/x`. */
export function parseResourceUri(uri: string): ResourceAddress | null {
  if (uri.length > URI_CHARS_MAX) return null;
  const [, host, kind, rest, search] = ADDRESS.exec(uri) ?? [];
  const tract = host === undefined ? null : decoded(host);
  if (tract === null) return null;
  const options = new URLSearchParams(search ?? "");
  if (rest === undefined) {
    if (kind === "status") return { kind, tract };
    return kind === "compile-records" ? { kind, tract, before: options.get("before") } : null;
  }
  const name = decoded(rest);
  if (name === null) return null;
  switch (kind) {
    case "context":
      return { kind, tract, ref: name, format: options.get("format") };
    case "commit":
      return { kind, tract, hash: name };
    case "log":
      return { kind, tract, branch: name };
    case "compile-record":
      return { kind, tract, id: name };
    case "ledger":
      return { kind, tract, session: name, cursor: options.get("cursor") };
    default:
      return null;
  }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // A stray percent sign.
  }
}
