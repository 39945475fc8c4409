/** Takes settings apart into what is decided one by one, and puts them together again: policies each by its name, all others by their keys. */
import type { Json, JsonObject } from "../../storage/records.ts";
import { isJsonObject } from "../content/json-rules.ts";

/** No name of another setting has a dot. */
const POLICY = "policies.";

/** Settings by their parts: `policies.<name>` for each policy, and each other key as it is. */
export function partsOf(settings: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]): readonly (readonly [string, Json])[] => {
      if (key !== "policies") return [[key, value]];
      return isJsonObject(value) ? Object.entries(value).map(([name, one]) => [`${POLICY}${name}`, one]) : [];
    }),
  );
}

/** The settings that have these parts. */
export function wholeOf(parts: JsonObject): JsonObject {
  const isPolicy = ([key]: readonly [string, Json]): boolean => key.startsWith(POLICY);
  const entries = Object.entries(parts);
  const policies = entries.filter(isPolicy).map(([key, one]) => [key.slice(POLICY.length), one] as const);
  const others = Object.fromEntries(entries.filter((entry) => !isPolicy(entry)));
  return policies.length === 0 ? others : { ...others, policies: Object.fromEntries(policies) };
}
