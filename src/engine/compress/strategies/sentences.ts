/** Cuts the text of a message into sentences that each fit on a line. */

export interface Sentence {
  /** On one line, without control and format characters; never empty. */
  readonly text: string;
  /** The first or the last of its message. */
  readonly isEnd: boolean;
  /** Stands between code fences. */
  readonly isCode: boolean;
}

/** The sentences of a text in order. Takes linear time. */
export function sentencesOf(text: string): readonly Sentence[] {
  const sentences: { readonly text: string; readonly isCode: boolean }[] = [];
  let isCode = false;
  for (const line of text.split(/[\r\n]+/)) {
    if (FENCE.test(line)) {
      isCode = !isCode;
      continue;
    }
    for (const part of isCode ? [line] : line.split(SENTENCE_END)) {
      const sentence = singleLine(part);
      if (/[\p{L}\p{N}]/u.test(sentence)) sentences.push({ text: sentence, isCode });
    }
  }
  const last = sentences.length - 1;
  return sentences.map((sentence, index) => ({ ...sentence, isEnd: index === 0 || index === last }));
}

/** A text on one line; characters that change how others are read become spaces. */
export function singleLine(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, " ").trim();
}

const FENCE = /^ {0,3}(?:```|~~~)/;
/** A space behind a full stop, unless an abbreviation or the number of a list item ends there. */
const SENTENCE_END = /(?<=[.!?。！？]["')\]]?)(?<!\b(?:e\.g|i\.e|vs|cf|etc|approx|no|\d)\.)\s+(?=\S)/iu;
