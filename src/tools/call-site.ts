/** Where a call is to happen; what is not given comes from settings. */
export interface CallSite {
  readonly tract?: string;
  /** An unknown one is `not-found`. */
  readonly worktree?: string;
}
