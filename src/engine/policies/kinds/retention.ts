/** retention: there are commits that nothing has led to for so many days (spec 5.4). Off until it is told how many. */
import { paramsOf } from "../../history/policy-params.ts";
import { type Evaluate, findingOf } from "./kind.ts";

export const retention: Evaluate = async (situation, policy) => {
  const { older_than_days: olderThanDays } = paramsOf("retention", policy);
  if (olderThanDays === null) return [];
  const { commits, bytes } = await situation.garbage(olderThanDays);
  if (commits === 0) return [];
  return [
    findingOf(policy, {
      target: "gc",
      reason: `${commits} ${commits === 1 ? "commit" : "commits"} older than ${olderThanDays} days (${bytes} bytes) that nothing leads to`,
      action: { tool: "gc", arguments: { dry_run: false, older_than_days: olderThanDays } },
    }),
  ];
};
