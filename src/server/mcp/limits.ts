/** Bounds of the MCP way in, by name (spec 9, 31). */

/** Bytes of one message on stdin; a longer one is discarded and answered. */
export const MESSAGE_BYTES_MAX: number = 64 * 1024 * 1024;
/** How long calls under way may still be answered after stdin has closed, in milliseconds; the process is gone within 1 s. */
export const DRAIN_MS_MAX = 500;
/** How long a reader may take for what is written already when the connection ends, in milliseconds. */
export const FLUSH_MS_MAX = 100;
/** How often a connection with subscriptions asks whether another process changed the store, in milliseconds. */
export const CHANGE_POLL_MS = 500;
/** Our own writes within this many milliseconds are looked at together. */
export const CHANGE_WAKE_MS = 20;
/** Resources that one connection may watch. */
export const SUBSCRIPTIONS_MAX = 1_000;
/** Values offered by one completion; the protocol allows no more. */
export const COMPLETIONS_MAX = 100;
/** Ledger entries that are looked at for session ids to offer. */
export const SESSIONS_SCAN = 500;
/** Branches of one page of resources/list. */
export const RESOURCES_PAGE = 100;
/** Milliseconds between two progress notifications of one call. */
export const PROGRESS_PAUSE_MS = 100;
/** Compile records of one page. */
export const RECORDS_PAGE = 50;

/** How long a call waits for the human to decide about a proposal, in milliseconds: shorter than hosts wait for a call. */
export const APPROVAL_WAIT_MS_MAX = 45_000;
/** Proposals of one call that the human is asked about. */
export const APPROVALS_ASKED_MAX = 3;
/** A larger result is not sent along with a question: its proposals wait for the tool `proposals`. */
export const KEPT_RESULT_CHARS_MAX = 256 * 1024;
