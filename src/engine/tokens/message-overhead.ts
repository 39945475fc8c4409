/** What a chat API adds to the tokens of the texts themselves. */

/** Tokens framing each message (spec 1.7). */
export const TOKENS_PER_MESSAGE: number = 3;

/** Tokens added to a message that has a name (spec 1.7). */
export const TOKENS_PER_NAME: number = 1;

/** Tokens added once per prompt, before the reply starts (spec 1.7). */
export const TOKENS_PER_PROMPT: number = 3;
