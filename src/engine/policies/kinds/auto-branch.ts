/**
 * auto-branch: the talk keeps changing its subject, so that a part of it may belong on a branch of its own (spec 5.4).
 *
 * Looked at are the newest appended commits that take part in the talk; tool calls and reasoning go along with what is around them and do not count.
 * Between two neighbours there is a switch when their content types differ, or when both say enough (`WORDS_MIN` telling words) and at most
 * one in ten of the words of the shorter one is in the other. Who speaks does not matter.
 */
import type { CommitRecord } from "../../../storage/records.ts";
import { paramsOf } from "../../history/policy-params.ts";
import { DEFAULT_LIMITS } from "../../limits.ts";
import { searchTerms } from "../../search/terms.ts";
import { type Evaluate, findingOf } from "./kind.ts";

/** With fewer words nobody can tell a subject. */
const WORDS_MIN = 4;
/** The share of common words up to which two texts have different subjects. */
const OVERLAP_MAX = 0.1;
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
  const talk = read.filter(takesPart).slice(0, window).reverse();
  const texts = await situation.texts(talk);
  const words = texts.map((text) => new Set(searchTerms(text, DEFAULT_LIMITS)));
  const switches = talk.filter((commit, i) => {
    const before = talk[i - 1];
    if (before === undefined) return false;
    return commit.contentType !== before.contentType || differ(words[i - 1], words[i]);
  }).length;
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

function differ(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === undefined || b === undefined || Math.min(a.size, b.size) < WORDS_MIN) return false;
  const common = [...a].filter((word) => b.has(word)).length;
  return common <= OVERLAP_MAX * Math.min(a.size, b.size);
}
