/** The credentials that are known by their form: what each kind looks like, as patterns that take linear time on any text (spec 5.4, secret-scan). */

export interface SecretRule {
  readonly name: string;
  /** A text without any of them has no match. */
  readonly hints: readonly string[];
  /** Flags g and d, so that the places of groups are known. Its group 1 is the credential, or the whole match where there is none. */
  readonly pattern: RegExp;
  /** Looks again at a match that may be something harmless. */
  readonly accepts?: (secret: string) => boolean;
}

/** Not inside of a word; a line end or a sign may be written as an escape, whose last letter is none of a word. */
const START = "(?<=^|[^A-Za-z0-9_-]|\\\\[nrt]|%[0-9A-Fa-f]{2})";

/**
 * Every pattern begins with letters that cannot be in the middle of a longer run, and ends where the run ends: so nothing is
 * looked at twice, and base64, hashes and ids that contain such letters by chance do not match.
 */
export const SECRET_RULES: readonly SecretRule[] = [
  rule("aws-access-key", ["AKIA", "ASIA"], "(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])", isNoExample),
  rule(
    "github-token",
    ["ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_"],
    "(?:gh[opsur]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})",
  ),
  rule(
    "gitlab-token",
    [
      "glpat-",
      "glrt-",
      "gldt-",
      "gloas-",
      "glptt-",
      "glft-",
      "glimt-",
      "glsoat-",
      "glcbt-",
      "glagent-",
      "GR1348941",
    ],
    "(?:gl(?:pat|rt|dt|oas|ptt|ft|imt|soat|cbt|agent)-[A-Za-z0-9_-]{20,}|GR1348941[A-Za-z0-9_-]{20,})",
  ),
  rule(
    "slack-token",
    ["xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"],
    "(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{20,}",
    isMixed,
  ),
  rule(
    "slack-webhook",
    ["hooks.slack.com"],
    "hooks\\.slack\\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{30,})",
  ),
  rule("stripe-key", ["_live_", "whsec_"], "(?:(?:sk|rk)_live_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,})"),
  rule(
    "google-key",
    ["AIza", "GOCSPX-", "ya29."],
    "(?:AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])|GOCSPX-[A-Za-z0-9_-]{28,}|ya29\\.[A-Za-z0-9_-]{20,})",
  ),
  rule("anthropic-key", ["sk-ant-"], "sk-ant-[a-z0-9]{2,12}-[A-Za-z0-9_-]{20,}"),
  rule(
    "openai-key",
    ["sk-"],
    "sk-(?!ant-)(?:(?:proj|svcacct|admin|or-v1)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{32,})",
    isMixed,
  ),
  rule("npm-token", ["npm_"], "npm_[A-Za-z0-9]{36,}"),
  rule("pypi-token", ["pypi-"], "pypi-[A-Za-z0-9_-]{50,}"),
  rule("huggingface-token", ["hf_"], "hf_[A-Za-z0-9]{34,}", isLongWord),
  rule("groq-key", ["gsk_"], "gsk_[A-Za-z0-9]{48,}"),
  rule("xai-key", ["xai-"], "xai-[A-Za-z0-9]{60,}"),
  rule("perplexity-key", ["pplx-"], "pplx-[A-Za-z0-9]{40,}"),
  rule("sendgrid-key", ["SG."], "SG\\.[A-Za-z0-9_-]{20,24}\\.[A-Za-z0-9_-]{39,}"),
  rule("digitalocean-token", ["_v1_"], "do[opr]_v1_[0-9a-f]{64}"),
  rule("databricks-token", ["dapi"], "dapi[0-9a-f]{32}(?![0-9a-f])"),
  rule("vault-token", ["hvs.", "hvb."], "hv[sb]\\.[A-Za-z0-9_-]{24,}"),
  rule("shopify-token", ["shpat_", "shpca_", "shppa_", "shpss_"], "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
  rule("docker-token", ["dckr_"], "dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,}"),
  rule("linear-key", ["lin_api_"], "lin_api_[A-Za-z0-9]{40}"),
  rule("notion-token", ["ntn_"], "ntn_[0-9]{8,12}[A-Za-z0-9]{32,}"),
  rule("grafana-token", ["glsa_", "glc_"], "(?:glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/=]{40,})"),
  rule("figma-token", ["figd_"], "figd_[A-Za-z0-9_-]{40,}"),
  rule("telegram-token", [":AA"], "[0-9]{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])"),
  rule("age-key", ["AGE-SECRET-KEY-1"], "AGE-SECRET-KEY-1[0-9A-Z]{58}"),
  rule(
    "azure-key",
    ["AccountKey", "SharedAccessKey"],
    "(?:AccountKey|SharedAccessKey)\\s{0,2}=\\s{0,2}([A-Za-z0-9+/]{40,}={0,2})",
  ),
  rule("jwt", ["eyJ"], "eyJ[A-Za-z0-9_-]{10,}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{16,}"),
  {
    name: "authorization",
    hints: ["earer ", "EARER ", "uthorization", "UTHORIZATION"],
    pattern:
      /(?<![A-Za-z0-9])(?:bearer|(?:authorization["'\\]{0,4}\s{0,3}[:=]\s{0,3}["'\\]{0,4})(?:basic|token))\s{1,3}([A-Za-z0-9._~+/-]{16,}={0,2})/dgi,
    accepts: isMixed,
  },
  {
    name: "connection-string",
    hints: ["://"],
    pattern:
      /(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}:\/\/[^\s:@/?#'"`<>\\]{0,100}:([^\s@/'"`<>\\]{3,200})@/dg,
    accepts: isNoStandIn,
  },
];

function rule(
  name: string,
  hints: readonly string[],
  source: string,
  accepts?: SecretRule["accepts"],
): SecretRule {
  const pattern = new RegExp(`${START}${source}`, "dg");
  return accepts === undefined ? { name, hints, pattern } : { name, hints, pattern, accepts };
}

const HINTS = new RegExp(
  SECRET_RULES.flatMap(({ hints }) => hints.map((hint) => hint.replace(/[.]/g, "\\."))).join("|"),
);

/** The rules that a text may have matches of: of most texts none. */
export function rulesFor(text: string): readonly SecretRule[] {
  // One look for all of them; only then one for each.
  if (!HINTS.test(text)) return [];
  return SECRET_RULES.filter(({ hints }) => hints.some((hint) => text.includes(hint)));
}

/** The keys of the vendors' own documents. */
function isNoExample(secret: string): boolean {
  return !secret.endsWith("EXAMPLE");
}

/** A word has no digits, and a number no letters. */
export function isMixed(secret: string): boolean {
  return /[0-9]/.test(secret) && /[A-Za-z]/.test(secret);
}

/** Tokens mix their cases; a name of that length does not. */
function isLongWord(secret: string): boolean {
  const own = secret.slice(3);
  return /[a-z]/.test(own) && /[A-Z]/.test(own);
}

const STAND_IN_WORDS =
  /^(?:.{0,12}(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|key|user(?:name)?|admin|root|guest|postgres|mysql|changeme|change[_-]?me|example|placeholder|redacted|dummy|fake|hidden|masked|removed|sample|your|here|none|null|undefined|true|false|string|value)[A-Za-z]{0,12}|x+|y+|\.+|\*+|-+|_+|•+|…+)$/i;

/** Not a variable, a template's hole, or a word that stands where the secret goes. */
export function isNoStandIn(secret: string): boolean {
  if (/^[${%<@&[]|[{}<>$]|\.\.\.|…|\*\*\*|xxx|redacted/i.test(secret)) return false;
  return !STAND_IN_WORDS.test(secret);
}
