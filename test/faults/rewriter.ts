/** A process that writes to a shared store in every way there is, one kind at a time, and prints what is acknowledged. Arguments: store, kind, worktree, times. */
import { writeSync } from "node:fs";
import { openStore, type Tract } from "../../src/index.ts";

const [location = "", kind = "", name = "", times = "0"] = process.argv.slice(2);
const FILLER = "We looked at several ways to do this and talked about each of them at some length. ";

interface Done {
  readonly operationId: string | null;
}

function operation({ operationId }: Done): void {
  if (operationId !== null) writeSync(1, `operation ${operationId}\n`);
}

function commits(hashes: readonly (string | null)[]): void {
  for (const hash of hashes) if (hash !== null) writeSync(1, `commit ${hash}\n`);
}

/** A question, a call and its long result. */
async function work(tract: Tract, serial: string): Promise<readonly string[]> {
  const io = { content_type: "tool_io", tool_name: "read", call_id: serial };
  const result = await tract.batch([
    { content: `${serial}? ${FILLER}` },
    { content: { ...io, direction: "call", payload: JSON.stringify({ path: serial }) } },
    { content: { ...io, direction: "result", payload: `${serial}: ${FILLER.repeat(4)}` } },
  ]);
  const hashes = result.commits.map(({ hash }) => hash);
  operation(result);
  commits(hashes);
  return hashes;
}

async function mergeOnce(tract: Tract, serial: string, i: number): Promise<void> {
  commits([(await tract.user(serial)).hash]);
  if (i % 3 === 2) commits([(await tract.edit("shared", `${serial} has this`)).hash]);
  const merged = await tract.merge({
    source: name,
    into: "main",
    strategy: i % 2 === 0 ? "both" : "record",
    noFf: i % 4 > 0,
  });
  operation(merged);
  commits([merged.mergeCommit, ...merged.edits]);
}

async function compressOnce(tract: Tract, serial: string, i: number): Promise<void> {
  const [from = "", , to = ""] = await work(tract, `${serial}-a`);
  await work(tract, `${serial}-b`);
  const done = await tract.compress(
    i % 3 === 0
      ? { strategy: "mask", keep: 1 }
      : i % 3 === 1
        ? { from, to, strategy: "extract" }
        : { from, to, summary: "That was looked at." },
  );
  if (done.kind !== "compressed") return;
  operation(done);
  commits(done.groups.map(({ summary }) => summary));
}

async function reorganizeOnce(tract: Tract, serial: string, i: number): Promise<void> {
  for (const part of ["a", "b", "c"]) commits([(await tract.user(`${serial}-${part}`)).hash]);
  const done = await tract.reorganize(
    i % 2 === 0
      ? { reword: [{ ref: "HEAD~1", message: "In other words" }], order: ["HEAD", "HEAD~2"] }
      : { drop: ["HEAD~1"] },
  );
  operation(done);
  commits(done.mapping.map(({ to }) => to));
}

async function collectOnce(tract: Tract, serial: string): Promise<void> {
  await tract.createBranch({ name: serial, from: "main" });
  await tract.batch([{ content: `${serial} a` }, { content: `${serial} b` }], { branch: serial });
  await tract.deleteBranch({ name: serial, force: true });
  await tract.gc({ dryRun: false, olderThanDays: 0, keepOperationsDays: 0 });
}

/** All that makes no commits of its own, or few: it judges, names, restores, takes back, records and imports. */
async function keepOnce(tract: Tract, serial: string, i: number): Promise<void> {
  const { hash } = await tract.user(serial);
  commits([hash]);
  operation(
    await tract.annotate({ refs: [hash], priority: i % 2 === 0 ? "pinned" : "skip", addLabels: ["l"] }),
  );
  operation(await tract.createTag({ name: serial, ref: hash }));
  operation(await tract.createBranch({ name: `${serial}-branch` }));
  operation(await tract.deleteBranch({ name: `${serial}-branch`, force: true }));
  const turn = await tract.recordTurn({ userMessage: `${serial}?`, response: "Yes.", promptsUsed: ["p@1"] });
  operation(turn);
  commits(turn.commits.map((made) => made.hash));
  operation(await tract.restore({ ref: serial }));
  await tract.user(`${serial} is taken back`); // Not printed: gc may remove it.
  operation(await tract.undo());
  await tract.recordUsage({ usage: { prompt_tokens: 40 + i, completion_tokens: 2 } });
  operation(await tract.send({ to: "default", content: serial }));
  const talk = Array.from({ length: 20 }, (_, k) => ({ role: "user", content: `${serial} ${k}` }));
  operation(await tract.importTranscript({ text: JSON.stringify(talk), branch: `${serial}-talk` }));
}

/** Most commits go to the branch that all share, some come to it by a merge. */
async function shareOnce(tract: Tract, serial: string, i: number): Promise<void> {
  if (i % 6 === 5) return await mergeOnce(tract, serial, i);
  const result = await tract.commit(serial, { branch: "main" });
  operation(result);
  commits([result.head]);
}

/** Commits of its own are made again just before and after they are merged. */
async function rewriteOnce(tract: Tract, serial: string, i: number): Promise<void> {
  await reorganizeOnce(tract, serial, i);
  await mergeOnce(tract, serial, i);
}

const KINDS: Readonly<Record<string, (tract: Tract, serial: string, i: number) => Promise<unknown>>> = {
  rewrite: rewriteOnce,
  compress: compressOnce,
  compact: work,
  keep: keepOnce,
  gc: collectOnce,
  share: shareOnce,
};

const once = KINDS[kind];
if (once === undefined) throw new Error(`there is no kind ${kind}`);
const store = await openStore(location, { author: { name } });
const tract = await store.tract("shared", { worktree: name });
writeSync(1, "ready\n");
// The process id, since a killed one is started again under its name.
for (let i = 0; i < Number(times); i++) {
  await once(tract, `${name}-${process.pid}-${i}`, i);
  writeSync(1, "next\n");
}
await tract.close();
