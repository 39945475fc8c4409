/** Short texts of every kind that pre-tokenizers and merges treat differently, and a generator of more. */
import fc from "fast-check";

export const TEXTS: Readonly<Record<string, string>> = {
  empty: "",
  prose:
    "It was the best of times; it was — so they said — the worst. Don't ask me: I'd have said “neither”, wouldn't you?",
  code: "export async function load<T>(url: URL): Promise<T[]> {\n\tconst res = await fetch(url, { headers });\n\n\tif (!res.ok) throw new HTTPError(`$ {`, res);\n    return (await res.json()) as T[]; // snake_case_name, camelCaseName, XMLHttpRequest2\n}\n",
  json: '{"id":"01J9ZK","n":-12.5e10,"list":[1,22,333,4444,55555,666666],"text":"a\\n\\"b\\"\\u00e9","nested":{"ok":true,"none":null}}',
  CJK: "版本控制系统记录一个或若干文件内容的变化。コンテキストを管理する。컨텍스트를 관리합니다。",
  scripts:
    "Съешь ещё этих мягких булок. Ὀδυσσεύς. שָׁלוֹם עוֹלָם. مرحبا بالعالم. हिन्दी में लिखा। ภาษาไทย. Việt Nam. Straße.",
  emoji: "😀 👩‍💻👨‍👩‍👧‍👦 🇫🇷🇩🇪🏴󠁧󠁢󠁳󠁣󠁴󠁿 👍🏽 ❤️‍🔥 ☺︎ 1️⃣",
  "white space": " a  b   c\td\t\te\n\nf \n \n g\r\n\r\nh \u00a0\u3000 i\u2028j\u0085k \n  ",
  "white space at the ends": "\n\n  \t x \t  \n\n   ",
  contractions: "I'm he's we'Re THEY'LL it'd don'T y'all've 'tis 's 'S ''s o'clock rock'n'roll l'été x'ſ K's",
  numbers: "1 12 123 1234 12345 3.14159 1,234,567 0x1F 1e-9 ½ ² Ⅷ ٣٤٥٦ १२३४ 𝟘𝟙𝟚𝟛 10²³",
  marks:
    "e\u0301 E\u0301E\u0301e \u0301A \u0301AB \u0301Ab A\u0301B\u0301C n\u0303\u0323 \u0301\u0301 !\u0301 !\u0301a",
  "letters of every case": "ǅ ǅa aǅ AǅB ʰa aʰB ªº 的A的a A的B ABCdef ABCdEF iOSApp",
  punctuation: "--- === /** **/ //\n///\n\n/ !\n/\n/x ... ?!?! <<>> ;;\r\n;/\r\n/ (\n(\n",
  "special tokens":
    "<|endoftext|> <|fim_prefix|>x<|fim_middle|>y<|fim_suffix|><|endofprompt|><|im_start|>user",
  "byte order marks": "\ufeffimport x\ufeff \ufeff\ufeff. \ufeffa",
  controls: "\u0000\u0001\u0007\u001b[31m\u007f\u0080\u200b\u200d\ufffd",
  "broken surrogates": "a\ud800b\udc00c\ud800\ud800\udc00 \udfff \ud83d",
};

const CHARACTERS = [
  ..."aAbBzZ  \n\r\t.,!/''sStTrReEvVlLdDmM019٣½𝟘的かʰǅ한é\u0301\ufe0f\u200d\u00a0\u3000\ufeff\u0085😀𝐀🇫ſK\u0000<|>",
  "\ud800",
  "\udc00",
];
const WORDS = [
  "the",
  " and",
  "'ll",
  "Function",
  "\r\n",
  "   ",
  "://",
  "\n\n",
  "的是",
  "👩‍💻",
  "<|endoftext|>",
];

/** Texts over mixed alphabets, with runs of up to 200. */
export const anyText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...CHARACTERS) },
      { weight: 3, arbitrary: fc.constantFrom(...WORDS) },
      { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom(...CHARACTERS, ...WORDS), fc.integer({ min: 2, max: 200 }))
          .map(([text, times]) => text.repeat(times).slice(0, 200)),
      },
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
