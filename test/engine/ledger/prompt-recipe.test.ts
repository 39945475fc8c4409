/** Recipes of prompts: whatever is quoted in whatever words, the same messages come back. */
import { expect, test } from "vitest";
import { canonicalJson } from "../../../src/engine/content/canonical-json.ts";
import { hashContent } from "../../../src/engine/content/hashes.ts";
import { digestOfMessages, promptRecipe, rebuildPrompt } from "../../../src/engine/ledger/prompt-recipe.ts";
import type { ContentRecord } from "../../../src/storage/records.ts";

function contentOf(text: string): ContentRecord {
  const body = canonicalJson({ content_type: "dialogue", role: "user", text });
  return { hash: hashContent(body), type: "dialogue", role: "user", priority: "normal", body, text: null };
}

/** A prompt and what is kept of it, and what comes of that once all but `gone` is looked up. */
async function rebuilt(prompt: string, texts: readonly string[], gone: readonly string[] = []) {
  const messages = [{ role: "user", content: prompt }] as const;
  const quotes = texts.map(contentOf);
  const recipe = promptRecipe(messages, { inputs: quotes.map(({ hash }) => hash), quotes });
  const kept = [recipe, ...quotes.filter((_, index) => !gone.includes(texts[index] ?? ""))];
  const result = await rebuildPrompt(
    (wanted) => Promise.resolve(kept.filter(({ hash }) => wanted.includes(hash))),
    recipe.hash,
  );
  return { recipe, result, messages, quotes };
}

test.each([
  ["quotes with nothing between them", "onetwo", ["one", "two"]],
  ["one character around each", "[one]two.", ["one", "two"]],
  ["a text that stands there twice", "one and one", ["one", "one"]],
  ["texts in another order than was said", "two then one", ["one", "two"]],
  ["a text that was changed for the prompt", "before [redacted] after", ["secret", "after"]],
  ["an empty text", "words", ["", "words"]],
  ["no text at all", "only words", []],
])("%s", async (_, prompt, texts) => {
  const { result, messages, quotes } = await rebuilt(prompt, texts);
  expect(result).toEqual({
    kind: "whole",
    inputs: quotes.map(({ hash }) => hash),
    messages,
    digest: digestOfMessages(messages),
  });
});

test("a recipe holds no text that it quotes, and says what is gone", async () => {
  const { recipe, result, quotes } = await rebuilt(
    "Sum up: a long story",
    ["a long story"],
    ["a long story"],
  );
  expect(recipe.body).not.toContain("a long story");
  expect(result).toEqual({ kind: "gone", missing: [quotes[0]?.hash] });
});
