/** Turns names between the two spellings: camelCase inside, snake_case in tools, and leaves what users wrote alone. */

/** Values under these keys are somebody's own data: their keys are not ours to spell. */
const OPAQUE: ReadonlySet<string> = new Set([
  "content",
  "metadata",
  "generation_config",
  "params",
  "settings",
  "payload",
  "data",
  "messages",
  "conditions",
  "retain",
]);

type Camel<Name> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;
/** The same arguments in the spelling of operations. */
export type CamelKeys<Value> = { [Name in keyof Value as Camel<Name>]: Value[Name] };

/** Arguments of a tool as the request of its operation; only the top level has names of ours. */
export function camelKeys<Value extends object>(args: Value): CamelKeys<Value> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [camel(name), value]),
  ) as CamelKeys<Value>; // camel does what Camel says.
}

/** A result of an operation as the structured result of its tool. Opaque values and leaves are shared, not copied. */
export function snakeKeys(value: object): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const spelled = snake(name);
    renamed[spelled] = OPAQUE.has(spelled) ? member : snakeValue(member);
  }
  return renamed;
}

function snakeValue(value: unknown): unknown {
  if (Array.isArray(value))
    return value.length > 0 && typeof value[0] === "object" ? value.map(snakeValue) : value;
  return typeof value === "object" && value !== null ? snakeKeys(value) : value;
}

/** Of arguments that were checked, so there are only as many as tools have names for; every call asks for some. */
const CAMEL = new Map<string, string>();

function camel(name: string): string {
  const known = CAMEL.get(name);
  if (known !== undefined) return known;
  const spelled = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  CAMEL.set(name, spelled);
  return spelled;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
