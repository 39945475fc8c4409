/** Sessions by their ids: bounded in number, ended when nobody has used them for long. */

/** What is kept of a session. */
export interface Session {
  /** Ends it; never fails, and may be called twice. */
  readonly end: () => Promise<void>;
}

export interface SessionTable<Kept extends Session> {
  /**
   * Makes room for one more of a client if it can be had by ending one that is left; false when there is none.
   *
   * @param client Has a bound of its own, and makes room by itself beyond it.
   */
  readonly hasRoom: (client: string) => boolean;
  readonly add: (id: string, session: Kept, client: string) => void;
  readonly find: (id: string) => Kept | null;
  /** Says that a request or stream of it begins; gives what says that it is over. */
  readonly use: (id: string) => () => void;
  /** Ends one. */
  readonly end: (id: string) => Promise<void>;
  /** Ends all, and no sweep begins any more. */
  readonly close: () => Promise<void>;
  readonly size: () => number;
}

export interface TableLimits {
  readonly sessionsMax: number;
  readonly sessionsPerClientMax: number;
  /** In milliseconds, since the last use. */
  readonly idleMs: number;
  /** After this time without use a session may make room for another, in milliseconds. */
  readonly spareMs: number;
  readonly sweepMs: number;
}

interface Entry<Kept> {
  readonly session: Kept;
  readonly client: string;
  open: number;
  usedMs: number;
}

/** @param now Milliseconds, from any beginning. */
export function createSessionTable<Kept extends Session>(
  limits: TableLimits,
  now: () => number,
): SessionTable<Kept> {
  /** The one used last stands last. */
  const entries = new Map<string, Entry<Kept>>();
  const sweeping = setInterval(() => {
    for (const [id] of [...entries].filter(isUnusedFor(limits.idleMs))) void end(id);
  }, limits.sweepMs);
  sweeping.unref(); // Looking after sessions keeps no process alive.

  function isUnusedFor(ms: number): (entry: readonly [string, Entry<Kept>]) => boolean {
    return ([, { open, usedMs }]) => open === 0 && now() - usedMs >= ms;
  }

  async function end(id: string): Promise<void> {
    const entry = entries.get(id);
    entries.delete(id);
    await entry?.session.end();
  }

  return {
    hasRoom: (client) => {
      const own = [...entries].filter(([, entry]) => entry.client === client);
      const isOwnFull = own.length >= limits.sessionsPerClientMax;
      if (!isOwnFull && entries.size < limits.sessionsMax) return true;
      const [oldest] = (isOwnFull ? own : [...entries]).filter(isUnusedFor(limits.spareMs));
      if (oldest === undefined) return false;
      void end(oldest[0]);
      return true;
    },
    add: (id, session, client) => void entries.set(id, { session, client, open: 0, usedMs: now() }),
    find: (id) => entries.get(id)?.session ?? null,
    use: (id) => {
      const entry = entries.get(id);
      if (entry === undefined) return () => undefined;
      entry.open += 1;
      return once(() => {
        entry.open -= 1;
        entry.usedMs = now();
        if (entries.get(id) !== entry) return; // Ended meanwhile.
        entries.delete(id);
        entries.set(id, entry);
      });
    },
    end,
    close: async () => {
      clearInterval(sweeping);
      await Promise.all([...entries.keys()].map(end));
    },
    size: () => entries.size,
  };
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
