/** Reads parts of a stored content without parsing the whole: what pairing and costs need of it, or its text (spec 2.8). */
import { isJsonObject } from "../content/json-rules.ts";
import { parseStored } from "../content/stored-json.ts";

/** The first fields of a content, in so far as its type has them. */
export interface ContentHead {
  readonly messageId: string | null;
  readonly callId: string | null;
  /** Of dialogue and instruction. */
  readonly name: string | null;
  /** False: surely some text that is not white space. */
  readonly mayBeBlank: boolean;
}

/**
 * Bodies are canonical JSON: keys in order, no spaces. So the fields looked for stand before the long ones (`payload`, `text`), and reading
 * them costs the same for a message of 10 bytes and of 8 MB. A body that does not look so is parsed.
 */
export function readContentHead(type: string, body: string): ContentHead {
  switch (type) {
    case "dialogue":
      return readPlainDialogue(body) ?? readTexted(body, DIALOGUE, 1, 2);
    case "instruction":
      return readTexted(body, INSTRUCTION, 0, 1);
    case "reasoning":
      return readTexted(body, REASONING, 1, 0);
    case "tool_io":
      return readTool(body);
    case "session":
    case "freeform":
      return NOTHING_BLANK;
    default:
      return NOTHING;
  }
}

const NOTHING: ContentHead = { messageId: null, callId: null, name: null, mayBeBlank: true };
/** Their text has words of its own, whatever the content. */
const NOTHING_BLANK: ContentHead = { ...NOTHING, mayBeBlank: false };

const VALUE = String.raw`(null|"(?:[^"\\]|\\.)*")`;
const DIALOGUE = new RegExp(
  `^{"content_type":"dialogue","message_id":${VALUE},"name":${VALUE},"role":"\\w+","text":"`,
);
const INSTRUCTION = new RegExp(`^{"content_type":"instruction","name":${VALUE},"text":"`);
const REASONING = new RegExp(`^{"content_type":"reasoning","message_id":${VALUE},"text":"`);
const TOOL = new RegExp(
  `^{"call_id":${VALUE},"content_type":"tool_io","direction":"\\w+","message_id":${VALUE},"payload":`,
);

const PLAIN_DIALOGUE = '{"content_type":"dialogue","message_id":null,"name":null,"role":"';

/** Nearly every message: neither name nor message_id. */
function readPlainDialogue(body: string): ContentHead | null {
  if (!body.startsWith(PLAIN_DIALOGUE)) return null;
  const text = body.indexOf(TEXT_KEY, PLAIN_DIALOGUE.length);
  return text === -1 || mayStartBlank(body.charCodeAt(text + TEXT_KEY.length)) ? NOTHING : NOTHING_BLANK;
}

const TEXT_KEY = '"text":"';
const TEXT_LAST: ReadonlySet<string> = new Set(["dialogue", "instruction", "reasoning", "output"]);

/** The text of a type whose last key is `text`; null when it has to be parsed. A quote inside a string is escaped, so the key is found safely. */
export function readText(type: string, body: string): string | null {
  if (!TEXT_LAST.has(type) || !body.endsWith('"}')) return null;
  const key = body.indexOf(TEXT_KEY);
  if (key === -1) return null;
  const start = key + TEXT_KEY.length;
  return body.includes("\\", start) ? String(parseStored(body.slice(start - 1, -1))) : body.slice(start, -2);
}

/** `messageIdGroup` and `nameGroup` say which group of the pattern holds the field; 0: the type has none. */
function readTexted(body: string, pattern: RegExp, messageIdGroup: number, nameGroup: number): ContentHead {
  const match = pattern.exec(body);
  if (match === null) return parseHead(body);
  const mayBeBlank = mayStartBlank(body.charCodeAt(match[0].length));
  const messageId = messageIdGroup === 0 ? null : readValue(match[messageIdGroup]);
  const name = nameGroup === 0 ? null : readValue(match[nameGroup]);
  if (messageId === null && name === null) return mayBeBlank ? NOTHING : NOTHING_BLANK;
  return { messageId, callId: null, name, mayBeBlank };
}

function readTool(body: string): ContentHead {
  const match = TOOL.exec(body);
  if (match === null) return parseHead(body);
  return { messageId: readValue(match[2]), callId: readValue(match[1]), name: null, mayBeBlank: false };
}

function parseHead(body: string): ContentHead {
  const content = parseStored(body);
  if (!isJsonObject(content)) return NOTHING;
  const text = (field: string): string | null => {
    const value = content[field];
    return typeof value === "string" ? value : null;
  };
  return { messageId: text("message_id"), callId: text("call_id"), name: text("name"), mayBeBlank: true };
}

function readValue(json: string | undefined): string | null {
  if (json === undefined || json === "null") return null;
  return json.includes("\\") ? String(parseStored(json)) : json.slice(1, -1);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LAST_PLAIN = 0x7e;

/** Judged by the first character: the closing quote, an escape, a space, or anything beyond ASCII may begin a blank text. */
function mayStartBlank(code: number): boolean {
  return code === QUOTE || code === BACKSLASH || code <= 0x20 || code > LAST_PLAIN;
}
