/** Golden hashes: made by an independent program from docs/hashing.md, so a change of any byte of the format shows. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../src/engine/content/canonical-json.ts";
import { createContentTypes } from "../../../src/engine/content/content-types.ts";
import { hashCommit } from "../../../src/engine/content/hashes.ts";
import { parseContent } from "../../../src/engine/content/parse-content.ts";
import { autoMessage } from "../../../src/engine/history/plan-commit.ts";
import { hashLedgerBody, hashLedgerEntry } from "../../../src/engine/ledger/entry.ts";
import { DEFAULT_LIMITS } from "../../../src/engine/limits.ts";

const golden = JSON.parse(readFileSync(new URL("../../golden/hashes.json", import.meta.url), "utf8"));
const context = { types: createContentTypes(), limits: DEFAULT_LIMITS, path: "content" };

describe("hashes", () => {
  it.each<{ message: string; i: number }>(
    golden.chain.map((vector: { message: string }, i: number) => ({ message: vector.message, i })),
  )("gives the golden content hash, message and commit hash of $message", ({ i }) => {
    const vector = golden.chain[i];
    const parsed = parseContent(vector.input, context);
    expect(parsed.record.body).toBe(vector.canonical);
    expect(parsed.record.hash).toBe(vector.content_hash);
    expect(autoMessage(parsed.record.type, parsed.text)).toBe(vector.message);
    const commitHash = hashCommit({
      parents: i === 0 ? [] : [golden.chain[i - 1].commit_hash],
      contentHash: parsed.record.hash,
      contentType: parsed.record.type,
      operation: "append",
      editTarget: null,
      message: vector.message,
      metadata: vector.metadata,
      generationConfig: vector.generation_config,
      labels: vector.labels,
      author: vector.author,
      createdAt: vector.created_at,
    });
    expect(commitHash).toBe(vector.commit_hash);
  });

  it("gives the golden ledger hashes", () => {
    const { body, body_hash, entry_hash } = golden.ledger;
    const { provenance, ...metadata } = body.metadata;
    const hash = hashLedgerBody({
      id: body.id,
      eventType: body.event_type,
      submissionId: body.submission_id,
      decision: body.decision,
      reason: body.reason,
      promptsUsed: body.prompts_used,
      metadata,
      provenance,
      timestamp: body.timestamp,
    });
    expect(hash).toBe(body_hash);
    expect(hashLedgerEntry({ previousHash: "", sequence: 1, bodyHash: hash })).toBe(entry_hash);
  });

  it("writes canonical JSON as RFC 8785 shows it", () => {
    const sample = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 1e-27],
      string: '€$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const keys = {
      "€": "Euro",
      "\r": "CR",
      "\ufb33": "Hebrew",
      "1": "One",
      "😀": "Emoji",
      "\u0080": "Control",
      ö: "Latin",
    };
    expect(canonicalJson(keys)).toBe(
      '{"\\r":"CR","1":"One","\u0080":"Control","ö":"Latin","€":"Euro","😀":"Emoji","\ufb33":"Hebrew"}',
    );
  });
});
