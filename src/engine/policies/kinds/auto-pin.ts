/** auto-pin: a new commit is of a kind that must stay in the context, and nobody has judged it yet (spec 5.4). */
import type { CommitRecord } from "../../../storage/records.ts";
import { searchPatterns } from "../../compress/match-pattern.ts";
import { type PolicyParams, paramsOf } from "../../history/policy-params.ts";
import type { Situation } from "../situation.ts";
import { type Evaluate, findingOf } from "./kind.ts";

/** For all patterns together; milliseconds. Beyond it nothing more is matched: a commit does not wait for a pattern that goes round in circles. */
const PATTERN_TIME_MS_MAX = 250;

export const autoPin: Evaluate = async (situation, policy) => {
  const params = paramsOf("auto-pin", policy);
  // What is never compiled cannot leave the context, and what its type pins need not be pinned; edits and summaries are judged where they stand.
  const candidates = (await situation.made()).filter(
    ({ operation, role, priority }) => operation === "append" && role !== null && priority !== "pinned",
  );
  const byText = await matchedByText(situation, candidates, params.patterns);
  const matching = candidates.filter((commit) => isNamed(commit, params) || byText.has(commit));
  const refs: string[] = [];
  for (const { hash } of matching) if ((await situation.annotations(hash)).length === 0) refs.push(hash);
  const last = refs.at(-1);
  if (last === undefined) return [];
  return [
    findingOf(policy, {
      target: last,
      reason:
        refs.length === 1
          ? "1 new commit matches and has no annotation"
          : `${refs.length} new commits match and have no annotation`,
      action: {
        tool: "annotate",
        arguments: {
          refs,
          priority: "pinned",
          reason: `matches policy ${policy.name}`,
          ...(situation.branch === null ? {} : { branch: situation.branch }),
        },
      },
    }),
  ];
};

function isNamed({ contentType, role, labels }: CommitRecord, params: PolicyParams["auto-pin"]): boolean {
  return (
    (contentType !== null && params.types.includes(contentType)) ||
    (role !== null && params.roles.includes(role)) ||
    labels.some((label) => params.labels.includes(label))
  );
}

async function matchedByText(
  situation: Situation,
  commits: readonly CommitRecord[],
  patterns: readonly string[],
): Promise<ReadonlySet<CommitRecord>> {
  if (patterns.length === 0 || commits.length === 0) return new Set();
  const texts = await situation.texts(commits);
  const searches = patterns.flatMap((pattern) =>
    commits.map((commit, i) => ({ commit, pattern, text: "", other: texts[i] ?? "" })),
  );
  const findings = searchPatterns(searches, PATTERN_TIME_MS_MAX);
  return new Set(findings.flatMap(({ isInOther }, i) => (isInOther ? (searches[i]?.commit ?? []) : [])));
}
