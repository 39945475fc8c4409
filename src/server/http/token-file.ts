/** Reads the file of tokens, or makes it with a first one: only its owner may read it (spec 7.4). */
import { randomBytes } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import { TractError } from "../../engine/errors.ts";
import { isToken, TOKEN_FORM } from "./token-form.ts";
import { repeated, type TokenEntry } from "./tokens.ts";

export interface TokenFile {
  readonly tokens: readonly TokenEntry[];
  /** True: there was none, so it was made with one new token of scope write. */
  readonly isNew: boolean;
}

/** @throws TractError `invalid-argument`: unreadable, readable by other users, or not in form. No message holds any of its text. */
export async function readTokenFile(path: string): Promise<TokenFile> {
  const text = await readOwnFile(path);
  if (text !== null) return { tokens: parseTokens(text), isNew: false };
  const made = `# token scope [tracts]\n${randomBytes(TOKEN_BYTES).toString("base64url")} write\n`;
  await writeFile(path, made, { mode: 0o600, flag: "wx" }).catch((cause: unknown) =>
    Promise.reject(
      unusable("cannot be made", "Name a file in a folder that exists and may be written.", cause),
    ),
  );
  return { tokens: parseTokens(made), isNew: true };
}

const TOKEN_BYTES = 32;
const FILE_BYTES_MAX = 1_000_000;
const OTHERS_BITS = 0o077;

/** null when there is none. */
async function readOwnFile(path: string): Promise<string | null> {
  try {
    const found = await stat(path);
    // Reading another thing may never end, or not give the same twice.
    if (!found.isFile()) throw unusable("is no regular file", "Name a file of tokens, not a folder or pipe.");
    const { mode, size } = found;
    // Windows keeps access elsewhere than in the mode.
    if (process.platform !== "win32" && (mode & OTHERS_BITS) !== 0)
      throw unusable("may be read by other users", "Make it readable by its owner alone (chmod 600).");
    if (size > FILE_BYTES_MAX) throw unusable("is too large", "Name a file of tokens.");
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof TractError) throw cause;
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    if (code === "ENOENT") return null;
    throw unusable(
      `cannot be read (${code})`,
      "Give the server the right to read it, or name another.",
      cause,
    );
  }
}

const scope = z.enum(["read", "write"]);
const entry = z.strictObject({
  token: z.string().refine(isToken, `a token has ${TOKEN_FORM}`),
  scope,
  name: z
    .string()
    .regex(/^[\w.-]{1,40}$/, "a name has 1 to 40 letters, digits and _.-")
    .optional(),
  tracts: z
    .array(z.string().min(1).max(200))
    .refine((names) => names.some((name) => !name.endsWith("*")), "at least one tract must be named in full")
    .optional(),
});
const file = z.union([z.array(entry), z.strictObject({ tokens: z.array(entry) })]);

/** JSON, or a line per token: `TOKEN scope [tract,tract]`. */
function parseTokens(text: string): readonly TokenEntry[] {
  const trimmed = text.trim();
  const raw = /^[[{]/.test(trimmed) ? readJson(trimmed) : { tokens: readLines(trimmed) };
  const parsed = file.safeParse(raw);
  if (!parsed.success) throw wrongForm(wrongPlace(raw));
  const given = Array.isArray(parsed.data) ? parsed.data : parsed.data.tokens;
  if (given.length === 0) throw wrongForm("it holds no token");
  const entries = given.map(({ token, scope: own, name, tracts }, index) => ({
    token,
    name: name ?? `token-${index + 1}`,
    access: { mayWrite: own === "write", tracts: tracts ?? null },
  }));
  const twice = repeated(entries);
  if (twice !== null) throw wrongForm(`a ${twice} stands in it twice`);
  return entries;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrongForm("it is not valid JSON");
  }
}

function readLines(text: string): readonly unknown[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [token, own, tracts, ...more] = line.split(/\s+/);
      return {
        token,
        scope: own,
        ...(tracts === undefined ? {} : { tracts: tracts.split(",") }),
        ...(more.length > 0 ? { more } : {}),
      };
    });
}

/** The first entry that is not in form, and why; only our own words, as the file holds secrets. */
function wrongPlace(raw: unknown): string {
  const entries: unknown = Array.isArray(raw) ? raw : Object(raw).tokens;
  const all: readonly unknown[] = Array.isArray(entries) ? entries : [];
  const index = all.findIndex((each) => !entry.safeParse(each).success);
  if (index < 0) return "it is no list of tokens";
  const issue = entry.safeParse(all[index]).error?.issues[0];
  const field = issue?.path[0];
  const words = issue?.code === "custom" || issue?.code === "invalid_format" ? `: ${issue.message}` : "";
  return `entry ${index + 1}${field === undefined ? "" : `, ${String(field)}`}${words}`;
}

function wrongForm(problem: string): TractError {
  return unusable(
    `is not in form (${problem})`,
    "Write a token per line, `TOKEN read|write [tract,tract]`, or JSON: { tokens: [{ token, scope, name, tracts }] }.",
  );
}

function unusable(what: string, hint: string, cause?: unknown): TractError {
  const data = { setting: "http.token_file" };
  return new TractError("invalid-argument", `the token file ${what}`, { hint, data, cause });
}
