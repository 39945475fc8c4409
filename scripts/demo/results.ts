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
  readonly warnings: readonly string[];
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

export interface Logged {
  readonly entries: readonly { readonly hash: string }[];
}

interface Side {
  readonly text: string | null;
}
export interface Merged {
  readonly kind: string;
  readonly conflicts: readonly {
    readonly kind: string;
    readonly target: string;
    readonly ours: Side;
    readonly theirs: Side;
  }[];
  readonly commits_brought: { readonly count: number };
}

export interface Compressed {
  readonly groups: readonly { readonly sources: readonly string[]; readonly summary: string | null }[];
  readonly context_tokens: number;
  readonly kept_count: number;
  readonly lost_count: number;
  /** Of strategy agent: what summaries are wanted of. */
  readonly plan?: {
    readonly plan_id: string;
    readonly groups: readonly {
      readonly sources: readonly string[];
      readonly must_keep: readonly string[];
    }[];
  };
}

export interface Expanded {
  readonly commits: readonly { readonly hash: string; readonly message: string }[];
  readonly tokens: number;
  readonly left_out: { readonly commits: number };
}

export interface Undone {
  readonly operation_id: string;
}

export interface Chatted {
  readonly text: string;
  readonly commit: string;
  readonly record_id: string;
}

export interface Generated {
  readonly entries: readonly { readonly hash: string }[];
}

export interface Totals {
  readonly totals: {
    readonly groups: readonly {
      readonly group: string;
      readonly calls: number;
      readonly input_tokens: number;
      readonly output_tokens: number;
    }[];
  };
}

export interface Shown {
  readonly commits: readonly { readonly content: unknown }[];
}

export interface Proposals {
  readonly proposals: readonly { readonly id: string; readonly policy: string | null }[];
}

export interface Approved {
  readonly operation_id: string | null;
}
