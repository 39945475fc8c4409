/** The flags of a tool's command, derived from its schema, and the arguments that their values make (spec 6.1). */
import { argumentSchemas, type JsonSchema } from "../../tools/json-schema.ts";
import type { Tool } from "../../tools/tool.ts";

export type FlagKind = "text" | "number" | "boolean" | "list" | "json" | "any";

export interface ToolFlag {
  /** The tool's argument, snake_case. */
  readonly argument: string;
  /** Without dashes in front, kebab-case. */
  readonly flag: string;
  readonly kind: FlagKind;
  /** Kind of the values of a list. */
  readonly items: FlagKind;
  readonly placeholder: string;
  readonly description: string;
}

/** `tract` and `worktree` are settings' flags of every command. */
export function toolFlags(tool: Tool): readonly ToolFlag[] {
  return Object.entries(argumentSchemas(tool)).map(([argument, schema]) => {
    const kind = kindOf(schema);
    const flag = argument.replaceAll("_", "-");
    const items = kind === "list" ? kindOf(itemSchema(schema)) : kind;
    const placeholder = PLACEHOLDERS[items === "text" && kind === "list" ? "list" : items];
    return { argument, flag, kind, items, placeholder, description: describe(schema, kind) };
  });
}

/**
 * The value of a tool's argument from what was typed: once, or several times.
 * What does not fit is handed on as it is, so that the tool refuses it in its own words.
 */
export function flagValue(flag: Pick<ToolFlag, "kind" | "items">, typed: readonly string[]): unknown {
  const [first = ""] = typed;
  if (flag.kind === "list") {
    const whole = typed.length === 1 && first.trimStart().startsWith("[") ? parsedJson(first) : undefined;
    return Array.isArray(whole) ? whole : typed.map((text) => singleValue(flag.items, text));
  }
  return typed.length > 1 ? typed.map((text) => singleValue(flag.kind, text)) : singleValue(flag.kind, first);
}

function singleValue(kind: FlagKind, text: string): unknown {
  switch (kind) {
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
    case "json":
      return parsedJson(text) ?? text;
    case "any":
      return contentOrText(text);
    default:
      return text;
  }
}

/** A JSON object that names its content_type is a content; any other text is text, also when it looks like JSON. */
export function contentOrText(text: string): unknown {
  const value = text.trimStart().startsWith("{") ? parsedJson(text) : undefined;
  return typeof value === "object" && value !== null && "content_type" in value ? value : text;
}

const PLACEHOLDERS: Readonly<Record<FlagKind, string>> = {
  text: "TEXT",
  number: "NUMBER",
  boolean: "",
  list: "VALUE",
  json: "JSON",
  any: "VALUE",
};

function kindOf(schema: JsonSchema): FlagKind {
  switch (schema.type) {
    case "string":
      return "text";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "array":
      return "list";
    case "object":
      return "json";
    default:
      return Array.isArray(schema.enum) ? "text" : "any";
  }
}

/** The schema's own words, then its choices, its default, and that a list is made by repeating. */
function describe(schema: JsonSchema, kind: FlagKind): string {
  const choices = Array.isArray(schema.enum) ? schema.enum.join(", ") : "";
  const usual = schema.default === undefined ? "" : `default: ${JSON.stringify(schema.default)}`;
  const repeats = kind === "list" ? "can be given several times" : "";
  const notes = [choices, usual, repeats].filter((note) => note !== "").join("; ");
  const words = typeof schema.description === "string" ? schema.description : "";
  return words === "" ? notes : notes === "" ? words : `${words} (${notes})`;
}

function itemSchema({ items }: JsonSchema): JsonSchema {
  return typeof items === "object" && items !== null ? { ...items } : {};
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not JSON: the caller goes on with the text.
  }
}
