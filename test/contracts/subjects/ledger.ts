/** The ledger: entries, filters, pages, counts. */
import { expect, it } from "vitest";
import type { JsonObject } from "../../../src/storage/records.ts";
import type { LedgerQuery } from "../../../src/storage/store.ts";
import { hashOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function ledgerContract(under: StoreUnderTest): void {
  it("gives back every field of an entry", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 2);
    const change = tract.creation(commits);
    const id = change.operation!.id;
    const hash = hashOf("somewhere else");
    const given = [
      ...change.ledger,
      tract.ledger({
        submissionId: id,
        metadata: { results: [...change.operation!.results], other: hash, text: `"${hash}"` },
      }),
      tract.ledger({ submissionId: id, metadata: {} }),
      tract.ledger({ id: "plain id", promptsUsed: ["compress@1", "x"], reason: "", provenance: {} }),
      tract.ledger({ metadata: { ключ: ["é", { deep: [hash, hash] }], quote: `\\"${hash}\\"` } }),
    ];
    await store.publish({ ...change, ledger: given });
    const entries = await store.readLedger(tract.name, { order: "asc", limit: 100 });
    const bodies = entries.map(({ sequence, previousHash, entryHash, ...body }) => body);
    expect(bodies).toEqual(given);
  });

  it("keeps a sentence that repeats, and one that does not", async () => {
    const { store } = under;
    const tract = new SampleTract();
    await store.publish(tract.creation());
    const reasons = ["again", "once", "again", "again", ""];
    for (const reason of reasons)
      await store.publish(tract.change([], { ledger: [tract.ledger({ reason })] }));
    const entries = await store.readLedger(tract.name, { order: "asc", limit: 100, afterSequence: 2 });
    expect(entries.map(({ reason }) => reason)).toEqual(reasons);
  });

  async function sampleLedger() {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 1);
    const creation = tract.creation(commits); // 1 GENESIS, 2 OPERATION commit
    await store.publish(creation);
    const used = tract.change([]);
    const operation = { ...used.operation!, type: "merge", sources: [tipOf(commits)] };
    await store.publish({
      ...used,
      operation,
      ledger: [
        tract.ledger({ submissionId: operation.id, decision: "merge" }), // 3
        tract.ledger({ submissionId: operation.id, eventType: "LLM_CALL", decision: "OK" }), // 4
      ],
    });
    const session = { session_id: "SES-2", agent_id: "b" };
    await store.publish(
      tract.nothing({
        ledger: [
          tract.ledger({
            eventType: "SESSION_START",
            submissionId: "SES-2",
            decision: "STARTED",
            provenance: session,
          }), // 5
          tract.ledger({
            eventType: "TOOL_CALL",
            decision: "ERROR",
            reason: "It FAILED",
            provenance: session,
          }), // 6
          tract.ledger({ eventType: "TOOL_CALL", decision: "OK", metadata: { Tool: "Größe" } }), // 7
        ],
      }),
    );
    const entries = await store.readLedger(tract.name, { order: "asc", limit: 100 });
    const time = (sequence: number) => entries[sequence - 1]!.timestamp;
    const read = async (query: Partial<LedgerQuery>) =>
      (await store.readLedger(tract.name, { order: "asc", limit: 100, ...query })).map(
        ({ sequence }) => sequence,
      );
    return { tract, creation, operation, commit: tipOf(commits), time, read };
  }

  it("filters entries and counts them", async () => {
    const { tract, creation, operation, commit, time, read } = await sampleLedger();
    const cases: readonly (readonly [Partial<LedgerQuery>, readonly number[]])[] = [
      [{}, [1, 2, 3, 4, 5, 6, 7]],
      [{ eventTypes: ["OPERATION"] }, [2, 3]],
      [{ eventTypes: ["OPERATION", "TOOL_CALL"] }, [2, 3, 6, 7]],
      [{ eventTypes: [] }, []],
      [{ decision: "OK" }, [4, 7]],
      [{ decision: "commit" }, [2]],
      [{ decision: "OK", eventTypes: ["LLM_CALL"] }, [4]],
      [{ submissionId: operation.id }, [3, 4]],
      [{ submissionId: creation.operation!.id }, [2]],
      [{ submissionId: "SES-2" }, [5]],
      [{ submissionId: "SES-1" }, [6, 7]],
      [{ submissionId: "none" }, []],
      [{ submissionId: operation.id, eventTypes: ["LLM_CALL"] }, [4]],
      [{ sessionId: "SES-2" }, [5, 6]],
      [{ sessionId: "SES-2", decision: "ERROR" }, [6]],
      [{ sessionId: "none" }, []],
      [{ commit }, [2, 3, 4]],
      [{ commit, decision: "merge" }, [3]],
      [{ commit, submissionId: operation.id }, [3, 4]],
      [{ commit, submissionId: "SES-2" }, []],
      [{ commit: hashOf("unknown") }, []],
      [{ text: "failed" }, [6]],
      [{ text: "GRÖSSE" }, []],
      [{ text: "größe" }, [7]],
      [{ text: "started" }, [5]],
      [{ text: '"tool":"' }, [7]],
      [{ text: "reason", eventTypes: ["OPERATION"] }, [2, 3]],
      [{ since: time(5) }, [5, 6, 7]],
      [{ until: time(3) }, [1, 2, 3].filter((sequence) => time(sequence) <= time(3))],
      [{ since: time(4), until: time(6) }, [4, 5, 6]],
      [{ since: time(5), sessionId: "SES-1" }, [7]],
    ];
    for (const [query, expected] of cases) {
      expect(await read(query), JSON.stringify(query)).toEqual(expected);
      expect(await under.store.countLedger(tract.name, query), JSON.stringify(query)).toBe(expected.length);
      expect(await read({ ...query, order: "desc" }), JSON.stringify(query)).toEqual(expected.toReversed());
    }
  });

  it("finds entries by the tool and the model that they name, and those that name any tool", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const call = (metadata: JsonObject) => tract.ledger({ eventType: "LLM_CALL", decision: "OK", metadata });
    const ledger = [
      call({ tool: "chat", model_id: "small" }), // 3
      call({ model_id: "large", note: '"tool":"chat","model_id":"small"' }), // 4
      call({ model_id: "large-2", tool: "merge" }), // 5
      call({ model_id: 'größer "x"' }), // 6
    ];
    await store.publish(tract.creation());
    await store.publish(tract.nothing({ ledger }));
    for (const [query, expected] of [
      [{ hasTool: true }, [3, 5]],
      [{ tool: "chat" }, [3]],
      [{ model: "small" }, [3]],
      [{ model: "large" }, [4]],
      [{ model: 'größer "x"' }, [6]],
      [{ model: "none" }, []],
      [{ model: "large-2", hasTool: true, eventTypes: ["LLM_CALL"] }, [5]],
    ] as const) {
      const found = await store.readLedger(tract.name, { ...query, order: "asc", limit: 9 });
      expect(
        found.map(({ sequence }) => sequence),
        JSON.stringify(query),
      ).toEqual(expected);
      expect(await store.countLedger(tract.name, query)).toBe(expected.length);
    }
  });

  it("counts what came since a filter was counted before, in each tract for itself", async () => {
    const { store } = under;
    const [tract, other] = [new SampleTract(), new SampleTract("other")];
    const call = (of: SampleTract, tool: string) =>
      of.ledger({ eventType: "TOOL_CALL", decision: "OK", metadata: { tool } });
    await store.publish(tract.creation());
    await store.publish(other.creation());
    const filters = [{ tool: "chat" }, { hasTool: true }, { text: "CHAT" }, { sessionId: "SES-1" }] as const;
    const counts = async (of: SampleTract) =>
      await Promise.all(filters.map((filter) => store.countLedger(of.name, filter)));
    expect(await counts(tract)).toEqual([0, 0, 0, 2]);
    await store.publish(tract.nothing({ ledger: [call(tract, "chat"), call(tract, "merge")] }));
    expect(await counts(tract)).toEqual([1, 2, 1, 4]);
    await store.publish(tract.nothing({ ledger: [call(tract, "chat")] }));
    await store.publish(other.nothing({ ledger: [call(other, "chat")] }));
    expect(await counts(tract)).toEqual([2, 3, 2, 5]);
    expect(await counts(tract)).toEqual([2, 3, 2, 5]);
    expect(await counts(other)).toEqual([1, 1, 1, 3]);
  });

  it("pages in both directions", async () => {
    const { read } = await sampleLedger();
    expect(await read({ limit: 2 })).toEqual([1, 2]);
    expect(await read({ limit: 2, afterSequence: 2 })).toEqual([3, 4]);
    expect(await read({ limit: 2, order: "desc" })).toEqual([7, 6]);
    expect(await read({ limit: 2, order: "desc", afterSequence: 6 })).toEqual([5, 4]);
    expect(await read({ limit: 1, eventTypes: ["TOOL_CALL", "OPERATION"], afterSequence: 3 })).toEqual([6]);
    expect(await read({ limit: 1, text: "e", order: "desc", afterSequence: 7 })).toEqual([6]);
    expect(await read({ limit: 0 })).toEqual([]);
  });

  it("names the entry of each operation, among the others of the same write", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const first = tract.creation(tract.chain(null, 2));
    const made = tract.change(tract.chain(null, 1));
    const id = made.operation?.id ?? "";
    const other = tract.ledger({ submissionId: id, eventType: "PROPOSAL", decision: "APPROVED" });
    const second = { ...made, ledger: [other, ...made.ledger, tract.ledger({ submissionId: id })] };
    await store.publish(first);
    await store.publish(second);
    const ids = [id, "01KZZZZZZZ0000000000000000", first.operation?.id ?? "", "no id", id.slice(0, 12)];
    expect(await store.readEntryIds(tract.name, ids)).toEqual([
      made.ledger[0]?.id,
      null,
      first.ledger.at(-1)?.id,
      null,
      null,
    ]);
    expect(await store.readEntryIds("other", [id])).toEqual([null]);
  });

  it("finds times although clocks run backwards", async () => {
    const { store } = under;
    const tract = new SampleTract();
    await store.publish(tract.creation());
    const minutes = [10, 30, 20, 20, 50, 5, 40, 60, 55];
    const iso = (minute: number) => new Date(Date.UTC(2027, 0, 1, 0, minute)).toISOString();
    for (const minute of minutes)
      await store.publish(tract.nothing({ ledger: [tract.ledger({ timestamp: iso(minute) })] }));
    for (const [since, until] of [
      [0, 99],
      [20, 40],
      [5, 5],
      [56, 99],
      [0, 4],
      [41, 49],
      [50, 55],
    ] as const) {
      const expected = minutes.flatMap((minute, index) =>
        since <= minute && minute <= until ? [index + 3] : [],
      );
      const query = { since: iso(since), until: iso(until) };
      const found = await store.readLedger(tract.name, { ...query, order: "asc", limit: 99 });
      expect(found.map(({ sequence }) => sequence)).toEqual(expected);
      expect(await store.countLedger(tract.name, query)).toBe(expected.length);
    }
  });
}
