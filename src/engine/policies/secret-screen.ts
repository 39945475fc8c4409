/** Says what keeps credentials out of the store where a write stands: the setting, and the policies secret-scan in force (spec 5.4, 6.1). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { type PolicyParams, paramsOf } from "../history/policy-params.ts";
import type { Screen } from "../history/screen.ts";
import { readPolicies } from "./read-policies.ts";
import { type RuleSet, redactText, SECRET_RULE_NAMES } from "./secret-find.ts";

type Demand = PolicyParams["secret-scan"];

/** null: neither the setting nor a policy asks for it. Of several the stricter holds: reject before redact, and a rule that any of them has. */
export async function screenAt(engine: Engine, head: Hash | null): Promise<Screen | null> {
  const { redaction } = engine.settings;
  const policies = await readPolicies(engine, { head });
  const demands: readonly Demand[] = [
    ...(redaction === "off" ? [] : [{ action: redaction, rules: [], off: [] }]),
    ...policies.flatMap((policy) =>
      policy.kind === "secret-scan" && policy.enabled ? [paramsOf("secret-scan", policy)] : [],
    ),
  ];
  return demands.length === 0 ? null : screenOf(demands);
}

function screenOf(demands: readonly Demand[]): Screen {
  const off = new Set(
    SECRET_RULE_NAMES.filter((name) => demands.every((demand) => demand.off.includes(name))),
  );
  const rules = { off, own: demands.flatMap((demand) => demand.rules) };
  return {
    action: demands.some(({ action }) => action === "reject") ? "reject" : "redact",
    redact: rules.own.length === 0 ? (text, name) => redactText(text, name, rules) : remembering(rules),
  };
}

/** Running patterns that somebody else wrote costs most of a millisecond, and the short texts of contents are the same again and again. */
function remembering(rules: RuleSet): Screen["redact"] {
  const clean = new Set<string>();
  return (text, name) => {
    const key = text.length > SHORT_CHARS ? null : JSON.stringify([name, text]);
    if (key !== null && clean.has(key)) return null;
    const redacted = redactText(text, name, rules);
    if (redacted === null && key !== null && clean.size < REMEMBERED_MAX) clean.add(key);
    return redacted;
  };
}

const SHORT_CHARS = 40;
const REMEMBERED_MAX = 1_000;
