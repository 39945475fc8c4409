/** Cuts a stream of bytes into lines of bounded length; a longer line is dropped as it comes, and told about by its envelope. */
import { isUtf8 } from "node:buffer";
import { createEnvelopeScanner, type Envelope, type EnvelopeScanner } from "./envelope-scanner.ts";

const NEWLINE = 0x0a;

export interface LineSplitterOptions {
  readonly bytesMax: number;
  readonly onLine: (line: string) => void;
  /** A line was too long: its size, and what of its JSON-RPC envelope could be read. */
  readonly onTooLong: (bytes: number, envelope: Envelope) => void;
  /** A line is not UTF-8: reading it on would put other characters in the place of what was sent. */
  readonly onNotUtf8: (envelope: Envelope) => void;
}

export interface LineSplitter {
  readonly push: (chunk: Buffer) => void;
  /** The stream has ended: what is left is a line, too. */
  readonly end: () => void;
}

/** Keeps pieces apart until a line is whole, so that a long line costs linear time. */
export function createLineSplitter(options: LineSplitterOptions): LineSplitter {
  const { bytesMax, onLine, onTooLong, onNotUtf8 } = options;
  let pieces: Buffer[] = [];
  let bytes = 0;
  let dropped: EnvelopeScanner | null = null;

  function add(piece: Buffer): void {
    bytes += piece.length;
    if (dropped === null && bytes > bytesMax) {
      dropped = createEnvelopeScanner();
      for (const earlier of pieces) dropped.push(earlier);
      pieces = [];
    }
    if (dropped === null) pieces.push(piece);
    else dropped.push(piece);
  }

  function finish(): void {
    const ended = { bytes, scanner: dropped, line: Buffer.concat(pieces) };
    pieces = [];
    bytes = 0;
    dropped = null;
    if (ended.scanner !== null) onTooLong(ended.bytes, ended.scanner.envelope());
    else if (isUtf8(ended.line)) finishLine(ended.line.toString("utf8").trim());
    else onNotUtf8(envelopeOf(ended.line));
  }

  function finishLine(line: string): void {
    if (line !== "") onLine(line);
  }

  return {
    push: (chunk) => {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        add(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      if (from < chunk.length) add(chunk.subarray(from));
    },
    end: finish,
  };
}

function envelopeOf(line: Buffer): Envelope {
  const scanner = createEnvelopeScanner();
  scanner.push(line);
  return scanner.envelope();
}
