/** Every operation that writes, each with what it needs to find in the store: for tests that hold for all of them. */

import { collapse } from "../../src/engine/agents/collapse.ts";
import type { CollapseRequest } from "../../src/engine/agents/collapse-result.ts";
import { send } from "../../src/engine/agents/send.ts";
import { type SpawnRequest, spawn } from "../../src/engine/agents/spawn.ts";
import { compile } from "../../src/engine/compile/compile.ts";
import { compress } from "../../src/engine/compress/compress.ts";
import { expand } from "../../src/engine/compress/expand.ts";
import type { CompressRequest } from "../../src/engine/compress/request.ts";
import { uncompress } from "../../src/engine/compress/uncompress.ts";
import { type Engine, withScope } from "../../src/engine/engine.ts";
import { gc } from "../../src/engine/gc/gc.ts";
import { annotate } from "../../src/engine/history/annotate.ts";
import { createBranch, deleteBranch, renameBranch, switchBranch } from "../../src/engine/history/branch.ts";
import { checkout } from "../../src/engine/history/checkout.ts";
import { commit } from "../../src/engine/history/commit.ts";
import { type RecordTurnRequest, recordTurn } from "../../src/engine/history/record-turn.ts";
import { recordUsage } from "../../src/engine/history/record-usage.ts";
import { reset } from "../../src/engine/history/reset.ts";
import { status } from "../../src/engine/history/status.ts";
import { createTag, deleteTag } from "../../src/engine/history/tag.ts";
import { undo } from "../../src/engine/history/undo.ts";
import { configure } from "../../src/engine/llm/configure.ts";
import { merge } from "../../src/engine/merge/merge.ts";
import type { MergeKind, MergeRequest } from "../../src/engine/merge/merge-types.ts";
import { importCommit } from "../../src/engine/rewrite/import-commit.ts";
import { reorganize } from "../../src/engine/rewrite/reorganize.ts";
import { restore } from "../../src/engine/rewrite/restore.ts";
import { importTranscript } from "../../src/engine/transcripts/import-transcript.ts";
import { done, exchange, FILLER, plannedBy, user, workOn } from "./compress.ts";
import { inWorktree, say } from "./history.ts";
import { PROPOSAL_OPERATIONS } from "./proposal-operations.ts";

/** What `act` gets is what `prepare` gave: mostly an id. */
export interface WritingOperation {
  readonly name: string;
  readonly prepare: (engine: Engine) => Promise<string>;
  /** Throws when it did not do what its name says. */
  readonly act: (engine: Engine, made: string) => Promise<unknown>;
  /** True: it works in several transactions, so that an error may come when some of them are done; another call goes on. */
  readonly goesOn: boolean;
}

type Act = WritingOperation["act"];

/** What all operations find: an agent's work on main; branches beside it, ahead of it and at odds with it; another worktree and tract. */
export async function setScene(engine: Engine): Promise<void> {
  const made = await workOn(engine, 4);
  const question = made[1] ?? "";
  await createTag(engine, { name: "question", ref: question });
  await createTag(engine, { name: "verdict", ref: made[4] ?? "" });
  for (const name of ["beside", "rival", "old"]) await createBranch(engine, { name });
  await annotate(engine, { refs: ["verdict"], priority: "important", addLabels: ["kept"] });
  await say(engine, "said beside", { branch: "beside" });
  await say(engine, "the question as the rival has it", { branch: "rival", editTarget: question });
  await say(engine, "the question as it is now", { editTarget: question });
  await say(inWorktree(engine, "second"), "said in another worktree");
  await createBranch(engine, { name: "ahead" });
  await say(engine, "said ahead", { branch: "ahead" });
  const other = withScope(engine, { tract: "other" });
  await say(other, "said in another tract");
  await say(other, "and more");
}

const PLAN_SUMMARY = "Parts 0 and 1 are fine.";
const OLDEST: CompressRequest = { from: "question", to: "verdict" };

export const WRITING_OPERATIONS: readonly WritingOperation[] = [
  ...committing(),
  ...placing(),
  ...undoing(),
  ...merging(),
  ...rewriting(),
  ...compressing(),
  ...plansOfCompress(),
  ...withChildren(),
  ...plansOfCollapse(),
  ...PROPOSAL_OPERATIONS,
  operation("gc", (engine) => gc(engine, { dryRun: false, olderThanDays: 0, keepOperationsDays: 0 }), {
    prepare: makeGarbage,
    goesOn: true,
  }),
];

