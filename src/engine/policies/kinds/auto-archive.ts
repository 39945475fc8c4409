/** auto-archive: a branch is merged, or nobody has touched it for long (spec 5.4). */
import type { CommitRecord, Hash } from "../../../storage/records.ts";
import { INBOX_PREFIX } from "../../history/inbox.ts";
import { paramsOf } from "../../history/policy-params.ts";
import { brokenNameRule } from "../../history/ref-name.ts";
import { commitOf } from "../../history/ref-value.ts";
import type { Finding } from "../policy.ts";
import { type Evaluate, findingOf } from "./kind.ts";

const ARCHIVE = "archive/";
const DAY_MS = 86_400_000;
/** Findings of one evaluation, those of the longest untouched branches; the others come next time. */
const FINDINGS_MAX = 20;

interface Candidate {
  readonly name: string;
  readonly head: CommitRecord;
  readonly touchedAt: string;
}

export const autoArchive: Evaluate = async (situation, policy) => {
  const { stale_days: staleDays } = paramsOf("auto-archive", policy);
  const branches = await situation.refs("branch");
  const used = new Set(
    (await situation.refs("worktree")).flatMap(({ value }) => ("branch" in value ? [value.branch] : [])),
  );
  const isKept = (name: string): boolean =>
    name === situation.defaultBranch ||
    name === situation.branch ||
    used.has(name) ||
    name.startsWith(ARCHIVE) ||
    name.startsWith(INBOX_PREFIX);
  const open = branches.filter(({ name, value }) => !isKept(name) && commitOf(value) !== null);
  const heads = await situation.commits(open.flatMap(({ value }) => commitOf(value) ?? []));
  const byHash = new Map(heads.map((head) => [head.hash, head]));
  const candidates = open.flatMap(({ name, value, updatedAt }): readonly Candidate[] => {
    const head = byHash.get(commitOf(value) ?? ("" as Hash)); // "" is no commit's hash.
    return head === undefined ? [] : [{ name, head, touchedAt: updatedAt }];
  });
  candidates.sort((a, b) => (a.touchedAt < b.touchedAt ? -1 : a.touchedAt > b.touchedAt ? 1 : 0));
  const main = branches.find(({ name }) => name === situation.defaultBranch);
  const mainHead = main === undefined ? null : commitOf(main.value);
  const taken = new Set(branches.map(({ name }) => name));
  const findings: Finding[] = [];
  for (const { name, head, touchedAt } of candidates) {
    if (findings.length === FINDINGS_MAX) break;
    const days = Math.floor((situation.now - Date.parse(touchedAt)) / DAY_MS);
    // A branch that was made and has nothing of its own yet is no merged one.
    const isMerged =
      head.branch === name && mainHead !== null && (await situation.isReachable(head.hash, mainHead));
    const isStale = situation.now - Date.parse(touchedAt) >= staleDays * DAY_MS;
    const newName = isMerged || isStale ? archiveName(name, taken, situation.refNameCharsMax) : null;
    if (newName === null) continue;
    taken.add(newName);
    findings.push(
      findingOf(policy, {
        target: name,
        reason: isMerged
          ? `Branch ${name} is merged into ${situation.defaultBranch}`
          : `Branch ${name} is untouched for ${days} ${days === 1 ? "day" : "days"}`,
        action: { tool: "branch", arguments: { action: "rename", name, new_name: newName } },
      }),
    );
  }
  return findings;
};

/** The first free one of `archive/x`, `archive/x-2`, `archive/x-3`, …; null when it would be too long. */
function archiveName(name: string, taken: ReadonlySet<string>, charsMax: number): string | null {
  let free = `${ARCHIVE}${name}`;
  for (let n = 2; taken.has(free); n++) free = `${ARCHIVE}${name}-${n}`;
  return brokenNameRule(free, charsMax) === null ? free : null;
}
