/** The rules of secret-scan: what they find, how it is replaced, what they leave alone, and that no text makes them slow. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { redactText, SECRET_RULE_NAMES } from "../../../src/engine/policies/secret-find.ts";
import { noise, plantedSecrets } from "../../support/planted-secrets.ts";

const ALL = { off: new Set<string>(), own: [] };
const PLANTED = plantedSecrets();

describe("what looks like a credential", () => {
  it.each(PLANTED.map((one, index) => ({ ...one, index })))(
    "is found and named: $rule ($index)",
    ({ rule, secret, text }) => {
      const redacted = redactText(text, null, ALL);
      expect(redacted?.rules).toEqual([rule]);
      expect(redacted?.text).toContain(`[redacted:${rule}]`);
      expect(redacted?.text).not.toContain(secret);
    },
  );

  it("covers every rule in these tests", () => {
    expect(new Set(PLANTED.map(({ rule }) => rule))).toEqual(new Set(SECRET_RULE_NAMES));
  });

  it.each(PLANTED.map((one, index) => ({ ...one, index })))(
    "is found inside JSON in JSON, which stays JSON: $rule ($index)",
    ({ secret, text }) => {
      const wrapped = JSON.stringify({ command: JSON.stringify({ note: text, count: 2 }) });
      const redacted = redactText(wrapped, null, ALL);
      const whole = JSON.stringify(JSON.parse(JSON.parse(redacted?.text ?? "{}").command));
      expect(whole).toContain("[redacted:");
      expect(whole).not.toContain(JSON.stringify(secret).slice(1, -1));
    },
  );

  it("is found once its escapes are read", () => {
    const secret = `q7${noise(8)}Z4`;
    const text = `{"url":"https:\\/\\/bob:${secret}@db.example.com\\/app","n":12345678901234567890}`;
    const redacted = redactText(text, null, ALL);
    expect(redacted?.text).not.toContain(secret);
    // What stands beside it keeps its spelling.
    expect(redacted?.text).toContain('"n":12345678901234567890}');
  });

  it("is found by the name of its member alone", () => {
    const secret = `q7${noise(12)}Z4`;
    expect(redactText(secret, null, ALL)).toBeNull();
    expect(redactText(secret, "db_password", ALL)?.text).toBe("[redacted:password]");
    expect(redactText(secret, "apiKey", ALL)?.text).toBe("[redacted:api-key]");
    expect(redactText(secret, "next_page_token", ALL)).toBeNull();
  });

  it("is found as a private key whose end was cut off", () => {
    const [key] = PLANTED.filter(({ rule }) => rule === "private-key");
    const cut = key?.text.slice(0, 80) ?? "";
    expect(redactText(`before ${cut}`, null, ALL)?.text).toBe("before [redacted:private-key]");
  });

  it("is not found a second time in what took its place", () => {
    for (const { text } of PLANTED) {
      const once = redactText(text, null, ALL)?.text ?? "";
      expect(redactText(once, null, ALL)).toBeNull();
    }
  });

  it("is left where its rule is off", () => {
    for (const { rule, text } of PLANTED) {
      const found = redactText(text, null, { off: new Set([rule]), own: [] })?.rules ?? [];
      expect(found).not.toContain(rule);
    }
  });
});

describe("a policy's own rule", () => {
  const own = [{ name: "badge no.", pattern: "BADGE-\\d{4}" }];

  it("replaces all that its pattern matches, under its name", () => {
    const redacted = redactText("BADGE-1234 and BADGE-9876, not BADGE-1", null, { ...ALL, own });
    expect(redacted?.text).toBe("[redacted:badge-no.] and [redacted:badge-no.], not BADGE-1");
  });

  it("finds what is shorter than any built-in credential", () => {
    const pin = [{ name: "pin", pattern: "^\\d{4}$" }];
    expect(redactText("1234", null, { ...ALL, own: pin })?.text).toBe("[redacted:pin]");
  });

  it("refuses the text when its pattern takes too long", { timeout: 20_000 }, () => {
    const slow = [{ name: "slow", pattern: "(a+)+$" }];
    const search = (): unknown => redactText(`${"a".repeat(40)}!`, null, { ...ALL, own: slow });
    expect(search).toThrow(expect.objectContaining({ code: "invalid-argument", data: { rule: "slow" } }));
  });
});

describe("what is none", () => {
  const hex = noise(64, 3, "0123456789abcdef");
  it.each([
    ["a hash", `sha256 ${hex}`],
    ["a commit id", `commit ${hex.slice(0, 40)} (HEAD -> main)`],
    ["a token that is a hash", `token: ${hex}`],
    ["a UUID", "client_secret: 550e8400-e29b-41d4-a716-446655440000"],
    ["a number of tokens", "max_tokens=12345678, token_count: 99999999"],
    ["a place in a listing", `next_page_token: "${noise(40)}"`],
    ["base64", Buffer.from(noise(3_000)).toString("base64")],
    ["a data URL", `data:image/png;base64,${Buffer.from(noise(900)).toString("base64")}`],
    ["a word in the place of a password", "password: changeme, pwd=********, secret: <your-secret-1>"],
    ["a variable", "password=$DB_PASSWORD1 token={{ secrets.TOKEN_2 }} api_key=process.env.API_KEY_1"],
    ["code", "password = config.password2; token = get_token_1(user); secret = self.secrets_v2"],
    ["an address without a password", "https://example.com:8080/a@b and postgres://localhost:5432/app"],
    ["a password that is a word of documents", "postgres://user:password@localhost/app"],
    ["a rule in words", 'password: "must be at least 8 characters, 1 of them a digit"'],
    [
      "a hyphenated name",
      "the task-management-of-our-team-in-2024-was-moved and risk-assessment-of-everything",
    ],
    ["a key's name", "keyboard: qwerty12345, monkey=banana1234, hotkey: ctrl+shift+p1"],
    ["the mark of a key without one", "It begins with -----BEGIN PRIVATE KEY----- and goes on."],
    ["the key of documents", `AK${"IA"}IOSFODNN7EXAMPLE`],
  ])("is left alone: %s", (_what, text) => {
    expect(redactText(text, null, ALL)).toBeNull();
  });

  const DATA = new URL("../../../../shared/data/", import.meta.url);
  it.skipIf(!existsSync(DATA))(
    "is left alone in real transcripts (skipped when ../shared/data is absent)",
    () => {
      const found = readdirSync(DATA).flatMap((name) => {
        const text = readFileSync(new URL(name, DATA), "utf8");
        return redactText(text, null, ALL)?.rules ?? [];
      });
      expect(found).toEqual([]);
    },
  );
});

describe("a text that wants to be slow", () => {
  const size = 400_000;
  it.each([
    "a",
    "://a:",
    "b://b:",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "password=",
    'api_key: "',
    "token\\\\\\",
    '"\\',
    "eyJaaaaaaaaaaaa.",
    "bearer ",
    "--a-token ",
    "password          ",
    "sk-proj-",
    "hooks.slack.com/services/",
    "xoxb-",
    "ghp_",
  ])("takes no more than its length: %s", { timeout: 10_000 }, (piece) => {
    const [short, long] = [size / 4, size].map((length) => piece.repeat(length / piece.length));
    const once = timeOf(short ?? "");
    // Four times the text; what grows with the square takes sixteen times as long.
    expect(timeOf(long ?? "")).toBeLessThan(Math.max(once, 15) * 10);
  });

  /** The fastest of three: other work on the machine must not count. */
  function timeOf(text: string): number {
    const times = [1, 2, 3].map(() => {
      const start = performance.now();
      redactText(text, null, ALL);
      return performance.now() - start;
    });
    return Math.min(...times);
  }
});
