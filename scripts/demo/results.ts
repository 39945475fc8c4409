/** What the demo reads of the results of tools; the server's output schemas say the whole. */

export interface Imported {
  readonly imported: number;
  readonly repaired: readonly unknown[];
  readonly skipped: readonly unknown[];
}

export interface Status {
  readonly branch: string;
  readonly head: string;
  readonly tokens: number;
}

export interface Commits {
  readonly commits: readonly { readonly hash: string; readonly message: string }[];
}

export interface Branches {
  readonly branches: readonly {
    readonly name: string;
    readonly current: boolean;
    readonly ahead: number;
    readonly behind: number;
  }[];
}

export interface Message {
  readonly role: string;
  readonly content: string | readonly { readonly type: string; readonly text?: string }[];
}

export interface Compiled {
  /** Format anthropic only. */
  readonly system?: string | null;
  readonly messages: readonly Message[];
  /** Parallel to the messages. */
  readonly commit_hashes: readonly (readonly string[])[];
  readonly token_count: number;
}

export interface Explained {
  readonly explanation: { readonly included: boolean; readonly reason: string };
}

export interface Hits {
  readonly hits: readonly { readonly hash: string; readonly snippet: string; readonly role: string | null }[];
}

export interface Entries {
  readonly entries: readonly { readonly seq: number; readonly event_type: string; readonly reason: string }[];
}

export interface Verified {
  readonly ok: boolean;
  readonly checked: { readonly commits: number; readonly contents: number; readonly ledger: number };
}
