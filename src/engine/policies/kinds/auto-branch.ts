/**
 * auto-branch: the talk keeps changing its subject, so that a part of it may belong on a branch of its own (spec 5.4).
 *
 * Looked at are the newest appended commits that take part in the talk; tool calls and reasoning go along with what is around them and do not count.
 * Between two neighbours there is a switch when their content types differ, or when they are about different things (subjects.ts). Who
 * speaks does not matter.
 */
import type { CommitRecord } from "../../../storage/records.ts";
import { paramsOf } from "../../history/policy-params.ts";
import type { Subjects } from "../subjects.ts";
import { type Evaluate, findingOf } from "./kind.ts";

/** Commits read for each message of the window: some are tool calls. */
const READ_PER_MESSAGE = 6;
const GOES_ALONG: ReadonlySet<string> = new Set(["tool_io", "reasoning"]);
const TANGENT = "tangent/";
const HASH_CHARS = 8;

export const autoBranch: Evaluate = async (situation, policy) => {
  const { branch, head } = situation;
  if (branch === null || head === null || branch.startsWith(TANGENT)) return [];
  const { window, threshold } = paramsOf("auto-branch", policy);
  const read = await situation.newest({ limit: window * READ_PER_MESSAGE });
  const talk = read.filter(takesPart).slice(0, window);
  const switches = await countSwitches(talk, situation.subjects, threshold);
  if (switches < threshold) return [];
  const name = `${TANGENT}${head.slice(0, HASH_CHARS)}`;
  if ((await situation.refs("branch")).some((ref) => ref.name === name)) return [];
  return [
    findingOf(
      // Where a talk belongs is for whoever leads it to say: it is proposed and never done.
      { ...policy, autonomy: policy.autonomy === "autonomous" ? "collaborative" : policy.autonomy },
      {
        target: branch,
        reason: `${switches} of the last ${talk.length} messages on ${branch} change the subject`,
        action: { tool: "branch", arguments: { action: "create", name, from: head } },
      },
    ),
  ];
};

function takesPart({ operation, contentType, role }: CommitRecord): boolean {
  return operation === "append" && role !== null && contentType !== null && !GOES_ALONG.has(contentType);
}

/** Exact from `enough` on; below that it may be too small, as words are only compared as long as there can be enough. */
async function countSwitches(
  newestFirst: readonly CommitRecord[],
  subjects: Subjects,
  enough: number,
): Promise<number> {
  let switches = 0;
  const open: (readonly [earlier: CommitRecord, later: CommitRecord])[] = [];
  for (const [i, later] of newestFirst.entries()) {
    const earlier = newestFirst[i + 1];
    if (earlier === undefined) break;
    const isSwitch = earlier.contentType !== later.contentType || subjects.known(later);
    if (isSwitch === undefined) open.push([earlier, later]);
    else if (isSwitch) switches++;
  }
  // The newest first: those stay in the window for longest.
  for (const [i, [earlier, later]] of open.entries()) {
    if (switches + open.length - i < enough) break;
    if (await subjects.differ(earlier, later)) switches++;
  }
  return switches;
}
