/** What stands between a write and the store when credentials must not get in: how texts, JSON and commits are held against it (spec 5.4). */
import type { ContentRecord, Hash, Json, JsonObject } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import { hashContent } from "../content/hashes.ts";
import { isJsonObject } from "../content/json-rules.ts";
import type { ParsedContent } from "../content/parse-content.ts";
import { plainText } from "../content/plain-text.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { pathTold } from "../zod-words.ts";

export interface Redacted {
  readonly text: string;
  /** The rule of each credential that was replaced. */
  readonly rules: readonly string[];
}

export interface Screen {
  /** What happens to a credential: a placeholder takes its place, or the write is refused. */
  readonly action: "redact" | "reject";
  /** The text without credentials; null when it has none. `name`: of the member of an object that it is the value of. */
  readonly redact: (text: string, name: string | null) => Redacted | null;
  /** The same by the built-in rules alone, for policies: a pattern of one's own may well find itself. */
  readonly redactBuiltIn: Screen["redact"];
}

/**
 * The screen for writes that stand on a head of the scope's tract; null: there is none. Policies give it, which history cannot import.
 * `branch`: the one that has this head now, if known; that saves a look.
 */
export type ScreenAt = (engine: Engine, head: Hash | null, branch?: string | null) => Promise<Screen | null>;

/** A credential that was found: never itself. */
export interface Hit {
  readonly rule: string;
  /** Like `content.payload.items[2]`. */
  readonly path: string;
}

/** A write that is refused because of a credential; `publishPlan` notes it in the ledger. */
export class CredentialFound extends TractError {
  readonly rule: string;

  constructor({ rule, path: whole }: Hit) {
    const path = pathTold(whole);
    super("invalid-content", `${path}: this looks like a credential (${rule})`, {
      hint: "Put a placeholder where it stands and send it again; nothing was stored. If it is none, a secret-scan policy can name its rule in params.off.",
      data: { path, rule },
    });
    this.rule = rule;
  }
}

/** The same JSON with placeholders; itself when nothing was found. Keys are looked at as well. Adds to `hits`. */
export function screenJson<T extends Json>(screen: Screen, value: T, path: string, hits: Hit[]): T {
  if (isClean(screen, value)) return value;
  return walk(screen, value, { path, name: null }, hits) as T; // Strings stay strings, and shapes stay shapes.
}

/** True when JSON has no credentials, as nearly all: no paths are made for it. `name`: of the member that it is the value of. */
export function isClean(screen: Screen, value: Json, name: string | null = null): boolean {
  if (typeof value === "string") return screen.redact(value, name) === null;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) {
    const members: readonly Json[] = value;
    return members.every((one) => isClean(screen, one, name));
  }
  const object: JsonObject = value as JsonObject; // JSON that is neither plain nor an array.
  for (const key of Object.keys(object))
    if (screen.redact(key, null) !== null || !isClean(screen, object[key] ?? null, key)) return false;
  return true;
}

interface Place {
  readonly path: string;
  readonly name: string | null;
}

function walk(screen: Screen, value: Json, at: Place, hits: Hit[]): Json {
  if (typeof value === "string") return screenText(screen, value, at, hits);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const members: readonly Json[] = value;
    const made = members.map((one, i) => walk(screen, one, { ...at, path: `${at.path}[${i}]` }, hits));
    return made.some((one, i) => one !== members[i]) ? made : value;
  }
  let isChanged = false;
  const made: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    const freeKey = unused(screenText(screen, key, { path: at.path, name: null }, hits), key, made);
    const screened = walk(screen, member, { path: `${at.path}.${freeKey}`, name: key }, hits);
    isChanged ||= freeKey !== key || screened !== member;
    // Not by assignment: __proto__ is a key like any other.
    Object.defineProperty(made, freeKey, { value: screened, ...ORDINARY });
  }
  return isChanged ? made : value;
}

const ORDINARY = { enumerable: true, writable: true, configurable: true } as const;

/** Two keys may come to one placeholder. */
function unused(key: string, before: string, taken: Readonly<Record<string, Json>>): string {
  let free = key;
  for (let number = 2; key !== before && Object.hasOwn(taken, free); number++) free = `${key} ${number}`;
  return free;
}

function screenText(screen: Screen, text: string, { path, name }: Place, hits: Hit[]): string {
  const redacted = screen.redact(text, name);
  if (redacted === null) return text;
  for (const rule of redacted.rules) hits.push({ rule, path });
  return redacted.text;
}

/** A content that is stored only in its redacted form, under the hash of that. */
export function screenContent(
  screen: Screen,
  parsed: ParsedContent,
  path: string,
  hits: Hit[],
): ParsedContent {
  const before = hits.length;
  const json = parsed.content as unknown as JsonObject; // Contents are JSON objects.
  const screened = json.content_type === "config" ? screenConfig : screenJson<JsonObject>;
  const content = screened(screen, json, path, hits) as unknown as ParsedContent["content"];
  if (hits.length === before) return parsed;
  const { text: ownText } = parsed.record;
  const text = ownText === null ? null : (screen.redact(ownText, null)?.text ?? ownText);
  return {
    content,
    record: recordWith(parsed.record, content, text),
    text: text ?? plainText(content),
    isStored: false,
  };
}

/** Not its policies: a pattern with a placeholder in it would match something else. `refuseInPolicies` looks at them. */
function screenConfig(screen: Screen, config: JsonObject, path: string, hits: Hit[]): JsonObject {
  const { settings } = config;
  if (!isJsonObject(settings) || settings.policies === undefined)
    return screenJson(screen, config, path, hits);
  const { policies, ...others } = settings;
  const screened = screenJson(screen, others, `${path}.settings`, hits);
  return { ...config, settings: { ...screened, policies } };
}

/**
 * Policies with a credential in them are refused whatever the action is: as a pattern, a label or a name a placeholder would be another one.
 *
 * @throws CredentialFound
 */
export function refuseInPolicies(screen: Screen, { content }: ParsedContent, path: string): void {
  if (content.content_type !== "config") return;
  const { settings } = content as unknown as JsonObject; // Contents are JSON objects.
  if (!isJsonObject(settings) || settings.policies === undefined) return;
  const hits: Hit[] = [];
  screenJson(
    { ...screen, redact: screen.redactBuiltIn },
    settings.policies,
    `${path}.settings.policies`,
    hits,
  );
  const [first] = hits;
  if (first !== undefined) throw new CredentialFound(first);
}

/** A stored form like another, of another content. */
function recordWith(
  record: ContentRecord,
  content: ParsedContent["content"],
  text: string | null,
): ContentRecord {
  const body = canonicalJson(content as unknown as Json); // Contents are JSON.
  return { ...record, body, hash: hashContent(body), text };
}

/** What was found in a planned commit, or in a content that is stored without one, and by which screen: by the record that a change set carries. */
export interface Screening {
  readonly screen: Screen | null;
  readonly hits: readonly Hit[];
}

const SCREENINGS = new WeakMap<object, Screening>();

/** Notes that a record was looked at, so that publishing need not do it again, and can tell what was replaced. */
export function noteScreening(record: object, screening: Screening): void {
  SCREENINGS.set(record, screening);
}

export function screeningOf(record: object): Screening | null {
  return SCREENINGS.get(record) ?? null;
}
