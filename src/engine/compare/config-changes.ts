/** Which settings of a message's generation_config differ between two points (spec 1.8; spec 3.1). Pure. */
import type { Hash, Json, JsonObject } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";

export interface ConfigChange {
  /** The commit that stands there. */
  readonly commit: Hash;
  /** Name of the setting; `extra.` and its key for a provider's own. */
  readonly field: string;
  /** null: not set. */
  readonly from: Json;
  readonly to: Json;
}

/** By field name. */
export function configChanges(
  commit: Hash,
  before: JsonObject | null,
  after: JsonObject | null,
): readonly ConfigChange[] {
  const old = fieldsOf(before);
  const fresh = fieldsOf(after);
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().flatMap((field) => {
    const from = old.get(field) ?? null;
    const to = fresh.get(field) ?? null;
    return isSame(from, to) ? [] : [{ commit, field, from, to }];
  });
}

function fieldsOf(config: JsonObject | null): ReadonlyMap<string, Json> {
  const fields = new Map<string, Json>();
  for (const [name, value] of Object.entries(config ?? {})) {
    if (name === "extra" && isObject(value))
      for (const [key, inner] of Object.entries(value)) fields.set(`extra.${key}`, inner);
    else fields.set(name, value);
  }
  return fields;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSame(a: Json, b: Json): boolean {
  return a === b || canonicalJson({ value: a }) === canonicalJson({ value: b });
}
