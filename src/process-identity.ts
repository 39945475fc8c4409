/** This process among those of its machine, and whether another one is still there: what tells a session left behind from one that goes on. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { ProcessIdentity, SessionOwner } from "./engine/ledger/open-sessions.ts";

/** @param profile the tools on offer; null without any. */
export function sessionOwner(profile: string | null): SessionOwner {
  const own: ProcessIdentity = { host: readHost(), pid: process.pid, mark: readMark("self") };
  return {
    self: own,
    profile,
    // Numbers of another host, or of another container on this one, mean nothing here.
    isAlive: (other) => (other.host === own.host ? isThere(other) : null),
  };
}

/** On Linux with the namespace that process numbers belong to: containers may share a host name. */
function readHost(): string {
  const namespace = readOrNull(() => readlinkSync("/proc/self/ns/pid"));
  return namespace === null ? hostname() : `${hostname()} ${namespace}`;
}

/** Numbers are given out again, so where the system tells when a process started, that has to be the same. */
function isThere({ pid, mark }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0); // Signal 0 only asks.
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ESRCH") return false;
  }
  const now = mark === null ? null : readMark(String(pid));
  return now === null || now === mark;
}

/** Boot of the machine and start of the process in it, as Linux tells them; null elsewhere. */
function readMark(pid: string): string | null {
  return readOrNull(() => {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in brackets, may hold anything; the start is the 20th field behind it.
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_FIELD];
    return start === undefined ? null : `${boot}/${start}`;
  });
}

const START_FIELD = 19;

function readOrNull<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch {
    return null; // The system has no such thing.
  }
}