/** Commits that nothing leads to; the newest of all always stays. */
async function makeGarbage(engine: Engine): Promise<string> {
  await createBranch(engine, { name: "gone" });
  for (const text of ["one", "two", "three"]) await say(engine, `${text} for nothing`, { branch: "gone" });
  await deleteBranch(engine, { name: "gone", force: true });
  return await say(engine, "newest");
}

/** An operation that needs nothing, or what `prepare` makes. */
function operation(
  name: string,
  act: Act,
  options: Partial<Pick<WritingOperation, "prepare" | "goesOn">> = {},
): WritingOperation {
  return { name, act, prepare: async () => "", goesOn: false, ...options };
}

function expectKind(name: string, { kind }: { readonly kind: string }): void {
  if (kind !== name) throw new Error(`expected ${name}, got ${kind}`);
}

function committing(): readonly WritingOperation[] {
  const budgeted = async (engine: Engine): Promise<string> => {
    const { tokens } = await status(engine);
    const settings = { budget: { max_tokens: tokens + 10, action: "compact" } };
    return await say(engine, "", { content: { content_type: "config", settings } });
  };
  return [
    operation("commit", (engine) => say(engine, "hello")),
    operation("commit to another branch, told its size", (engine) =>
      commit(engine, { items: [user("hello")], branch: "beside", contextTokens: true }),
    ),
    operation("commit that makes a tract", (engine) => say(withScope(engine, { tract: "newborn" }), "first")),
    operation(
      "commit with an idempotency key",
      (engine, made) =>
        commit(engine, {
          items: [user("once")],
          idempotencyKey: "key",
          expectedHead: made,
          branch: "beside",
        }),
      { prepare: (engine) => say(engine, "expected", { branch: "beside" }) },
    ),
    operation("batch", (engine) =>
      commit(engine, { items: [user("a"), ...exchange("new", "b"), user("c")] }),
    ),
    operation("edit", (engine) => say(engine, "better", { editTarget: "verdict" })),
    operation("commit with a priority", (engine) => say(engine, "stay", { priority: "pinned" })),
    operation(
      "commit with budget compact",
      async (engine) => {
        const { commits, warnings } = await commit(engine, { items: [user(FILLER.repeat(3))] });
        if (warnings.length === 0) throw new Error(`nothing was compacted by ${commits.length} commits`);
      },
      { prepare: budgeted },
    ),
    operation("record usage", (engine) =>
      recordUsage(engine, { usage: { prompt_tokens: 900, completion_tokens: 12 } }),
    ),
    ...turns(),
    operation("configure", (engine) => configure(engine, { set: { model: "m", temperature: 0 } })),
    operation("annotate", (engine) =>
      annotate(engine, { refs: ["question", "HEAD"], priority: "pinned", removeLabels: ["kept"] }),
    ),
    operation("import_transcript", (engine) =>
      importTranscript(engine, { text: TRANSCRIPT, branch: "chat" }),
    ),
    operation("compile with a record", (engine) => compile(engine, { record: true })),
  ];
}

/** Only a session has turns. */
function turns(): readonly WritingOperation[] {
  const usage = { prompt_tokens: 9, completion_tokens: 1 };
  const turn =
    (options: Partial<RecordTurnRequest>): Act =>
    (engine) => {
      const provenance = { ...engine.scope.provenance, session_id: "SES-01J00000000000000000000000" };
      const within = withScope(engine, { provenance });
      return recordTurn(within, { userMessage: "Is it fine?", response: "Yes.", ...options });
    };
  return [
    operation("record turn", turn({ usage })),
    operation("record turn in the ledger alone", turn({ commit: false })),
  ];
}

const TRANSCRIPT = JSON.stringify([
  { role: "system", content: "You answer questions." },
  { role: "user", content: "Do I need a coat?" },
  { role: "assistant", content: "No." },
]);

function placing(): readonly WritingOperation[] {
  return [
    operation("branch create", (engine) => createBranch(engine, { name: "new", from: "verdict" })),
    operation("branch create and switch", (engine) => createBranch(engine, { name: "new", switch: true })),
    operation("branch rename", (engine) => renameBranch(engine, { name: "main", newName: "trunk" })),
    operation("branch delete", (engine) => deleteBranch(engine, { name: "beside", force: true })),
    operation("branch switch", (engine) => switchBranch(engine, { name: "beside" })),
    operation("tag create", (engine) => createTag(engine, { name: "v1", note: "a note" })),
    operation("tag delete", (engine) => deleteTag(engine, { name: "verdict" })),
    operation("checkout of a branch", (engine) => checkout(engine, { ref: "beside" })),
    operation("checkout of a commit", (engine) => checkout(engine, { ref: "verdict" })),
    operation("reset", (engine) => reset(engine, { ref: "HEAD~3" })),
    operation("restore", (engine) => restore(engine, { ref: "HEAD~5" })),
    operation("restore of annotations", (engine) => restore(engine, { ref: "HEAD~1", only: "annotations" }), {
      prepare: async (engine) => {
        await say(engine, "later");
        await annotate(engine, { refs: ["question"], priority: "skip" });
        return "";
      },
    }),
  ];
}

