/** The bearer tokens of an HTTP server: who shows which, and what that one may do (spec 7.4). */
import { createHash, timingSafeEqual } from "node:crypto";
import { type Access, FULL_ACCESS } from "../../tools/access.ts";

/** Somebody who may use the server. */
export interface Principal {
  /** For logs, and to tell clients apart; never the token. */
  readonly name: string;
  readonly access: Access;
}

/** A token and whose it is. */
export interface TokenEntry extends Principal {
  readonly token: string;
}

/** What a request's Authorization header comes to. */
export type Admission =
  | { readonly kind: "admitted"; readonly principal: Principal }
  | { readonly kind: "missing" | "wrong" };

export type Admit = (authorization: string | undefined) => Admission;

/**
 * Makes the check of one server. Without any token everybody who can reach it is its owner: it listens on this machine alone then.
 *
 * Every token is compared with every other, by digest and in constant time, so that an answer's time tells nothing.
 */
export function createAdmission(entries: readonly TokenEntry[]): Admit {
  if (entries.length === 0) return () => ({ kind: "admitted", principal: OWNER });
  const known = entries.map(({ token, ...principal }) => ({ principal, digest: digestOf(token) }));
  return (authorization) => {
    const shown = BEARER.exec(authorization ?? "")?.[1];
    if (shown === undefined) return { kind: "missing" };
    const digest = digestOf(shown);
    let found: Principal | null = null;
    for (const each of known) if (timingSafeEqual(each.digest, digest)) found = each.principal;
    return found === null ? { kind: "wrong" } : { kind: "admitted", principal: found };
  };
}

/** What stands twice among the tokens of a server: then it would be left to chance what a client may do, or whose sessions it can use. */
export function repeated(entries: readonly TokenEntry[]): "token" | "name" | null {
  if (new Set(entries.map(({ token }) => token)).size < entries.length) return "token";
  return new Set(entries.map(({ name }) => name)).size < entries.length ? "name" : null;
}

const OWNER: Principal = { name: "local", access: FULL_ACCESS };
const BEARER = /^Bearer +(\S+) *$/i;

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
