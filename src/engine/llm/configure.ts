/** configure: the LLM configs that a tract keeps, for all operations and for each, as config commits of a branch (spec 5.2; spec 9, 26). */
import type { Hash, Json, JsonObject } from "../../storage/records.ts";
import {
  checkLlmConfig,
  LLM_CONFIG_FIELDS,
  LLM_OPERATIONS,
  type LlmOperation,
  type LlmSettings,
  refuseUnknown,
} from "../content/llm-config-check.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { attachedBranch, planCommit, type WriteResult } from "../history/commit.ts";
import { type Planned, publishPlan } from "../history/publish.ts";
import { readSettings } from "../history/settings.ts";
import { readSite } from "../history/snapshot.ts";
import { configOf, fieldsOf, type ResolvedFields, resolveLlmConfig } from "./resolve-config.ts";

export interface ConfigureRequest {
  /** Fields to show; default: all that are set anywhere. */
  readonly get?: readonly string[] | undefined;
  /** Fields of an LLMConfig to keep; null unsets one. Keys of `extra` are kept each on its own. */
  readonly set?: object | undefined;
  /** Fields to keep no more; `extra.<key>` for one key of extra. */
  readonly unset?: readonly string[] | undefined;
  /** Which operation's config; default: that of all operations. */
  readonly operation?: string | undefined;
  readonly branch?: string | undefined;
}

export interface ConfigureResult extends Omit<WriteResult, "operationId" | "branch"> {
  /** null: nothing was written. */
  readonly operationId: string | null;
  readonly branch: string | null;
  readonly operation: LlmOperation | null;
  /** What a call gets that says nothing itself, and from which level; a field that was asked for and is set nowhere is left out. */
  readonly resolved: ResolvedFields;
}

/**
 * Shows or changes the kept configs. What is set already, and unset already, is not written again.
 *
 * @throws TractError `invalid-argument` for an unknown operation or field (with the nearest name), a wrong value, or a field both set and unset;
 *   `detached-head` when something is to be kept; nothing is stored then.
 */
export async function configure(engine: Engine, request: ConfigureRequest): Promise<ConfigureResult> {
  const change = readChange(request);
  return await publishPlan(engine, () => planConfigure(engine, request, change));
}

interface ConfigChange {
  readonly operation: LlmOperation | null;
  readonly shown: readonly string[] | null;
  readonly set: ReadonlyMap<string, Json>;
  readonly unset: ReadonlySet<string>;
}

function readChange({ get, set = {}, unset = [], operation }: ConfigureRequest): ConfigChange {
  const fields = new Map(fieldsOf(checkLlmConfig(set, { path: "set", code: "invalid-argument" })));
  const nulls = Object.entries(set).flatMap(([field, value]) => (value === null ? [field] : []));
  const removed = new Set([...readFields(unset, "unset"), ...nulls]);
  const both = [...fields.keys()].find(
    (field) => removed.has(field) || removed.has(field.split(".", 1)[0] ?? ""),
  );
  if (both !== undefined) {
    throw new TractError("invalid-argument", `unset: ${both} is given in set, too`, {
      hint: "Say of each field either what it is or that it is not kept; nothing was stored.",
      data: { path: "unset", field: both },
    });
  }
  return {
    operation: readOperation(operation),
    shown: get === undefined ? null : readFields(get, "get"),
    set: fields,
    unset: removed,
  };
}

function readFields(names: readonly string[], path: string): readonly string[] {
  const typed = names.filter((name) => !/^extra\../s.test(name));
  refuseUnknown(typed, LLM_CONFIG_FIELDS, { path, code: "invalid-argument" });
  return names;
}

function readOperation(name: string | undefined): LlmOperation | null {
  if (name === undefined) return null;
  const known = LLM_OPERATIONS.find((operation) => operation === name);
  if (known !== undefined) return known;
  if (name === "generate") {
    throw new TractError("invalid-argument", "operation: generate has no config of its own", {
      hint: "The config of chat holds for generate, too.",
      data: { path: "operation", near: ["chat"], expected: LLM_OPERATIONS },
    });
  }
  refuseUnknown([name], LLM_OPERATIONS, { path: "operation", code: "invalid-argument" });
  return null;
}

async function planConfigure(
  engine: Engine,
  { branch }: ConfigureRequest,
  change: ConfigChange,
): Promise<Planned<ConfigureResult>> {
  const site = await readSite(engine, { branch });
  const head = site.head?.hash ?? null;
  const { llm } = await readSettings(engine, engine.scope.tract, head);
  const next = changed(llm ?? {}, change);
  const told = (settings: LlmSettings | null): Pick<ConfigureResult, "operation" | "resolved"> => ({
    operation: change.operation,
    resolved: shownFields(engine, settings, change),
  });
  if (next === null) {
    const place = { operationId: null, branch: site.branch, head, warnings: [] };
    return { change: null, result: () => ({ ...told(llm), ...place }) };
  }
  const content = { content_type: "config", settings: { llm: next as unknown as JsonObject } }; // Checked configs are JSON.
  const message = `config: llm ${change.operation ?? "default"}`;
  const planned = await planCommit(
    engine,
    { items: [{ content, message }], branch: attachedBranch(site) },
    site,
  );
  if (planned.change === null)
    return { change: null, result: () => madeResult(planned.result(), told(next)) };
  return { change: planned.change, result: (receipt) => madeResult(planned.result(receipt), told(next)) };
}

function madeResult(
  { operationId, branch, head, warnings }: WriteResult,
  told: Pick<ConfigureResult, "operation" | "resolved">,
): ConfigureResult {
  return { ...told, operationId, branch, head: head satisfies Hash | null, warnings };
}

/** The whole setting with the change in it; null when that changes nothing. */
function changed(settings: LlmSettings, { operation, set, unset }: ConfigChange): LlmSettings | null {
  const before = (operation === null ? settings.default : settings.operations?.[operation]) ?? {};
  const isUnset = (field: string): boolean =>
    unset.has(field) || (field.startsWith("extra.") && unset.has("extra"));
  const kept = fieldsOf(before).filter(([field]) => !isUnset(field));
  const fields = new Map([...kept, ...set]);
  if (sameFields(new Map(fieldsOf(before)), fields)) return null;
  const config = configOf([...fields]);
  return operation === null
    ? { ...settings, default: config }
    : { ...settings, operations: { ...settings.operations, [operation]: config } };
}

function sameFields(a: ReadonlyMap<string, Json>, b: ReadonlyMap<string, Json>): boolean {
  return a.size === b.size && [...a].every(([field, value]) => same(value, b.get(field)));
}

function same(a: Json, b: Json | undefined): boolean {
  return b !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

function shownFields(
  engine: Engine,
  settings: LlmSettings | null,
  { operation, shown }: ConfigChange,
): ResolvedFields {
  const { fields } = resolveLlmConfig(engine, { operation, settings, call: {} });
  if (shown === null) return fields;
  const isShown = (field: string): boolean =>
    shown.includes(field) || (field.startsWith("extra.") && shown.includes("extra"));
  return Object.fromEntries(Object.entries(fields).filter(([field]) => isShown(field)));
}
