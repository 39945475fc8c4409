/** LLMConfig.from over any object: it never changes its input, reads its own JSON back, and loses nothing but plumbing. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { LLMConfig } from "../../src/engine/content/llm-config.ts";
import { runs } from "../support/long-mode.ts";

const NUMBERS = [
  "temperature",
  "top_p",
  "max_tokens",
  "frequency_penalty",
  "presence_penalty",
  "top_k",
  "seed",
];
const TYPED = ["model", "stop_sequences", ...NUMBERS];
const ALIASES = {
  stop: "stop_sequences",
  max_completion_tokens: "max_tokens",
  max_output_tokens: "max_tokens",
};
const PLUMBING = [
  "messages",
  "tools",
  "tool_choice",
  "stream",
  "response_format",
  "n",
  "logprobs",
  "functions",
  "system",
];

const absent = fc.constantFrom(null, undefined);
const number = fc.oneof(fc.integer({ min: -5, max: 100_000 }), fc.constantFrom(0, 0.7, 1, 1e-9));
const text = fc.string({ maxLength: 8 });
const list = fc.array(text, { maxLength: 3 });
/** JSON as providers take it: whole numbers and short fractions. */
const leaf = fc.oneof(text, fc.integer(), fc.boolean(), fc.constantFrom(0.5, -1.25));
const json = fc.oneof(
  leaf,
  fc.array(fc.oneof(leaf, fc.constant(null)), { maxLength: 3 }),
  fc.dictionary(text, leaf, { maxKeys: 3, noNullPrototype: true }),
);
const freeKey = fc
  .oneof(fc.constantFrom("logit_bias", "provider", "id", "choices", "usage", "constructor", "toJSON"), text)
  .filter(
    (key) =>
      ![
        ...TYPED,
        ...Object.keys(ALIASES),
        ...PLUMBING,
        "extra",
        "__proto__",
        "top_logprobs",
        "function_call",
        "metadata",
        "input",
      ].includes(key),
  );

const fields = fc
  .tuple(
    fc.dictionary(
      fc.constantFrom(...NUMBERS, "max_completion_tokens", "max_output_tokens"),
      fc.oneof(number, absent),
    ),
    fc.record(
      { model: text, stop_sequences: fc.oneof(list, text), stop: fc.oneof(list, text, absent) },
      { requiredKeys: [] },
    ),
    fc.dictionary(fc.constantFrom(...PLUMBING), fc.oneof(json, absent)),
    fc.dictionary(freeKey, fc.oneof({ weight: 5, arbitrary: json }, { weight: 1, arbitrary: absent }), {
      maxKeys: 4,
    }),
    fc.option(fc.dictionary(fc.oneof(freeKey, fc.constantFrom(...TYPED)), json, { maxKeys: 3 }), {
      nil: undefined,
    }),
  )
  .map(([numbers, words, plumbing, free, extra]) => ({
    ...plumbing,
    ...free,
    ...(extra === undefined ? {} : { extra }),
    ...words,
    ...numbers,
  }));

/** As a response of an SDK is: fields of its own beside methods, on a prototype and on itself. */
class Response {
  readonly asked = () => "never read";
  constructor(given: object) {
    Object.assign(this, given);
  }
  toString(): string {
    return "response";
  }
  get total(): number {
    throw new Error("a getter of the prototype is not asked");
  }
}

function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    for (const member of Object.values(value)) frozen(member);
    Object.freeze(value);
  }
  return value;
}

it("reads what it wrote, whatever it was given, in any order of keys, and changes nothing of that", () => {
  fc.assert(
    fc.property(fields, fc.boolean(), (given, isInstance) => {
      const before = structuredClone(given);
      const input = frozen(isInstance ? new Response(given) : given);
      const config = LLMConfig.from(input);
      expect(given).toEqual(before);
      expect(LLMConfig.from(JSON.parse(JSON.stringify(config)))).toEqual(config);
      expect(LLMConfig.from(frozen(config))).toEqual(config);
      const turned = Object.fromEntries(Object.entries(given).toReversed());
      expect(LLMConfig.from(turned)).toEqual(config);
    }),
    { numRuns: runs(300) },
  );
});

it("keeps typed fields, reads aliases where they are not given, drops plumbing, and puts all else into extra", () => {
  fc.assert(
    fc.property(fields, (given: Readonly<Record<string, unknown>>) => {
      const { extra = {}, ...config } = LLMConfig.from(given);
      const isGiven = (key: string): boolean => given[key] !== null && given[key] !== undefined;
      const asList = (value: unknown): unknown => (typeof value === "string" ? [value] : value);
      const expected: Record<string, unknown> = {};
      for (const [alias, field] of Object.entries(ALIASES).toReversed())
        if (isGiven(alias)) expected[field] = asList(given[alias]);
      for (const field of TYPED)
        if (isGiven(field))
          expected[field] = field === "stop_sequences" ? asList(given[field]) : given[field];
      expect(config).toEqual(expected);
      const named = [...TYPED, ...Object.keys(ALIASES), ...PLUMBING, "extra"];
      const members = Object.entries((given.extra ?? {}) as object).filter(
        ([key]) => !Object.hasOwn(expected, key),
      );
      const free = Object.entries(given).filter(([key]) => !named.includes(key) && isGiven(key));
      expect(extra).toEqual(Object.fromEntries([...free, ...members]));
    }),
    { numRuns: runs(300) },
  );
});

it("takes null, a chat completion and a request as they are", () => {
  expect([LLMConfig.from(null), LLMConfig.from(undefined), LLMConfig.from({})]).toEqual([{}, {}, {}]);
  const request = {
    model: "m",
    messages: [],
    stream: true,
    max_completion_tokens: 5,
    stop: "END",
    temperature: 0,
  };
  expect(LLMConfig.from(request)).toEqual({
    model: "m",
    max_tokens: 5,
    stop_sequences: ["END"],
    temperature: 0,
  });
  const completion = new Response({
    id: "chatcmpl-1",
    model: "m",
    choices: [{ index: 0 }],
    usage: { total_tokens: 3 },
  });
  expect(LLMConfig.from(completion)).toEqual({
    model: "m",
    extra: { id: "chatcmpl-1", choices: [{ index: 0 }], usage: { total_tokens: 3 } },
  });
});
