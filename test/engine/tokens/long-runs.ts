/** Texts without the breaks that ordinary text has, on which tokenizers take time by the square of the length. */

/** Makes each of them, of about `bytes` bytes of UTF-8 and the same every time. */
export const LONG_RUNS: Readonly<Record<string, (bytes: number) => string>> = {
  "one small letter": (bytes) => "a".repeat(bytes),
  "one capital": (bytes) => "Q".repeat(bytes),
  spaces: (bytes) => " ".repeat(bytes),
  tabs: (bytes) => "\t".repeat(bytes),
  newlines: (bytes) => "\n".repeat(bytes),
  "newline and space": (bytes) => "\n ".repeat(bytes / 2),
  "carriage return and newline": (bytes) => "\r\n".repeat(bytes / 2),
  "a newline, then spaces": (bytes) => `\n${" ".repeat(bytes - 2)}x`,
  digits: (bytes) => "7".repeat(bytes),
  apostrophes: (bytes) => "'".repeat(bytes),
  "exclamation marks": (bytes) => "!".repeat(bytes),
  "one CJK character": (bytes) => "的".repeat(bytes / 3),
  "one emoji": (bytes) => "😀".repeat(bytes / 4),
  "joined emoji": (bytes) => "👩‍💻".repeat(bytes / 11),
  flags: (bytes) => "🇫🇷".repeat(bytes / 8),
  "combining marks": (bytes) => "\u0301".repeat(bytes / 2),
  "capitals after marks": (bytes) => `\u0301${"A".repeat(14)}`.repeat(bytes / 16),
  "random letters": (bytes) => randomText("abcdefghijklmnopqrstuvwxyz", bytes),
  "random base64": (bytes) =>
    randomText(`ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/`, bytes),
  "random punctuation": (bytes) => randomText('!"#$%&()*+,-./:;<=>?@[]^_`{|}~', bytes),
  "random CJK": (bytes) => randomText(range(0x4e00, 8000), bytes / 3),
  "random emoji": (bytes) => randomText(range(0x1f300, 700), bytes / 4),
  mixed: (bytes) => {
    const kinds = Object.values(LONG_RUNS).slice(0, -1);
    return kinds.map((make) => make(Math.floor(bytes / kinds.length))).join("");
  },
};

/** Characters drawn from an alphabet. */
export function randomText(alphabet: string, length: number): string {
  const characters = [...alphabet];
  let state = 42;
  let text = "";
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += characters[Math.floor((state / 2 ** 32) * characters.length)];
  }
  return text;
}

function range(first: number, length: number): string {
  return Array.from({ length }, (_, index) => String.fromCodePoint(first + index)).join("");
}
