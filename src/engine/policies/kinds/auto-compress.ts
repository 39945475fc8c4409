/** auto-compress: the compiled context has come to a share of its budget (spec 5.4). */
import { paramsOf } from "../../history/policy-params.ts";
import { type Evaluate, findingOf } from "./kind.ts";

export const autoCompress: Evaluate = async (situation, policy) => {
  const { branch } = situation;
  if (branch === null) return [];
  const { threshold, target, strategy, budget: own } = paramsOf("auto-compress", policy);
  const budget = own ?? (await situation.budget());
  if (await situation.isSmallerThan(threshold * budget)) return [];
  const size = await situation.size();
  const targetTokens = Math.max(1, Math.floor(target * budget));
  return [
    findingOf(policy, {
      target: branch,
      reason: `The context of ${branch} has ${size} tokens, ${percent(size / budget)} of its budget of ${budget}`,
      gain: size - targetTokens,
      action: { tool: "compress", arguments: { branch, target_tokens: targetTokens, strategy } },
    }),
  ];
};

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
