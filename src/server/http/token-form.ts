/** What a token may look like: long enough not to be guessed, and safe to stand in a header. */

/** The characters of RFC 6750 (`b64token`). */
const TOKEN = /^[A-Za-z0-9\-._~+/]{16,512}=*$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export const TOKEN_FORM = "16 to 512 letters, digits and -._~+/";
