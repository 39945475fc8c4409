/** Credentials without a form of their own: what is given to a name like password or api_key, if it looks made by chance or by care. */
import { isMixed, isNoStandIn } from "./secret-rules.ts";

export type AssignedKind = "password" | "api-key";

const NAMES =
  "(?:(pass(?:word|wd|phrase|code)|pwd)|(secret|api[_-]?key|access[_-]?key(?!s?[_-]?id)|private[_-]?key|auth[_-]?key|account[_-]?key|encryption[_-]?key|signing[_-]?key|credentials?)|(token))";
/** What may still stand between such a word and the sign that gives it a value. */
const REST = "(?:[_-]?(?:value|key|base64|prod(?:uction)?|live|dev|test|staging))?[0-9]{0,2}";
const OPENING = "[\"'\\\\]{0,4}\\s{0,3}(?:=>|:=|[:=])\\s{0,3}";

/** Groups: 1–3 the word, 4–7 the value in its quotes, or bare. Everything before the value is bounded, and a value is looked at once. */
const ASSIGNMENT = new RegExp(
  `${NAMES}${REST}${OPENING}(?:\\\\{1,3}"([^"\\\\\\n]{8,200})\\\\{1,3}"|"([^"\\\\\\n]{8,200})"|'([^'\\\\\\n]{8,200})'|([^\\s"'\`,;<>(){}\\[\\]\\\\&|]{8,200}))`,
  "dgi",
);
/** `--token abc`: a flag of a command line, whose value follows a space. */
const FLAG = new RegExp(`--[a-z-]{0,20}${NAMES}(?: |=)["']?([^\\s"'\`,;<>(){}\\[\\]\\\\&|]{8,200})`, "dgi");
/** A whole name, as of a member of an object. */
const NAME = new RegExp(`${NAMES}${REST}$`, "i");
/** What no assignment is without: one look instead of a try at each place. */
const SOME_ASSIGNMENT =
  /(?:pass(?:word|wd|phrase|code)|pwd|secret|token|key|credentials?)[a-z0-9_-]{0,14}["'\\]{0,4}\s{0,3}[:=]/i;
const SOME_FLAG = /--[a-z-]{0,40}(?:pass|pwd|secret|token|key|credential)/i;
/** Tokens that say where a listing goes on, or which request this is: they open nothing. */
const HARMLESS_NAME =
  /(?:page|next|prev(?:ious)?|sync|continuation|cursor|cancellation|cancel|eos|bos|pad|stop|start|end|special|mask|unk|sep|cls|public|idempotency|cache|primary|foreign|partition|sort)[_-]?$/i;

export interface Assigned {
  readonly kind: AssignedKind;
  /** Place of the value in the text. */
  readonly start: number;
  readonly end: number;
}

/** All values in a text that are given to a name that says they are secret. */
export function findAssigned(text: string): readonly Assigned[] {
  const assigned = SOME_ASSIGNMENT.test(text) ? collect(text, ASSIGNMENT) : [];
  return text.includes("--") && SOME_FLAG.test(text) ? [...assigned, ...collect(text, FLAG)] : assigned;
}

/** True for the name of a member whose value may be a credential for that alone. */
export function isTellingName(name: string): boolean {
  return NAME.test(name.slice(-NAME_CHARS_MAX));
}

/** Of a value that stands alone, as a member of an object: whether its name makes it a credential. */
export function kindByName(name: string, value: string): AssignedKind | null {
  if (value.length < VALUE_CHARS_MIN || value.length > VALUE_CHARS_MAX) return null;
  const match = NAME.exec(name.slice(-NAME_CHARS_MAX));
  if (match === null || HARMLESS_NAME.test(name.slice(0, name.length - match[0].length))) return null;
  return kindOf(match, value);
}

const VALUE_CHARS_MIN = 8;
const VALUE_CHARS_MAX = 200;
const NAME_CHARS_MAX = 80;
const BEFORE_CHARS = 16;

function collect(text: string, pattern: RegExp): readonly Assigned[] {
  const found: Assigned[] = [];
  for (const match of text.matchAll(pattern)) {
    const index = match.findIndex((group, at) => at > WORDS && group !== undefined);
    const place = match.indices?.[index];
    const value = match[index];
    if (place === undefined || value === undefined) continue;
    const before = text.slice(Math.max(0, match.index - BEFORE_CHARS), match.index);
    if (HARMLESS_NAME.test(before)) continue;
    const kind = kindOf(match, value);
    if (kind !== null) found.push({ kind, start: place[0], end: place[1] });
  }
  return found;
}

/** Groups that hold the word. */
const WORDS = 3;

function kindOf(match: RegExpExecArray | RegExpMatchArray, value: string): AssignedKind | null {
  if (!isNoStandIn(value) || isReference(value)) return null;
  if (match[1] !== undefined) return isPassword(value) ? "password" : null;
  // A token that is a hash or an id names something more often than it opens something.
  if (match[3] !== undefined && /^[0-9a-f]+$/i.test(value)) return null;
  return isKey(value) ? "api-key" : null;
}

function isPassword(value: string): boolean {
  if ((value.match(/\s/g) ?? []).length > 1) return false;
  const hasLetter = /\p{L}/u.test(value);
  const hasOther = /[0-9!@#$%^&*+?~=]/.test(value);
  return hasLetter && hasOther && bitsPerChar(value) >= PASSWORD_BITS_MIN;
}

function isKey(value: string): boolean {
  if (value.length < KEY_CHARS_MIN || /\s/.test(value) || !isMixed(value)) return false;
  return bitsPerChar(value) >= KEY_BITS_MIN;
}

const KEY_CHARS_MIN = 16;
const PASSWORD_BITS_MIN = 2.5;
const KEY_BITS_MIN = 3;

const UUID = /^\{?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\}?$/i;
/** `config.password2`, `self.tokens[0]`, `get_token_1`: code that names the value. */
const CODE =
  /^[A-Za-z_$][\w$]*(?:(?:\.|->|::)[A-Za-z_$][\w$]*)+$|^[a-z]+(?:_[a-z0-9]+)+$|^[A-Z]+(?:_[A-Z0-9]+)+$/;
const PLACE = /^(?:[~.]{0,2}\/|[A-Za-z]:\\|https?:|file:|arn:|sha(?:1|256|512)[:-]|[a-z]+:\/\/)/i;

/** The value says where the credential is, or names something else. */
function isReference(value: string): boolean {
  return UUID.test(value) || CODE.test(value) || PLACE.test(value);
}

/** Shannon's entropy of the characters. */
function bitsPerChar(value: string): number {
  const counts = new Map<string, number>();
  for (const char of value) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) {
    const share = count / value.length;
    bits -= share * Math.log2(share);
  }
  return bits;
}
