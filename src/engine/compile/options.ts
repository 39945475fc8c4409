/** What a caller asks of compile, checked and completed from the branch's settings (spec 2.1; spec 9, 9 and 16). */
import type { JsonObject } from "../../storage/records.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { nearest } from "../nearest.ts";

export const FORMATS = ["messages", "openai", "anthropic", "markdown"] as const;
export type Format = (typeof FORMATS)[number];
export const STRATEGIES = ["full", "outline", "adaptive"] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface CompileRequest {
  /** Branch, commit, tag or HEAD expression. Default: HEAD of the worktree. */
  readonly ref?: string | undefined;
  /** What HEAD means in `ref`. Default: the worktree's branch. */
  readonly branch?: string | undefined;
  /** ISO time, operation id or `@{n}` (n operations ago): history, edits and annotations as they were then. */
  readonly asOf?: string | undefined;
  /** Default: the branch's setting, else full. Pinned commits stay whole in `adaptive`. */
  readonly strategy?: Strategy | undefined;
  /** Newest messages that `adaptive` keeps in full. Default: the branch's setting, else 10. */
  readonly recent?: number | undefined;
  /** Hard ceiling for the result in tokens, framing included. Default: the branch's compile_budget, else none. */
  readonly budgetTokens?: number | undefined;
  /** Default: messages. */
  readonly format?: Format | undefined;
  /** Content types; without `include`, all that are compiled but reasoning. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** Labels, of which a commit must have one, or must have none. */
  readonly includeLabels?: readonly string[] | undefined;
  readonly excludeLabels?: readonly string[] | undefined;
  readonly includeReasoning?: boolean | undefined;
  /** Keep a compile record. Default: false. */
  readonly record?: boolean | undefined;
  /** Rebuild the context of this record; only `record` may be given beside it. */
  readonly recordId?: string | undefined;
}

/** Which commits may come in at all. */
export interface Selection {
  readonly include: ReadonlySet<string> | null;
  readonly exclude: ReadonlySet<string>;
  readonly includeLabels: ReadonlySet<string> | null;
  readonly excludeLabels: ReadonlySet<string>;
  readonly includeReasoning: boolean;
}

/** Everything that decides what the context of a head looks like. */
export interface CompileOptions {
  readonly format: Format;
  readonly strategy: Strategy;
  readonly recent: number;
  readonly budgetTokens: number | null;
  readonly selection: Selection;
}

/** Settings of a branch that compile obeys; null: not set. */
export interface CompileSettings {
  readonly strategy: Strategy | null;
  readonly recent: number | null;
  readonly compile_budget: number | null;
}

export const RECENT_DEFAULT = 10;
const NEVER_COMPILED: readonly string[] = ["config", "metadata"];
const WHOLE_SELECTION: Selection = {
  include: null,
  exclude: new Set(),
  includeLabels: null,
  excludeLabels: new Set(),
  includeReasoning: false,
};

/** Options without filter, budget or format of their own: what a branch's size is measured with. */
export function measuringOptions(settings: Pick<CompileSettings, "strategy" | "recent">): CompileOptions {
  return {
    format: "messages",
    strategy: settings.strategy ?? "full",
    recent: settings.recent ?? RECENT_DEFAULT,
    budgetTokens: null,
    selection: WHOLE_SELECTION,
  };
}

/**
 * The options that a request comes to.
 *
 * @throws TractError `invalid-argument` for an unknown strategy, format or content type (with near names) and for numbers out of range.
 */
export async function resolveOptions(
  engine: Engine,
  request: CompileRequest,
  settings: CompileSettings,
): Promise<CompileOptions> {
  const budget = request.budgetTokens ?? settings.compile_budget;
  return {
    format: checkWord("format", request.format ?? "messages", FORMATS),
    strategy: checkWord("strategy", request.strategy ?? settings.strategy ?? "full", STRATEGIES),
    recent: checkNumber("recent", request.recent ?? settings.recent ?? RECENT_DEFAULT, 0),
    budgetTokens: budget === null ? null : checkNumber("budget_tokens", budget, 1),
    selection: {
      include: await checkTypes(engine, "include", request.include),
      exclude: (await checkTypes(engine, "exclude", request.exclude)) ?? new Set(),
      includeLabels: asSet(request.includeLabels),
      excludeLabels: asSet(request.excludeLabels) ?? new Set(),
      includeReasoning: request.includeReasoning ?? false,
    },
  };
}