function undoing(): readonly WritingOperation[] {
  const compressed = async (engine: Engine): Promise<string> => {
    await compress(engine, { ...OLDEST, summary: PLAN_SUMMARY });
    return "";
  };
  const undone = async (engine: Engine): Promise<string> => {
    await compressed(engine);
    return (await undo(engine)).operationId ?? "";
  };
  return [
    operation("undo", (engine) => undo(engine), { prepare: compressed }),
    operation("undo of an annotation", (engine) => undo(engine), {
      prepare: async (engine) => {
        await annotate(engine, { refs: ["question"], priority: "skip" });
        return "";
      },
    }),
    operation("redo", (engine, made) => undo(engine, { operation: made }), { prepare: undone }),
    operation("undo by force", (engine, made) => undo(engine, { operation: made, force: true }), {
      prepare: async (engine) => {
        const { operationId } = await commit(engine, { items: [user("early")] });
        await say(engine, "late");
        return operationId;
      },
    }),
  ];
}

function merging(): readonly WritingOperation[] {
  const as =
    (kind: MergeKind, request: MergeRequest): Act =>
    async (engine) =>
      expectKind(kind, await merge(engine, request));
  const recorded = async (engine: Engine): Promise<string> => {
    await merge(engine, { source: "rival", strategy: "record" });
    return "";
  };
  const resolutions = [{ target: "question", content: "the question as both have it" }];
  return [
    operation("merge forward", as("fast_forward", { source: "ahead" })),
    operation("merge forward with a merge commit", as("clean", { source: "ahead", noFf: true })),
    operation("merge", as("clean", { source: "beside" })),
    operation("merge that deletes its source", as("clean", { source: "beside", deleteSource: true })),
    operation("merge into another branch", as("clean", { source: "main", into: "beside" })),
    operation("merge by strategy", as("resolved", { source: "rival", strategy: "both" })),
    operation("merge with resolutions", async (engine) => {
      const [hash] = await hashesOf(engine, ["question"]);
      const given = resolutions.map((one) => ({ ...one, target: hash ?? "" }));
      expectKind("resolved", await merge(engine, { source: "rival", resolutions: given }));
    }),
    operation("merge with conflicts on record", as("recorded", { source: "rival", strategy: "record" })),
    operation("later resolution", as("resolved", { source: "rival", strategy: "theirs" }), {
      prepare: recorded,
    }),
  ];
}

async function hashesOf(engine: Engine, tags: readonly string[]): Promise<readonly string[]> {
  const rows = await engine.store.listRefs(engine.scope.tract, "tag");
  return rows.flatMap(({ name, value }) =>
    tags.includes(name) && "commit" in value && value.commit !== null ? value.commit : [],
  );
}

function rewriting(): readonly WritingOperation[] {
  return [
    operation("reorganize", (engine) =>
      reorganize(engine, {
        drop: ["verdict"],
        reword: [{ ref: "HEAD", message: "reworded" }],
        force: true,
      }),
    ),
    operation("reorganize onto another branch", (engine) =>
      reorganize(engine, { onto: "main", branch: "beside" }),
    ),
    operation("import_commit", (engine) => importCommit(engine, { refs: ["beside"] })),
    operation("import_commit from another tract", (engine) =>
      importCommit(engine, { refs: ["main~1", "main"], fromTract: "other" }),
    ),
  ];
}

