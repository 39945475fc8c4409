/** Annotations, compile records, content types. */
import { expect, it } from "vitest";
import { BOT, hashOf, SampleTract, tipOf } from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function recordsContract(under: StoreUnderTest): void {
  it("reads annotation rows by sequence", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const commits = tract.chain(null, 2);
    const [first, second] = [commits[0]!.commit.hash, tipOf(commits)];
    const given = [
      tract.annotation(first, {
        priority: null,
        retain: { mode: "substring", patterns: ["x"] },
        labels: ["b", "a"],
        reason: "why",
      }),
      tract.annotation(second, { priority: "skip", author: BOT, branch: "side", reason: "" }),
      tract.annotation(first, { priority: "important" }),
    ];
    await store.publish(tract.creation(commits, { annotations: given.slice(0, 2) }));
    await store.publish(tract.change([], { annotations: given.slice(2) }));
    const rows = given.map((annotation, index) => ({ ...annotation, sequence: index + 1 }));
    expect(await store.readAnnotations(tract.name, { after: 0, upTo: 3 })).toEqual(rows);
    expect(await store.readAnnotations(tract.name, { after: 1, upTo: 2 })).toEqual([rows[1]]);
    expect(await store.readAnnotations(tract.name, { after: 3, upTo: 99 })).toEqual([]);
    expect(await store.readCommitAnnotations(tract.name, first)).toEqual([rows[0], rows[2]]);
    expect(await store.readCommitAnnotations(tract.name, hashOf("unknown"))).toEqual([]);
  });

  it("finds compile records by id and lists them newest first", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const other = new SampleTract("other");
    const commits = tract.chain(null, 1);
    await store.publish(tract.creation(commits));
    await store.publish(other.creation([], { compileRecords: [other.compileRecord()] }));
    const records = [
      tract.compileRecord({ head: tipOf(commits), tokenSource: "api:1+2", options: { a: [1, { b: null }] } }),
      tract.compileRecord({ branch: null }),
      tract.compileRecord({ branch: "side" }),
      tract.compileRecord(),
    ];
    for (const record of records) await store.publish(tract.nothing({ compileRecords: [record] }));
    const [a, detached, side, b] = records;
    for (const record of records)
      expect(await store.readCompileRecord(tract.name, record.id)).toEqual(record);
    expect(await store.readCompileRecord("other", a!.id)).toBeNull();
    const list = (query: object) => store.listCompileRecords(tract.name, { limit: 9, ...query });
    expect(await list({})).toEqual([b, side, detached, a]);
    expect(await list({ limit: 2 })).toEqual([b, side]);
    expect(await list({ before: side!.id })).toEqual([detached, a]);
    expect(await list({ branch: "main" })).toEqual([b, a]);
    expect(await list({ branch: "main", before: b!.id })).toEqual([a]);
    expect(await list({ before: "unknown" })).toEqual([]);
    expect(await list({ limit: 0 })).toEqual([]);
  });

  it("lists content types by name; a name given again replaces what it meant", async () => {
    const { store } = under;
    const tract = new SampleTract();
    const note = { name: "note", schema: { type: "object" }, role: "user", priority: "important" } as const;
    const task = { name: "a-task", schema: {}, role: null, priority: "normal" } as const;
    await store.publish(tract.creation([], { contentTypes: [note, task] }));
    expect(await store.listContentTypes(tract.name)).toEqual([task, note]);
    const changed = { ...note, schema: { type: "string" }, role: null };
    await store.publish(tract.nothing({ contentTypes: [changed] }));
    expect(await store.listContentTypes(tract.name)).toEqual([task, changed]);
  });
}
