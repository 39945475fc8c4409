/** Plans the commits of a child: the settings, what it inherits, and its purpose as the newest message (spec 3.6). */
import type { NewAnnotation } from "../../storage/change-set.ts";
import type { Hash, JsonObject } from "../../storage/records.ts";
import type { ChainCommit } from "../../storage/store.ts";
import { measurePlanned } from "../compile/measure.ts";
import { parseContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { type AnnotationState, NO_ANNOTATION } from "../history/annotation-state.ts";
import { checkBudget } from "../history/budget.ts";
import { pointAt } from "../history/context-size.ts";
import { type CommitItem, PLAIN_ITEM, type PlannedCommits, planCommits } from "../history/plan-commit.ts";
import { NO_SETTINGS, planSettings, readSettings, type TractSettings } from "../history/settings.ts";
import type { Site } from "../history/snapshot.ts";
import type { ChildPlace } from "../history/spawn-link.ts";
import { readStated } from "../history/stated-policies.ts";
import { assertNever, invariant } from "../invariant.ts";
import type { ChildKind } from "./child-name.ts";
import { readHistory } from "./copy-history.ts";
import { readInheritance } from "./inherit.ts";
import type { Inherit, SpawnRequest } from "./spawn.ts";

export interface PlannedChild {
  /** What has to be stored; of a branch that shares the parent's commits the purpose alone. */
  readonly planned: PlannedCommits;
  /** The purpose: the last commit that the child is given. */
  readonly head: Hash;
  /** Commits of the parent that were copied. */
  readonly sources: readonly Hash[];
  /** True when annotations decided what was copied. */
  readonly isJudged: boolean;
  /** Compiled size of the child's context. */
  readonly tokens: number;
  readonly warnings: readonly string[];
}

export interface ChildSite {
  /** Of the parent. */
  readonly site: Site;
  readonly place: ChildPlace;
  readonly operationId: string;
  readonly now: string;
}

/** A request with its defaults. */
export type ChildRequest = SpawnRequest & { readonly as: ChildKind; readonly inherit: Inherit };

export async function planChild(engine: Engine, request: ChildRequest, at: ChildSite): Promise<PlannedChild> {
  const { site } = at;
  const settings = await settingsFor(engine, request, site.head?.hash ?? null);
  const given = await readGiven(engine, request, { site, settings });
  const tokens = await engine.tokenCounter(site.tract?.encoding ?? engine.settings.encoding);
  const { author } = engine.scope;
  const { operationId, now, place } = at;
  const screen = await engine.screen(engine, site.head?.hash ?? null);
  const base = { parent: given.parent, branch: place.branch, author, operationId, now, tokens, screen };
  const made = planCommits(base, [...given.items, purposeItem(engine, request.purpose)]);
  const annotation = { author, createdAt: now, branch: place.branch, reason: null };
  const planned: PlannedCommits = {
    chain: [...given.copied, ...made.chain],
    contents: made.contents,
    annotations: [
      ...given.judgements.map(({ commit, state }): NewAnnotation => ({ commit, ...state, ...annotation })),
      ...made.annotations,
    ],
  };
  const head = made.chain.at(-1)?.commit.hash;
  invariant(head, "a child has its purpose");
  const size = await measureChild(engine, at, { planned, shared: given.shared });
  return {
    planned,
    head,
    sources: given.sources,
    isJudged: given.isJudged,
    tokens: size.tokens,
    warnings: [...given.warnings, ...size.warnings],
  };
}

/** What a child is given before its purpose. */
interface Given {
  /** Commits of the parent that the child's branch begins with: they are stored already. */
  readonly shared: Hash | null;
  /** Commits that go into the child's tract as they are. */
  readonly copied: readonly ChainCommit[];
  readonly judgements: readonly { readonly commit: Hash; readonly state: AnnotationState }[];
  /** The commit that the first of `items` stands on. */
  readonly parent: { readonly hash: Hash; readonly createdAt: string } | null;
  readonly items: readonly CommitItem[];
  readonly sources: readonly Hash[];
  readonly isJudged: boolean;
  readonly warnings: readonly string[];
}

const NOTHING_GIVEN: Given = {
  shared: null,
  copied: [],
  judgements: [],
  parent: null,
  items: [],
  sources: [],
  isJudged: false,
  warnings: [],
};

async function readGiven(
  engine: Engine,
  { inherit, as, filter = {}, budgetTokens }: ChildRequest,
  { site, settings }: { readonly site: Site; readonly settings: TractSettings },
): Promise<Given> {
  const point = pointAt(engine, site, site.head?.hash ?? null, settings);
  const configured = { ...NOTHING_GIVEN, items: settingsItems(engine, settings) };
  switch (inherit) {
    case "none":
      return configured;
    case "full":
      if (as === "branch") return { ...NOTHING_GIVEN, shared: point.head, parent: site.head };
      return {
        ...NOTHING_GIVEN,
        ...(await readHistory(engine, point)),
        items: settingsItems(engine, { ...NO_SETTINGS, policies: await usualPolicies(engine, point.head) }),
        parent: site.head,
        sources: site.head === null ? [] : [site.head.hash],
        isJudged: true,
      };
    case "head":
    case "selective": {
      const { items, sources, leftOut } = await readInheritance(
        engine,
        { point, settings },
        { filter, budgetTokens },
      );
      const all = [...configured.items, ...items];
      return { ...configured, items: all, sources, isJudged: true, warnings: leftOutWarnings(leftOut) };
    }
    default:
      return assertNever(inherit);
  }
}

/** Those in force here. A tract of its own has a default branch of its own: the policies that only ours states go with the child. */
async function settingsFor(
  engine: Engine,
  { as }: Pick<ChildRequest, "as">,
  head: Hash | null,
): Promise<TractSettings> {
  const settings = await readSettings(engine, engine.scope.tract, head);
  const usual = as === "tract" ? await usualPolicies(engine, head) : null;
  return usual === null ? settings : { ...settings, policies: { ...usual, ...settings.policies } };
}

/** Policies of which the history of the head says nothing; null: none. */
async function usualPolicies(engine: Engine, head: Hash | null): Promise<TractSettings["policies"]> {
  const { own, usual } = await readStated(engine, { head });
  const more = Object.entries(usual).filter(([name]) => !Object.hasOwn(own, name));
  return more.length === 0 ? null : Object.fromEntries(more);
}

/** The settings in force, as one config commit; none when none is set. */
function settingsItems(
  { contentTypes: types, limits }: Engine,
  settings: TractSettings,
): readonly CommitItem[] {
  const set = Object.entries(settings).filter(([, value]) => value !== null);
  if (set.length === 0) return [];
  const content = parseContent(
    { content_type: "config", settings: Object.fromEntries(set) as JsonObject }, // Settings were read from JSON.
    { types, limits, path: "settings" },
  );
  return [{ ...PLAIN_ITEM, content, operation: "append", message: null, origin: "copied" }];
}

/** A user's message, since it is what one agent tells another; pinned, since a child that forgets what it is for is of no use. */
function purposeItem({ contentTypes: types, limits }: Engine, purpose: string): CommitItem {
  const content = parseContent(
    { content_type: "dialogue", role: "user", text: purpose },
    { types, limits, path: "purpose" },
  );
  const annotation = { ...NO_ANNOTATION, priority: "pinned" } as const;
  return { ...PLAIN_ITEM, content, operation: "append", message: null, annotation };
}

/** A budget that is over warns and does not refuse: the child's first work may well be to compress. */
async function measureChild(
  engine: Engine,
  { site, place }: ChildSite,
  { planned, shared }: { readonly planned: PlannedCommits; readonly shared: Hash | null },
): Promise<{ readonly tokens: number; readonly warnings: readonly string[] }> {
  const isOwnTract = place.tract !== engine.scope.tract;
  const settings = await planSettings(engine, shared, planned.chain);
  const at = pointAt(engine, site, shared, settings);
  const { tokens } = await measurePlanned(
    engine,
    isOwnTract ? { ...at, tract: place.tract, annotationSequence: 0 } : at,
    planned,
  );
  const budget = checkBudget(settings.budget, { before: 0, after: tokens });
  return { tokens, warnings: budget?.warning == null ? [] : [`child: ${budget.warning}`] };
}

function leftOutWarnings(leftOut: number): readonly string[] {
  if (leftOut === 0) return [];
  return [
    `${leftOut} ${leftOut === 1 ? "commit" : "commits"} of the context did not fit into the budget of the child`,
  ];
}