function compressing(): readonly WritingOperation[] {
  const by =
    (request: CompressRequest): Act =>
    (engine) =>
      done(engine, request);
  const summarised = async (engine: Engine): Promise<string> =>
    (await done(engine, { ...OLDEST, summary: PLAN_SUMMARY })).groups[0]?.summary ?? "";
  const masked = async (engine: Engine): Promise<string> =>
    (await done(engine, { strategy: "mask", keep: 1 })).groups[0]?.summary ?? "";
  return [
    operation("compress mask", by({ strategy: "mask", keep: 1 })),
    operation("compress dedupe", by({ strategy: "dedupe" }), {
      prepare: async (engine) => {
        await commit(engine, { items: exchange("c0", "The notes are empty now.") });
        return "";
      },
    }),
    operation("compress extract", by({ ...OLDEST, strategy: "extract" })),
    operation("compress manual", by({ ...OLDEST, summary: PLAN_SUMMARY })),
    operation(
      "expand restore of a summary",
      (engine, made) => expand(engine, { summary: made, restore: true }),
      {
        prepare: summarised,
      },
    ),
    operation("uncompress of a receipt", (engine, made) => uncompress(engine, { summary: made }), {
      prepare: masked,
    }),
  ];
}

function plansOfCompress(): readonly WritingOperation[] {
  const proposed =
    (request: CompressRequest) =>
    async (engine: Engine): Promise<string> =>
      (await plannedBy(engine, request)).plan.planId ?? "";
  const asked = proposed({ ...OLDEST, strategy: "agent" });
  const written = proposed({ ...OLDEST, summary: PLAN_SUMMARY, review: true });
  const on =
    (request: CompressRequest): Act =>
    (engine, made) =>
      compress(engine, { planId: made, ...request });
  return [
    operation("compress by an agent: plan", asked),
    operation("compress with review: plan", written),
    operation("plan applied", on({ summary: PLAN_SUMMARY }), { prepare: asked }),
    operation("plan edited", on({ action: "edit", summary: "Part 0 is fine." }), { prepare: asked }),
    operation("plan approved", on({ action: "approve" }), { prepare: written }),
    operation("plan rejected", on({ action: "reject" }), { prepare: written }),
  ];
}

/** A child that has done its work. */
function worked(as: "branch" | "tract") {
  return async (engine: Engine): Promise<string> => {
    const { child } = await spawn(engine, { purpose: "Find the bug", name: "helper", as });
    const own = withScope(engine, { tract: child.tract, worktree: child.worktree, createWorktree: false });
    await say(own, `The bug is in part 3. ${FILLER}`, { role: "assistant" });
    return as === "branch" ? child.worktree : child.tract;
  };
}

function withChildren(): readonly WritingOperation[] {
  const spawned =
    (request: Partial<SpawnRequest>): Act =>
    (engine) =>
      spawn(engine, { purpose: "Find the bug", name: "helper", ...request });
  const collapsed =
    (request: CollapseRequest): Act =>
    async (engine, made) =>
      expectKind("collapsed", await collapse(engine, { child: made, ...request }));
  return [
    operation("spawn as branch", spawned({ as: "branch" })),
    operation("spawn as tract", spawned({ as: "tract" })),
    operation("spawn as tract with the history", spawned({ as: "tract", inherit: "full" })),
    operation("collapse of a branch", collapsed({}), { prepare: worked("branch") }),
    operation("collapse of a tract", collapsed({ summary: "It is in part 3." }), {
      prepare: worked("tract"),
    }),
    operation("send", (engine) => send(engine, { to: "second", content: "hello" })),
    operation("send to another tract", (engine) => send(engine, { to: "other", content: "hello" })),
  ];
}

function plansOfCollapse(): readonly WritingOperation[] {
  const proposed =
    (request: CollapseRequest) =>
    async (engine: Engine): Promise<string> => {
      const result = await collapse(engine, { child: await worked("branch")(engine), ...request });
      if (result.kind !== "planned") throw new Error(`nothing was planned: ${result.kind}`);
      return result.plan.planId;
    };
  const asked = proposed({ strategy: "agent" });
  const written = proposed({ summary: "It is in part 3.", review: true });
  const on =
    (kind: string, request: CollapseRequest): Act =>
    async (engine, made) =>
      expectKind(kind, await collapse(engine, { planId: made, ...request }));
  return [
    operation(
      "collapse by an agent: plan",
      async (engine, made) =>
        expectKind("planned", await collapse(engine, { child: made, strategy: "agent" })),
      { prepare: worked("branch") },
    ),
    operation("collapse plan written", on("collapsed", { summary: "It is in part 3." }), { prepare: asked }),
    operation("collapse plan edited", on("planned", { action: "edit", summary: "In part 3." }), {
      prepare: written,
    }),
    operation("collapse plan approved", on("collapsed", { action: "approve" }), { prepare: written }),
    operation("collapse plan rejected", on("rejected", { action: "reject" }), { prepare: written }),
  ];
}
