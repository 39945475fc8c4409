/** Credentials that open nothing, put together when a test runs: no file of ours holds anything that looks like one. */

const ALPHABET = "aB3dE5gH7jK9mN2pQ4rS6tU8vW1xY0zZcF";

/** Looks made by chance, and is the same for the same seed. */
export function noise(length: number, seed = 1, alphabet = ALPHABET): string {
  let state = seed * 2_654_435_761 + length;
  return Array.from({ length }, () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return alphabet[Math.floor((state / 2_147_483_648) * alphabet.length)] ?? "a";
  }).join("");
}

const HEX = "0123456789abcdef";
const UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ234567";

/** What must not be stored, and a text that it stands in. */
export interface Planted {
  readonly rule: string;
  readonly secret: string;
  readonly text: string;
}

function bare(rule: string, secret: string): Planted {
  return { rule, secret, text: `The value is ${secret}, keep it.` };
}

function within(rule: string, secret: string, text: (secret: string) => string): Planted {
  return { rule, secret, text: text(secret) };
}

/** One or more for every built-in rule. */
export function plantedSecrets(seed = 1): readonly Planted[] {
  const some = (length: number, alphabet?: string): string => noise(length, seed, alphabet);
  const mixed = (length: number): string => `q7${some(length - 4)}Z4`;
  return [
    bare("aws-access-key", `AK${"IA"}${some(16, "ABCDEFGHJKLMNPQRSTUVWXYZ234567")}`),
    bare("github-token", `gh${"p_"}${mixed(36)}`),
    bare("github-token", `github_${"pat_"}${mixed(60)}`),
    bare("gitlab-token", `gl${"pat-"}${mixed(20)}`),
    bare("slack-token", `xo${"xb-"}123456789012-${mixed(24)}`),
    within(
      "slack-webhook",
      `T0A1B2C3D/B0A1B2C3D/${mixed(24)}`,
      (secret) => `https://hooks.slack.com/services/${secret}`,
    ),
    bare("stripe-key", `sk${"_live_"}${mixed(24)}`),
    bare("google-key", `AI${"za"}${mixed(35)}`),
    bare("anthropic-key", `sk${"-ant-"}api03-${mixed(90)}`),
    bare("openai-key", `sk${"-proj-"}${mixed(60)}`),
    bare("openai-key", `s${"k-"}${mixed(48)}`),
    bare("npm-token", `np${"m_"}${mixed(36)}`),
    bare("pypi-token", `py${"pi-"}${mixed(80)}`),
    bare("huggingface-token", `h${"f_"}${mixed(34)}`),
    bare("groq-key", `gs${"k_"}${mixed(52)}`),
    bare("xai-key", `xa${"i-"}${mixed(80)}`),
    bare("perplexity-key", `ppl${"x-"}${mixed(48)}`),
    bare("sendgrid-key", `S${"G."}${mixed(22)}.${mixed(43)}`),
    bare("digitalocean-token", `do${"p_v1_"}${some(64, HEX)}`),
    bare("databricks-token", `da${"pi"}${some(32, HEX)}`),
    bare("vault-token", `hv${"s."}${mixed(28)}`),
    bare("shopify-token", `shp${"at_"}${some(32, HEX)}`),
    bare("docker-token", `dckr_${"pat_"}${mixed(27)}`),
    bare("linear-key", `lin_${"api_"}${mixed(40)}`),
    bare("notion-token", `nt${"n_"}12345678901${mixed(35)}`),
    bare("grafana-token", `gl${"sa_"}${mixed(32)}_${some(8, HEX)}`),
    bare("figma-token", `fi${"gd_"}${mixed(40)}`),
    bare("telegram-token", `1234567890:${"AA"}${mixed(33)}`),
    bare("age-key", `AGE-${"SECRET"}-KEY-1${some(58, UPPER)}`),
    within("azure-key", `${mixed(86)}==`, (secret) => `AccountName=me;AccountKey=${secret};EndpointSuffix=x`),
    bare("jwt", `ey${"J"}${mixed(20)}.ey${"J"}${mixed(40)}.${mixed(43)}`),
    within("authorization", mixed(40), (secret) => `Authorization: Bearer ${secret}`),
    within("authorization", mixed(24), (secret) => `curl -H 'authorization: Basic ${secret}'`),
    within("connection-string", mixed(12), (secret) => `postgres://bob:${secret}@db.example.com/app`),
    within("password", mixed(14), (secret) => `DB_PASSWORD=${secret}`),
    within("password", `q7${"!"}${mixed(8)}`, (secret) => JSON.stringify({ password: secret })),
    within("password", mixed(12), (secret) => `mysql --password ${secret}`),
    within("api-key", mixed(32), (secret) => `api_key: "${secret}"`),
    within("api-key", mixed(40), (secret) => `aws_secret_access_key = ${secret}`),
    within("private-key", `MIIE${mixed(60)}`, armour),
  ];
}

function armour(body: string): string {
  return `-----BEGIN RSA ${"PRIVATE"} KEY-----\n${body}\n${noise(30)}\n-----END RSA ${"PRIVATE"} KEY-----\n`;
}
