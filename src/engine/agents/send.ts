/** Sends a message to another agent: a commit on the inbox branch of its worktree (spec 3.6). */
import type { Hash } from "../../storage/records.ts";
import { isJsonObject } from "../content/json-rules.ts";
import { parseContent } from "../content/parse-content.ts";
import { cutText } from "../cut-text.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { branchChange } from "../history/branch-change.ts";
import type { WriteResult } from "../history/commit.ts";
import { inboxOf } from "../history/inbox.ts";
import { type ContentItem, PLAIN_ITEM, planCommits } from "../history/plan-commit.ts";
import { isoNow, type Plan, publishPlan } from "../history/publish.ts";
import { readSite, type Site } from "../history/snapshot.ts";
import { invariant } from "../invariant.ts";
import { nearest } from "../nearest.ts";
import { readParentage } from "./family.ts";

export interface SendRequest {
  /** A worktree of this tract; a tract of the store (its spawned worktree, else `default`); or `tract:worktree`. */
  readonly to: string;
  /** A text, or a content object of type dialogue. It arrives with role user, whoever sends it. */
  readonly content: unknown;
}

export interface SendResult extends WriteResult {
  readonly to: Address;
  readonly commit: Hash;
}

export interface Address {
  readonly tract: string;
  readonly worktree: string;
}

/**
 * Sends a message. Its operation stands in the tract that gets it.
 *
 * @throws TractError `not-found` with near names, `invalid-content` (no dialogue, or of role system), `content-too-large`.
 */
export async function send(engine: Engine, request: SendRequest): Promise<SendResult> {
  const item = readMessage(engine, request.content);
  return await publishPlan(engine, async () => planSend(engine, await findAddress(engine, request.to), item));
}

async function planSend(engine: Engine, to: Address, item: ContentItem): Promise<Plan<SendResult>> {
  const { scope } = engine;
  const isElsewhere = to.tract !== scope.tract;
  // There the message comes from outside: no worktree of that tract did it, and none of them undoes it by chance.
  const inTarget = isElsewhere
    ? { ...engine, scope: { ...scope, tract: to.tract, worktree: senderOf(engine, ":") } }
    : engine;
  const branch = inboxOf(to.worktree);
  const site = await readInbox(inTarget, branch);
  const operationId = engine.newId();
  const now = isoNow(engine);
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const screen = await engine.screen(inTarget, site.head?.hash ?? null);
  const base = { parent: site.head, branch, author: scope.author, operationId, now, tokens, screen };
  const planned = planCommits(base, [item]);
  const commit = planned.chain[0]?.commit;
  invariant(commit, "a message is a commit");
  const change = branchChange(inTarget, {
    site,
    branch,
    planned,
    isJudged: false,
    note: {
      id: operationId,
      type: "send",
      now,
      params: { to: to.worktree, ...(isElsewhere ? { from_tract: scope.tract } : {}) },
      reason: `Message to worktree ${to.worktree}`,
      evidence: { tokens: commit.tokens },
    },
  });
  return {
    change: isElsewhere ? { ...change, ensureWorktree: null } : change,
    result: () => ({ operationId, branch, head: commit.hash, warnings: [], to, commit: commit.hash }),
  };
}

const SENDER_CHARS_MAX = 200;

function senderOf({ scope }: Engine, joint: string): string {
  return cutText(`${scope.tract}${joint}${scope.worktree}`, SENDER_CHARS_MAX);
}

/** The inbox as a place to write to; the first message makes it, with a root of its own. */
async function readInbox({ scope, settings, store }: Engine, branch: string): Promise<Site> {
  const at = { worktree: scope.worktree, branch, defaultBranch: settings.defaultBranch };
  const { worktree, ...snapshot } = await store.readSnapshot(scope.tract, at);
  return { ...snapshot, worktreeExists: worktree !== null };
}

/** What one agent says to another is a user's word for it: never an instruction, whatever it was sent as. */
function readMessage(engine: Engine, content: unknown): ContentItem {
  const context = { types: engine.contentTypes, limits: engine.limits, path: "content" };
  const given = typeof content === "string" ? { text: content } : content;
  if (!isJsonObject(given)) throw refused("a text, or a content object of type dialogue");
  if ((given.content_type ?? "dialogue") !== "dialogue")
    throw refused("a text, or content of type dialogue: a message is no instruction");
  const { content: message } = parseContent({ content_type: "dialogue", role: "user", ...given }, context);
  if (message.content_type !== "dialogue" || !("role" in message) || message.role === "system")
    throw refused("dialogue of role user: a message is no instruction");
  if (!("text" in message) || typeof message.text !== "string" || !/\S/.test(message.text))
    throw refused("a message that says something");
  const spoken = { content_type: "dialogue", role: "user", name: senderOf(engine, "/"), text: message.text };
  return { ...PLAIN_ITEM, content: parseContent(spoken, context), operation: "append", message: null };
}

function refused(expected: string): TractError {
  return new TractError("invalid-content", `content: expected ${expected}`, {
    hint: "Send a plain text; other contents are committed to a branch, whose name goes into the message.",
    data: { path: "content", expected },
  });
}

async function findAddress(engine: Engine, to: string): Promise<Address> {
  const { scope, store } = engine;
  await readSite(engine, {}); // An unknown worktree is refused by every operation.
  if (await hasWorktree(engine, { tract: scope.tract, worktree: to }))
    return { tract: scope.tract, worktree: to };
  if ((await store.findTract(to)) !== null)
    return { tract: to, worktree: (await readParentage(engine, to))?.ownWorktree ?? DEFAULT_WORKTREE };
  for (let colon = to.indexOf(":"); colon >= 0; colon = to.indexOf(":", colon + 1)) {
    const address = { tract: to.slice(0, colon), worktree: to.slice(colon + 1) };
    if (await hasWorktree(engine, address)) return address;
  }
  throw await unknownAddress(engine, to);
}

const DEFAULT_WORKTREE = "default";

/** The call's own worktree and the default one are there before their first write. */
async function hasWorktree({ scope, store }: Engine, { tract, worktree }: Address): Promise<boolean> {
  if (tract === scope.tract && worktree === scope.worktree) return true;
  if ((await store.findTract(tract)) === null) return false;
  return worktree === DEFAULT_WORKTREE || (await store.readRef(tract, "worktree", worktree)) !== null;
}

async function unknownAddress({ limits, scope, store }: Engine, to: string): Promise<TractError> {
  const worktrees = (await store.listRefs(scope.tract, "worktree")).map(({ name }) => name);
  const tracts = (await store.listTracts()).map(({ name }) => name);
  const near = nearest(to, [...worktrees, ...tracts]);
  const shown = to.slice(0, ADDRESS_CHARS_SHOWN);
  return new TractError("not-found", `there is no worktree or tract ${JSON.stringify(shown)}`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(" or ")}?`
        : "Name a worktree of this tract, a tract of the store, or tract:worktree; lineage shows where children work.",
    data: { to: shown, near, worktrees: worktrees.slice(0, limits.suggestionsMax) },
  });
}

const ADDRESS_CHARS_SHOWN = 100;
