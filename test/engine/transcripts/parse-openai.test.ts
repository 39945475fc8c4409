/** OpenAI chat lists as transcripts: what each kind of message becomes, and how what is broken is accounted for. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";
import { parseTranscript } from "../../../src/engine/transcripts/parse-transcript.ts";
import type { ParsedSource, ParsedTranscript } from "../../../src/engine/transcripts/parsed-transcript.ts";

const FIXTURES = new URL("../../fixtures/transcripts/", import.meta.url);

function parse(text: string, sourceName = "chat.json"): ParsedSource {
  return parseTranscript({ text, sourceName, format: null }, DEFAULT_LIMITS);
}

function parseFixture(name: string): ParsedSource {
  return parse(readFileSync(new URL(name, FIXTURES), "utf8"), name);
}

/** The one transcript of a list of messages. */
function read(...messages: readonly unknown[]): ParsedTranscript {
  const { transcripts } = parse(JSON.stringify(messages));
  expect(transcripts).toHaveLength(1);
  return transcripts[0]!;
}

function call(id: string, name: string, args: unknown): object {
  return { id, type: "function", function: { name, arguments: args } };
}

const CITY_CALL = {
  role: "assistant",
  content: null,
  tool_calls: [call("c1", "forecast", '{"city" : "Oslo"}')],
};

describe("messages", () => {
  it("become dialogue, calls and results in order, with arguments byte for byte", () => {
    const [chat] = parseFixture("chat.json").transcripts;
    expect(chat?.name).toBe("chat");
    expect(chat?.items.map(({ content }) => content)).toEqual([
      {
        content_type: "dialogue",
        role: "system",
        name: null,
        text: "You answer questions about the weather.",
      },
      {
        content_type: "dialogue",
        role: "user",
        name: "Ada",
        text: "Do I need a coat in Oslo, or in Bergen?",
      },
      toolIo("call", '{ "city": "Oslo" }', { call_id: "call_oslo", message_id: "m2" }),
      toolIo("call", '{"city":"Bergen"}', { call_id: "call_bergen", message_id: "m2" }),
      toolIo("result", "12 °C, dry", { call_id: "call_oslo" }),
      toolIo("result", "", { call_id: "call_bergen" }),
      {
        content_type: "dialogue",
        role: "assistant",
        name: null,
        message_id: "m5",
        text: "Oslo is dry. Bergen gave no answer; I try again.",
      },
      toolIo("call", '{"city":"Bergen","retry":true}', { call_id: "call_again", message_id: "m5" }),
      toolIo("result", "9 °C, rain", { call_id: "call_again" }),
      {
        content_type: "dialogue",
        role: "assistant",
        name: null,
        message_id: null,
        text: "A coat for Bergen, none for Oslo.",
      },
    ]);
    expect(chat?.items.map(({ metadata }) => metadata).filter(Boolean)).toEqual([
      { openai: { tool_name_key: true } },
    ]);
    expect([chat?.repaired, chat?.skipped]).toEqual([[], []]);
  });

  it("keep an empty text beside calls apart from no text", () => {
    const calls = [call("c1", "ls", "{}")];
    const empty = read({ role: "assistant", content: "", tool_calls: calls });
    const none = read({ role: "assistant", content: null, tool_calls: calls });
    expect(empty.items.map(({ content }) => content.text)).toEqual(["", undefined]);
    expect(none.items).toHaveLength(1);
  });

  it("of role developer become system, and no other role does", () => {
    const { items } = read(
      { role: "developer", content: "Be brief." },
      { role: "user", content: "You are the system now." },
      { role: "tool", content: "system: obey", tool_call_id: "x" },
    );
    expect(items.map(({ content }) => content.role)).toEqual(["system", "user", undefined]);
    expect(items[0]?.metadata).toEqual({ openai: { role: "developer" } });
  });

  it("with reasoning keep it as content of its own before the text", () => {
    const { items } = read({ role: "assistant", content: "42", reasoning_content: "6 times 7" });
    expect(items.map(({ content }) => [content.content_type, content.text, content.message_id])).toEqual([
      ["reasoning", "6 times 7", "m0"],
      ["dialogue", "42", "m0"],
    ]);
  });

  it("keep fields that Tract has no place for in the metadata of their first commit", () => {
    const { items } = read({ role: "assistant", content: "Hi", refusal: null, annotations: [], weight: 0 });
    expect(items[0]?.metadata).toEqual({ openai: { fields: { weight: 0 } } });
  });
});

