/** Which addresses mean this machine alone, and by which names clients may call a server. */
import { isIPv4, isIPv6 } from "node:net";
import { hostname, networkInterfaces } from "node:os";

/** Whether only programs of this machine reach what listens there. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || (isIPv4(name) && name.startsWith("127."));
}

/**
 * Host names without port, as they may stand in Host and Origin; IPv6 addresses in brackets.
 *
 * @param further Names with commas between; a port behind one is left out, as none is compared.
 */
export function ownNames(host: string, further: string | null): readonly string[] {
  const bound = isEverywhere(host) ? [hostname(), ...machineAddresses()] : [host];
  const names = [...LOOPBACK_NAMES, ...bound, ...(further === null ? [] : further.split(","))];
  return [...new Set(names.map((name) => bracketed(name.toLowerCase())))];
}

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "::1"];

function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "";
}

function machineAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
}

function bracketed(name: string): string {
  return isIPv6(name) ? `[${name}]` : name.replace(/:\d+$/, "");
}
