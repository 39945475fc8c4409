/** Reading parts of a stored content gives what parsing the whole gives (spec 2.8). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readContentHead, readText } from "../../../src/engine/compile/content-head.ts";
import { canonicalJson } from "../../../src/engine/content/canonical-json.ts";

const tricky = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom('"text":"', '\\"text\\":\\"x', '","text":"no"}', '"payload":', "\\", '"}', "null"),
);
const text = tricky.map((value) => value.toWellFormed());
const nullable = fc.oneof(fc.constant(null), text);
const content = fc.oneof(
  fc.record({
    content_type: fc.constant("dialogue"),
    message_id: nullable,
    name: nullable,
    role: fc.constantFrom("user", "assistant"),
    text,
  }),
  fc.record({ content_type: fc.constant("instruction"), name: nullable, text }),
  fc.record({ content_type: fc.constant("reasoning"), message_id: nullable, text }),
  fc.record({ content_type: fc.constant("output"), format: fc.constant("text"), text }),
  fc.record({
    content_type: fc.constant("tool_io"),
    call_id: nullable,
    direction: fc.constantFrom("call", "result"),
    message_id: nullable,
    payload: fc.oneof(text, fc.dictionary(text, text)),
    status: fc.constant(null),
    tool_name: text,
  }),
);

describe("reading the head of a content", () => {
  it("finds the fields that parsing finds, whatever stands in them", () => {
    fc.assert(
      fc.property(content, (fields: Readonly<Record<string, unknown>>) => {
        const head = readContentHead(String(fields.content_type), canonicalJson(fields));
        expect(head).toMatchObject({
          messageId: fields.message_id ?? null,
          callId: fields.call_id ?? null,
          name: fields.name ?? null,
        });
        if ("text" in fields && !/\S/.test(String(fields.text))) expect(head.mayBeBlank).toBe(true);
      }),
    );
  });

  it("gives the text that parsing gives", () => {
    fc.assert(
      fc.property(content, (fields: Readonly<Record<string, unknown>>) => {
        expect(readText(String(fields.content_type), canonicalJson(fields))).toBe(fields.text ?? null);
      }),
    );
  });

  it("parses a body that is not written canonically", () => {
    const body = '{ "text": "hi", "name": "Alice", "message_id": "m1", "content_type": "dialogue" }';
    expect(readContentHead("dialogue", body)).toMatchObject({ name: "Alice", messageId: "m1" });
    expect(readText("dialogue", body)).toBeNull();
  });

  it("takes a text for blank only if it may be", () => {
    const blank = (said: string): boolean =>
      readContentHead(
        "dialogue",
        canonicalJson({ content_type: "dialogue", message_id: null, name: null, role: "user", text: said }),
      ).mayBeBlank;
    expect(["", " x", "\n", "\u3000"].map(blank)).toEqual([true, true, true, true]);
    expect(["x", "1 ", "-"].map(blank)).toEqual([false, false, false]);
  });
});
