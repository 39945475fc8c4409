/** Makes realistic messages and a good summary of them, with the list of the facts that both hold; not by the scanner's own rules. */
import { seeded } from "./units.ts";

export interface Story {
  readonly source: string;
  /** One sentence for each fact, none of them from the source. */
  readonly summary: readonly string[];
  /** Parallel to `summary`: what its sentence tells. */
  readonly facts: readonly { readonly kind: "path" | "identifier" | "number"; readonly text: string }[];
}

const STEMS =
  "user order invoice session parser cache token worker queue report billing schema upload search index retry".split(
    " ",
  );
const VERBS = "load save parse check build render fetch merge split update remove resolve".split(" ");
const FOLDERS =
  "src/engine src/server lib test/unit packages/core/src app/models /etc/app /var/log docs scripts".split(
    " ",
  );
const ENDINGS = "ts py go rs json yaml md log sql tsx".split(" ");
const UNITS = ["ms", "MB", " seconds", "%", " GB", " tokens", " requests", "s"];

export function storyOf(seed: number): Story {
  const chance = seeded(seed);
  const pick = (list: readonly string[]): string => list[chance(list.length)] ?? "";
  const upper = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const path = (): string =>
    `${pick(FOLDERS)}/${pick(STEMS)}${pick(["", "-", "_"]) || "_"}${pick(STEMS)}.${pick(ENDINGS)}`;
  const identifiers = [
    () => `${pick(VERBS)}${upper(pick(STEMS))}${upper(pick(STEMS))}`,
    () => `${pick(STEMS)}_${pick(VERBS)}_${pick(STEMS)}`,
    () => `${pick(STEMS)}_${pick(STEMS)}_max`.toUpperCase(),
    () => `${upper(pick(STEMS))}${upper(pick(VERBS))}r`,
    () => `${pick(STEMS)}.${pick(VERBS)}${upper(pick(STEMS))}`,
    () => `${pick(["PROJ", "OPS", "WEB"])}-${100 + chance(9_000)}`,
    () => `v${chance(9)}.${chance(30)}.${chance(30)}`,
    () => (0x1000000 + chance(0xefffff)).toString(16) + "a7",
  ];
  const numbers = [
    () => `${11 + chance(9_000)}${pick(UNITS)}`,
    () => String(1_024 + chance(60_000)),
    () => `$${1 + chance(9)},${100 + chance(899)}.50`,
    () => `202${chance(7)}-0${1 + chance(9)}-1${chance(9)}`,
    () => `0.${10 + chance(89)}`,
    () => `1${chance(9)}:${10 + chance(49)}`,
  ];
  const facts = distinct([
    ...Array.from({ length: 5 }, () => ({ kind: "path", text: path() }) as const),
    ...identifiers.map((make) => ({ kind: "identifier", text: make() }) as const),
    ...numbers.map((make) => ({ kind: "number", text: make() }) as const),
  ]);
  const told = {
    path: [
      "I opened @ and read it.",
      "The change is in @, as agreed.",
      '{"path":"@","mode":"read"}',
      "Look at `@` first (it is new).",
    ],
    identifier: [
      "We call @ before anything else.",
      "The cause is @: it is never set.",
      "Please rename `@`, then run again.",
      "  at @ (native)",
    ],
    number: [
      "It came to @ in the last run.",
      "The limit is @, not more.",
      "They measured @ there.",
      "Expected @ but nothing came.",
    ],
  };
  const retold = {
    path: "The work touched @.",
    identifier: "It concerns @, among others.",
    number: "One result was @, which holds.",
  };
  const filled = (sentence: string, text: string): string => sentence.replace("@", () => text);
  return {
    source: facts.map(({ kind, text }) => filled(pick(told[kind]), text)).join("\n"),
    summary: facts.map(({ kind, text }) => filled(retold[kind], text)),
    facts,
  };
}

function distinct<T extends { readonly text: string }>(facts: readonly T[]): readonly T[] {
  return [...new Map(facts.map((fact) => [fact.text, fact])).values()];
}