/** Options as a compile record keeps them. */
export function toRecipe(options: CompileOptions): JsonObject {
  const { selection } = options;
  return {
    format: options.format,
    strategy: options.strategy,
    recent: options.recent,
    budget_tokens: options.budgetTokens,
    include: selection.include === null ? null : sorted(selection.include),
    exclude: sorted(selection.exclude),
    include_labels: selection.includeLabels === null ? null : sorted(selection.includeLabels),
    exclude_labels: sorted(selection.excludeLabels),
    include_reasoning: selection.includeReasoning,
  };
}

/** Options of a recipe that `toRecipe` wrote. */
export function fromRecipe(recipe: JsonObject): CompileOptions {
  const set = (key: string): ReadonlySet<string> | null => {
    const list = recipe[key];
    return Array.isArray(list) ? new Set(list.map(String)) : null;
  };
  return {
    format: checkWord("format", String(recipe.format), FORMATS),
    strategy: checkWord("strategy", String(recipe.strategy), STRATEGIES),
    recent: Number(recipe.recent),
    budgetTokens: typeof recipe.budget_tokens === "number" ? recipe.budget_tokens : null,
    selection: {
      include: set("include"),
      exclude: set("exclude") ?? new Set(),
      includeLabels: set("include_labels"),
      excludeLabels: set("exclude_labels") ?? new Set(),
      includeReasoning: recipe.include_reasoning === true,
    },
  };
}

/** One text for all options that give the same units, whatever their format and budget. */
export function unitsKey(options: CompileOptions): string {
  const { selection, strategy } = options;
  const form = strategy === "adaptive" ? `adaptive:${options.recent}` : strategy;
  if (isWhole(selection)) return form;
  const { format: _, budget_tokens: __, strategy: ___, recent: ____, ...filters } = toRecipe(options);
  return `${form} ${JSON.stringify(filters)}`;
}

function isWhole(selection: Selection): boolean {
  return (
    selection.include === null &&
    selection.includeLabels === null &&
    selection.exclude.size + selection.excludeLabels.size === 0 &&
    !selection.includeReasoning
  );
}

function sorted(set: ReadonlySet<string>): readonly string[] {
  return [...set].sort();
}

/** An empty list is as good as none. */
function asSet(list: readonly string[] | undefined): ReadonlySet<string> | null {
  return list === undefined || list.length === 0 ? null : new Set(list);
}

function checkWord<Word extends string>(path: string, value: string, words: readonly Word[]): Word {
  const word = words.find((known) => known === value);
  if (word !== undefined) return word;
  throw invalid(path, `there is no ${path} ${JSON.stringify(value.slice(0, 80))}`, value, words);
}

function checkNumber(path: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new TractError("invalid-argument", `${path}: expected a whole number of at least ${min}`, {
    hint: "Correct this argument and call again.",
    data: { path, min },
  });
}

async function checkTypes(
  engine: Engine,
  path: string,
  types: readonly string[] | undefined,
): Promise<ReadonlySet<string> | null> {
  const wanted = asSet(types);
  if (wanted === null) return null;
  const unknown = [...wanted].filter((type) => !engine.contentTypes.has(type));
  const registered =
    unknown.length === 0
      ? []
      : (await engine.store.listContentTypes(engine.scope.tract)).map(({ name }) => name);
  const known = [...engine.contentTypes.keys(), ...registered];
  for (const type of wanted) {
    if (!known.includes(type))
      throw invalid(path, `there is no content type ${JSON.stringify(type.slice(0, 80))}`, type, known);
    if (path === "include" && NEVER_COMPILED.includes(type)) {
      const compiled = known.filter((name) => !NEVER_COMPILED.includes(name));
      throw invalid(path, `${type} is never compiled`, "", compiled);
    }
  }
  return wanted;
}

function invalid(path: string, problem: string, value: string, words: readonly string[]): TractError {
  const near = nearest(value, words);
  return new TractError("invalid-argument", `${path}: ${problem}`, {
    hint: `${near.length > 0 ? `Did you mean ${near.join(" or ")}? ` : ""}Known: ${words.join(", ")}.`,
    data: { path, near, expected: words },
  });
}