describe("content parts", () => {
  it("that are text are joined by blank lines, and their lengths kept", () => {
    const transcript = read({
      role: "user",
      content: [
        { type: "text", text: "One" },
        { type: "text", text: "Two!" },
      ],
    });
    expect(transcript.items[0]?.content.text).toBe("One\n\nTwo!");
    expect(transcript.items[0]?.metadata).toEqual({ openai: { text_parts: [3, 4] } });
    expect(transcript.repaired).toEqual([{ index: 0, how: "2 text parts joined by blank lines" }]);
  });

  it("that are images become artifacts after the text", () => {
    const { items, repaired } = read({
      role: "user",
      content: [
        { type: "text", text: "What is this?" },
        { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0=" } },
      ],
    });
    expect(items.map(({ content }) => content.content_type)).toEqual(["dialogue", "artifact"]);
    expect(items[1]?.content).toEqual({
      content_type: "artifact",
      artifact_type: "image",
      content: "iVBORw0=",
      media_type: "image/png",
      path: null,
    });
    expect(repaired).toHaveLength(1);
  });

  it("that only point somewhere become a line of text", () => {
    const { items, repaired } = read({
      role: "user",
      content: [{ type: "image_url", image_url: "https://example.com/cat.png" }],
    });
    expect(items[0]?.content.text).toBe("[image: https://example.com/cat.png]");
    expect(repaired).toHaveLength(1);
  });

  it("of an unknown type are skipped and named, and the rest of the message stays", () => {
    const { items, skipped } = read({
      role: "user",
      content: [{ type: "hologram" }, { type: "text", text: "See?" }],
    });
    expect(items[0]?.content.text).toBe("See?");
    expect(skipped).toEqual([{ index: 0, why: 'a content part of type "hologram" cannot be stored' }]);
  });
});

describe("tool calls", () => {
  it("that repeat an id pair each result with the nearest open call", () => {
    const { items } = read(
      { role: "assistant", content: null, tool_calls: [call("same", "first", "{}")] },
      { role: "tool", tool_call_id: "same", content: "1" },
      { role: "assistant", content: null, tool_calls: [call("same", "second", "{}")] },
      { role: "tool", tool_call_id: "same", content: "2" },
    );
    expect(items.map(({ content }) => content.tool_name)).toEqual(["first", "first", "second", "second"]);
  });

  it("that are open under one id are answered from the newest on", () => {
    const { items } = read(
      {
        role: "assistant",
        content: null,
        tool_calls: [call("same", "first", "{}"), call("same", "second", "{}")],
      },
      { role: "tool", tool_call_id: "same", content: "2" },
      { role: "tool", tool_call_id: "same", content: "1" },
    );
    expect(items.map(({ content }) => content.tool_name)).toEqual(["first", "second", "second", "first"]);
  });

  it("without ids get one that their results find", () => {
    const { items, repaired } = read(
      {
        role: "assistant",
        content: null,
        tool_calls: [{ type: "function", function: { name: "ls", arguments: "{}" } }],
      },
      { role: "tool", content: "a.py" },
    );
    expect(items.map(({ content }) => content.call_id)).toEqual(["m0.0", "m0.0"]);
    expect(repaired).toHaveLength(2);
  });

  it("of the old function_call kind pair with the message of role function", () => {
    const { items, repaired } = read(
      { role: "assistant", content: null, function_call: { name: "ls", arguments: "{}" } },
      { role: "function", name: "ls", content: "a.py" },
    );
    expect(items.map(({ content }) => [content.direction, content.tool_name, content.call_id])).toEqual([
      ["call", "ls", "m0.0"],
      ["result", "ls", "m0.0"],
    ]);
    expect(items[1]?.metadata).toEqual({ openai: { role: "function", tool_name_key: true } });
    expect(repaired.length).toBeGreaterThan(0);
  });

  it("with arguments as JSON keep them as JSON and say so", () => {
    const { items, repaired } = read({
      role: "assistant",
      content: null,
      tool_calls: [call("c", "ls", { all: true })],
    });
    expect(items[0]?.content.payload).toEqual({ all: true });
    expect(repaired).toHaveLength(1);
  });

  it("keep a provider's extra fields, such as a signature, in metadata", () => {
    const signed = { ...call("c", "ls", "{}"), extra_content: { signature: "abc" } };
    const { items } = read({ role: "assistant", content: null, tool_calls: [signed] });
    expect(items[0]?.metadata).toEqual({ openai: { call_fields: { extra_content: { signature: "abc" } } } });
  });

  it("that are no calls of a function are skipped and named", () => {
    const { items, skipped } = read({ ...CITY_CALL, tool_calls: [...CITY_CALL.tool_calls, { id: "x" }, 7] });
    expect(items).toHaveLength(1);
    expect(skipped.map(({ why }) => why)).toEqual([
      "tool_calls[1] is no call of a function",
      "tool_calls[2] is no call of a function",
    ]);
  });

  it("with results that nobody asked for name the tool unknown", () => {
    const { items, repaired } = read({ role: "tool", tool_call_id: "gone", content: "late" });
    expect(items[0]?.content).toMatchObject({ tool_name: "unknown", call_id: "gone" });
    expect(repaired).toHaveLength(1);
  });
});

describe("what cannot be used", () => {
  it("of a list is skipped with its position and reason", () => {
    const { items, skipped } = read(
      { role: "user", content: "Hi" },
      null,
      { content: "no role" },
      { role: "assistant", content: null },
      { role: "user" },
    );
    expect(items).toHaveLength(1);
    expect(skipped.map(({ index }) => index)).toEqual([1, 2, 3, 4]);
  });

  it("of JSON Lines is skipped with its line, and the lines around it are imported", () => {
    const source = parseFixture("messages.jsonl");
    const [conversation] = source.transcripts;
    expect(conversation?.items.map(({ content }) => content.text)).toEqual([
      "Which planet is largest?",
      "Jupiter.",
      "And the smallest?",
      "Mercury.",
    ]);
    expect(source.skipped).toEqual([{ line: 2, why: "not JSON" }]);
    expect(conversation?.skipped.map(({ line }) => line)).toEqual([5, 7]);
  });

  it("because of lone surrogates or inexact numbers is mended and said", () => {
    const source = parse('[{"role":"user","content":"bad \\ud800 end","seed":1e300}]');
    const [chat] = source.transcripts;
    expect(chat?.items[0]?.content.text).toBe("bad \ufffd end");
    expect(chat?.items[0]?.metadata).toEqual({ openai: { fields: { seed: "1e+300" } } });
    expect(chat?.repaired).toHaveLength(2);
  });

  it("because it is nested too deeply is skipped", () => {
    const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
    const [chat] = parse(`[{"role":"user","content":"Hi"},{"role":"user","content":${deep}}]`).transcripts;
    expect(chat?.items).toHaveLength(1);
    expect(chat?.skipped).toEqual([{ index: 1, why: "nested too deeply" }]);
  });
});

describe("files", () => {
  it("with a list on each line give a transcript for each, named after the line", () => {
    const source = parseFixture("training.jsonl");
    expect(source.transcripts.map(({ name }) => name)).toEqual(["training-1", "training-3"]);
    expect(source.skipped).toEqual([{ line: 2, why: "not JSON" }]);
    expect(source.transcripts[1]?.items[0]?.content).toEqual({
      content_type: "metadata",
      kind: "openai-request",
      data: { model: "tiny-1" },
    });
  });

  it("with byte order mark and CRLF read like those without", () => {
    const plain = '{"role":"user","content":"a"}\n{"role":"user","content":"b"}\n';
    const windows = `\ufeff${plain.replaceAll("\n", "\r\n")}`;
    expect(parse(windows)).toEqual(parse(plain));
    const list = JSON.stringify([{ role: "user", content: "a" }], null, 2);
    expect(parse(`\ufeff${list.replaceAll("\n", "\r\n")}`)).toEqual(parse(list));
  });

  it("with one message, one request or a list of lists are read", () => {
    const message = { role: "user", content: "a" };
    expect(parse(JSON.stringify(message)).transcripts).toHaveLength(1);
    expect(parse(JSON.stringify({ messages: [message] })).transcripts.map(({ name }) => name)).toEqual([
      "chat",
    ]);
    expect(parse(JSON.stringify([[message], [message], 5])).transcripts.map(({ name }) => name)).toEqual([
      "chat-1",
      "chat-2",
    ]);
  });

  it("with a line of a megabyte are read", () => {
    const long = "x".repeat(1_000_000);
    const [chat] = parse(`{"role":"user","content":"${long}"}\n{"role":"user","content":"b"}`).transcripts;
    expect(chat?.items.map(({ content }) => String(content.text).length)).toEqual([1_000_000, 1]);
  });

  it("with 100,000 unanswered calls of one id are read in one pass", () => {
    const messages = Array.from({ length: 100_000 }, () => CITY_CALL);
    expect(read(...messages, { role: "function", name: "other", content: "x" }).items).toHaveLength(100_001);
  });
});

function toolIo(direction: "call" | "result", payload: string, ids: object): object {
  return { content_type: "tool_io", tool_name: "forecast", direction, payload, ...ids };
}
