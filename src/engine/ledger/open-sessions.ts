/** The sessions that this process has begun in tracts and not ended yet (spec 4.2). */
import type { Scope } from "../engine.ts";

/** A process as another one on the same machine can tell it from all others. */
export interface ProcessIdentity {
  /** Where its number means something. */
  readonly host: string;
  readonly pid: number;
  /** Differs when the number was given out again; null where the system does not say. */
  readonly mark: string | null;
}

/** What a way in knows of the process that it runs in. */
export interface SessionOwner {
  readonly self: ProcessIdentity;
  /** False only when the process can be shown to be gone; null: nobody here can know. */
  readonly isAlive: (other: ProcessIdentity) => boolean | null;
  /** Profile of the tools on offer; null without any. */
  readonly profile: string | null;
}

/** A session in a tract: who acted in it last. */
export interface OpenSession {
  readonly id: string;
  readonly scope: Scope;
}

/** The same for all engines of one connection, command or library store. */
export class OpenSessions {
  readonly owner: SessionOwner;
  readonly #open = new Map<string, OpenSession>();
  /** Sessions with a beginning in the ledger: of others that go on here, or of our own. */
  readonly #begun = new Set<string>();
  /** Sessions that another process has begun and will end. */
  readonly #lent = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();
  #isOver = false;

  constructor(owner: SessionOwner) {
    this.owner = owner;
  }

  /** True after `end`: what is written later belongs to no beginning any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the next entry of a session in a tract must be preceded by its beginning. */
  needsStart(id: string, tract: string): boolean {
    const key = keyOf(id, tract);
    return !(this.#isOver || this.#open.has(key) || this.#lent.has(key));
  }

  /** Whether it has a beginning in the tract already, so that this one resumes it. */
  hasBegun(id: string, tract: string): boolean {
    return this.#begun.has(keyOf(id, tract));
  }

  /** Its beginning is in the ledger. */
  noteStart(session: OpenSession): void {
    const key = keyOf(session.id, session.scope.tract);
    this.#open.set(key, session);
    this.#begun.add(key);
  }

  /** A session that was begun elsewhere: whoever has it open ends it, else it resumes here with the next write. */
  noteForeign(id: string, tract: string, { isOpen }: { readonly isOpen: boolean }): void {
    const key = keyOf(id, tract);
    this.#begun.add(key);
    if (isOpen) this.#lent.add(key);
    else this.#lent.delete(key);
  }

  /** Whether this process began it and has not ended it. */
  isOwn(id: string, tract: string): boolean {
    return this.#open.has(keyOf(id, tract));
  }

  /** One after the other, so that two first writes at once give one beginning. */
  async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return await mine;
  }

  /** Gives the sessions that are to be ended; none is open afterwards. */
  end(): readonly OpenSession[] {
    this.#isOver = true;
    const open = [...this.#open.values()];
    this.#open.clear();
    return open;
  }
}

function keyOf(id: string, tract: string): string {
  return JSON.stringify([id, tract]);
}
