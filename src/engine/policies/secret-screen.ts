/** Says what keeps credentials out of the store where a write stands: the setting, and the policies secret-scan in force (spec 5.4, 6.1). */
import type { Hash } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { type PolicyParams, paramsOf } from "../history/policy-params.ts";
import type { Screen } from "../history/screen.ts";
import type { Policy } from "./policy.ts";
import { type PoliciesInForce, readInForce } from "./read-policies.ts";
import { isTellingName } from "./secret-assignments.ts";
import { BUILT_IN_CHARS_MIN, type RuleSet, redactText, SECRET_RULE_NAMES } from "./secret-find.ts";

type Demand = PolicyParams["secret-scan"];

/** null: neither the setting nor a policy asks for it. Of several the stricter holds: reject before redact, and a rule that any of them has. */
export async function screenAt(
  engine: Engine,
  head: Hash | null,
  branch: string | null = null,
): Promise<Screen | null> {
  const { redaction } = engine.settings;
  const policies = await readInForce(engine, { head, branch });
  const known = SCREENS.get(policies) ?? new Map<typeof redaction, Screen | null>();
  SCREENS.set(policies, known);
  const before = known.get(redaction);
  if (before !== undefined) return before;
  const screen = screenFor(redaction, policies.all);
  known.set(redaction, screen);
  return screen;
}

/** A screen remembers what it has looked at, so there is one for the same demands. */
const SCREENS = new WeakMap<PoliciesInForce, Map<Engine["settings"]["redaction"], Screen | null>>();

function screenFor(redaction: Engine["settings"]["redaction"], policies: readonly Policy[]): Screen | null {
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
    redact: remembering(rules),
    redactBuiltIn: (text, name) => redactText(text, name, { off, own: [] }),
  };
}

/** Keys, names and short texts are the same again and again; hashes are no credentials. */
function remembering(rules: RuleSet): Screen["redact"] {
  const clean = new Set<string>();
  const isTelling = rememberingNames();
  const mayBeShort = rules.own.length > 0;
  return (text, name) => {
    if (text.length < BUILT_IN_CHARS_MIN && !mayBeShort) return null;
    const telling = name !== null && isTelling(name) ? name : null;
    if (telling !== null) return redactText(text, telling, rules);
    if (text.length > SHORT_CHARS)
      return text.length === HASH_CHARS && !mayBeShort && HASH.test(text)
        ? null
        : redactText(text, null, rules);
    if (clean.has(text)) return null;
    const redacted = redactText(text, null, rules);
    if (clean.size >= REMEMBERED_MAX) clean.clear();
    if (redacted === null) clean.add(text);
    return redacted;
  };
}

function rememberingNames(): (name: string) => boolean {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const is = isTellingName(name);
    if (known.size >= REMEMBERED_MAX) known.clear();
    if (name.length <= SHORT_CHARS) known.set(name, is);
    return is;
  };
}

const SHORT_CHARS = 40;
const REMEMBERED_MAX = 1_000;
const HASH_CHARS = 64;
const HASH = /^[0-9a-f]+$/;
