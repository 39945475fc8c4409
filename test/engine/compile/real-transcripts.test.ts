/** Real transcripts, cut anywhere, are accepted by both providers (spec 7.2). They are third-party data and not part of the project. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";
import { parseTranscript } from "../../../src/engine/transcripts/parse-transcript.ts";
import { anthropicProblems } from "../../support/anthropic-rules.ts";
import { ChainBuilder, compileChain } from "../../support/chain-builder.ts";
import { openAiProblems } from "../../support/openai-rules.ts";

const DATA = new URL("../../../../shared/data/", import.meta.url);
const FILES = [
  "tau-bench-airline-dev.json",
  "swe-agent-marshmallow-function-calling.traj",
  "swe-agent-marshmallow-long.traj",
];

describe.each(FILES)("%s", (file) => {
  const isThere = existsSync(new URL(file, DATA));

  it.skipIf(!isThere)(
    `is valid at every cut point, whole and under a budget${isThere ? "" : " (skipped: the data folder is not there)"}`,
    { timeout: 120_000 },
    () => {
      const text = readFileSync(new URL(file, DATA), "utf8");
      const { transcripts } = parseTranscript({ text, sourceName: file, format: null }, DEFAULT_LIMITS);
      expect(transcripts.length).toBeGreaterThan(0);
      let cutPoints = 0;
      for (const [index, { items }] of transcripts.entries()) {
        const history = new ChainBuilder();
        for (const [position, { content, metadata }] of items.entries()) {
          history.commit(content, metadata === null ? {} : { metadata });
          cutPoints += 1;
          const whole = compileChain(history, { format: "openai" });
          expect(openAiProblems(whole.messages)).toEqual([]);
          expect(anthropicProblems(whole.toAnthropic())).toEqual([]);
          const budgetTokens = 200 + ((index * 131 + position * 71) % 4_000);
          const cut = compileChain(history, { format: "anthropic", budgetTokens });
          expect(cut.tokenCount).toBeLessThanOrEqual(budgetTokens);
          expect(anthropicProblems(cut.toAnthropic())).toEqual([]);
          expect(openAiProblems(cut.toOpenAI())).toEqual([]);
        }
      }
      expect(cutPoints).toBeGreaterThan(20);
    },
  );
});
