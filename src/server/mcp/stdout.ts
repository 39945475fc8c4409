/** The stdout of a server as a stream that can be closed: an answer that nobody reads must not keep the process alive. */
import { once } from "node:events";
import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { FLUSH_MS_MAX } from "./limits.ts";

const STDOUT_FD = 1;

/** @param usual The process's own, whose `destroy` closes nothing; good enough where stdout is a file or terminal, which never fill up. */
export function closableStdout(usual: Writable): Writable {
  const kind = fstatSync(STDOUT_FD);
  const isPipe = kind.isFIFO() || kind.isSocket();
  return isPipe ? new Socket({ fd: STDOUT_FD, readable: false, writable: true }) : usual;
}

/** Gives a reader who is still there a moment to read on, then closes; what nobody has read by then is dropped. */
export async function closeStdout(stdout: Writable): Promise<void> {
  if (stdout.writableLength > 0 && !stdout.destroyed) {
    const ended = new AbortController();
    const { signal } = ended;
    // A broken pipe has no reader to wait for.
    await Promise.race([once(stdout, "drain", { signal }), setTimeout(FLUSH_MS_MAX, null, { signal })]).catch(
      () => undefined,
    );
    ended.abort();
  }
  stdout.destroy();
}
