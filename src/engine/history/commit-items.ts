/** Reads what a caller wants to commit: strings and objects, shorthands for roles, edits with their targets (spec 1.4, 8). */
import type { CommitRecord, Json, JsonObject, Priority } from "../../storage/records.ts";
import { canonicalJson } from "../content/canonical-json.ts";
import type { ContentTypes } from "../content/content-types.ts";
import { contentTypeFromRecord } from "../content/custom-types.ts";
import { findJsonProblem, isJsonObject } from "../content/json-rules.ts";
import { LLMConfig } from "../content/llm-config.ts";
import { parseContent } from "../content/parse-content.ts";
import type { Engine } from "../engine.ts";
import { TractError } from "../errors.ts";
import { NO_ANNOTATION } from "./annotation-state.ts";
import { type EditTarget, readEditTarget } from "./edit-target.ts";
import { readLabels } from "./labels.ts";
import type { ContentItem } from "./plan-commit.ts";
import { checkSettings } from "./settings.ts";
import type { Site } from "./snapshot.ts";

export interface CommitRequestItem {
  /** A text, or a content object with content_type. */
  readonly content: unknown;
  /** For a text: user (default), assistant, or system, which makes an instruction. */
  readonly role?: "user" | "assistant" | "system" | undefined;
  /** For a text, or an object without it. */
  readonly contentType?: string | undefined;
  /** Name of the speaker or of the instruction. */
  readonly name?: string | undefined;
  /** Default: made from the content. "" stays empty. */
  readonly message?: string | null | undefined;
  readonly operation?: "append" | "edit" | undefined;
  /** For an edit: the commit whose content this replaces. */
  readonly editTarget?: string | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly metadata?: object | null | undefined;
  readonly generationConfig?: object | null | undefined;
  readonly priority?: Priority | undefined;
}

/** Checks every item before anything is planned, so that a batch is all or nothing. */
export async function readCommitItems(
  engine: Engine,
  site: Site,
  items: readonly CommitRequestItem[],
): Promise<readonly ContentItem[]> {
  const { batchItemsMax } = engine.limits;
  if (items.length === 0) throw invalidArgument("items", "at least one commit");
  if (items.length > batchItemsMax) throw invalidArgument("items", `at most ${batchItemsMax} commits`);
  const read: ContentItem[] = [];
  for (const [i, item] of items.entries()) {
    read.push(await readItem(engine, site, item, items.length === 1 ? "" : `items[${i}].`));
  }
  return read;
}

async function readItem(
  engine: Engine,
  site: Site,
  item: CommitRequestItem,
  at: string,
): Promise<ContentItem> {
  const operation = item.operation ?? (item.editTarget === undefined ? "append" : "edit");
  if (operation === "append" && item.editTarget !== undefined)
    throw invalidArgument(`${at}edit_target`, "no edit_target with operation append");
  if (operation === "edit" && item.editTarget === undefined)
    throw invalidArgument(`${at}edit_target`, "the commit to edit");
  const target = item.editTarget === undefined ? null : await readEditTarget(engine, site, item.editTarget);
  const input = target === null ? contentObject(item, at) : editedContent(item, target.content, at);
  const path = `${at}content`;
  const { content_type: type } = input;
  const isUnknown = typeof type === "string" && !engine.contentTypes.has(type);
  const types = isUnknown ? await rememberedTypes(engine) : engine.contentTypes;
  const isSummary = target?.commit.operation === "summary";
  if (isSummary) requireText(item, target);
  const content = parseContent(input, { types, limits: engine.limits, path, internal: isSummary });
  if (content.record.type === "config")
    checkSettings((content.content as { settings: JsonObject }).settings, `${path}.settings`);
  if (target !== null) keepConfigApart(target.commit, content.record.type);
  return {
    content,
    message: readMessage(engine, item.message, at),
    operation,
    editTarget: target?.commit.hash ?? null,
    labels: readLabels(engine, item.labels ?? [], `${at}labels`),
    metadata: readObject(engine, item.metadata, `${at}metadata`),
    generationConfig: readGenerationConfig(engine, item.generationConfig, `${at}generation_config`),
    annotation: item.priority === undefined ? null : { ...NO_ANNOTATION, priority: item.priority },
  };
}

/** What a summary covers is fixed with its commit, so an edit changes its text alone. */
function requireText(item: CommitRequestItem, target: EditTarget): void {
  if (typeof item.content === "string" && item.role === undefined && item.contentType === undefined) return;
  throw new TractError(
    "edit-target",
    `summary ${target.commit.hash.slice(0, 12)} is edited with a plain text`,
    {
      hint: "Give the new text of the summary as a string, without role and content_type.",
      data: { target: target.commit.hash },
    },
  );
}

/** Field of a type that a bare text goes to. */
const TEXT_FIELDS: Readonly<Record<string, string>> = { artifact: "content", session: "summary" };

function contentObject(item: CommitRequestItem, at: string): JsonObject {
  const { content, role, contentType, name } = item;
  if (typeof content === "string") {
    const type = contentType ?? (role === "system" ? "instruction" : "dialogue");
    const isSpoken = type === "dialogue" || (type === "instruction" && role === "system");
    if (role !== undefined && !isSpoken)
      throw invalidArgument(`${at}role`, `no role with content_type ${type}: only dialogue has one`);
    const spoken = type === "dialogue" ? { role: role ?? "user" } : {};
    return {
      content_type: type,
      [TEXT_FIELDS[type] ?? "text"]: content,
      ...spoken,
      ...(name === undefined ? {} : { name }),
    };
  }
  if (!isJsonObject(content))
    throw invalidContent(`${at}content`, "a text, or a content object with content_type");
  if (role !== undefined)
    throw invalidArgument(`${at}role`, "no role beside a content object; put it into the object");
  if (name !== undefined)
    throw invalidArgument(`${at}name`, "no name beside a content object; put it into the object");
  if (contentType === undefined) return content;
  if (content.content_type !== undefined && content.content_type !== contentType) {
    throw invalidArgument(`${at}content_type`, "the same type as in the content object");
  }
  return { ...content, content_type: contentType };
}

/** A bare text replaces the text of the target and keeps its type and other fields, unless a role or type is given (spec 9, 6). */
function editedContent(item: CommitRequestItem, target: JsonObject, at: string): JsonObject {
  if (typeof item.content !== "string" || item.contentType !== undefined) return contentObject(item, at);
  if (item.role !== undefined && target.content_type !== "dialogue") return contentObject(item, at);
  const field = ["text", "content", "summary", "payload"].find((known) => known in target);
  if (field === undefined || (field === "payload" && target.content_type !== "tool_io")) {
    throw invalidContent(
      `${at}content`,
      `a content object: ${String(target.content_type)} has no text to replace`,
    );
  }
  const named: Record<string, Json> = item.name === undefined ? {} : { name: item.name };
  return {
    ...target,
    ...(item.role === undefined ? {} : { role: item.role }),
    ...named,
    [field]: item.content,
  };
}

/** The types of this handle, and those that the tract remembers without their code (spec 1.2). */
async function rememberedTypes(engine: Engine): Promise<ContentTypes> {
  const remembered = await engine.store.listContentTypes(engine.scope.tract);
  return new Map([
    ...remembered.map((record) => [record.name, contentTypeFromRecord(record)] as const),
    ...engine.contentTypes,
  ]);
}

/** Settings are read from commits of type config alone, so an edit may not turn one into something else or the reverse. */
function keepConfigApart(target: CommitRecord, type: string): void {
  if ((target.contentType === "config") === (type === "config")) return;
  throw new TractError("edit-target", `a ${target.contentType} commit cannot be edited into ${type}`, {
    hint: "Make a new commit instead; a setting is unset with null.",
    data: { target: target.hash },
  });
}

function readMessage(engine: Engine, message: string | null | undefined, at: string): string | null {
  if (message === undefined || message === null) return null;
  if (!message.isWellFormed())
    throw invalidArgument(`${at}message`, "well-formed Unicode (it has a lone surrogate)");
  const { messageCharsMax } = engine.limits;
  if (message.length > messageCharsMax)
    throw invalidArgument(
      `${at}message`,
      `at most ${messageCharsMax} characters; put long text into the content`,
    );
  return message;
}

function readObject(engine: Engine, value: object | null | undefined, path: string): JsonObject | null {
  if (value === undefined || value === null) return null;
  if (!isJsonObject(value)) throw invalidArgument(path, "a JSON object");
  const problem = findJsonProblem(value, path, engine.limits.jsonDepthMax);
  if (problem) throw invalidArgument(problem.path, problem.expected);
  const { metadataBytesMax } = engine.limits;
  if (Buffer.byteLength(canonicalJson(value)) > metadataBytesMax)
    throw invalidArgument(path, `at most ${metadataBytesMax} bytes of JSON`);
  return value;
}

function readGenerationConfig(
  engine: Engine,
  value: object | null | undefined,
  path: string,
): JsonObject | null {
  if (value === undefined || value === null) return null;
  const config = readObject(engine, LLMConfig.from(value), path);
  return config === null || Object.keys(config).length === 0 ? null : config;
}

function invalidArgument(path: string, expected: string): TractError {
  return new TractError("invalid-argument", `${path}: expected ${expected}`, {
    hint: "Correct this argument and call again; nothing was stored.",
    data: { path, expected },
  });
}

function invalidContent(path: string, expected: string): TractError {
  return new TractError("invalid-content", `${path}: expected ${expected}`, {
    hint: "Correct the content and call again; nothing was stored.",
    data: { path, expected },
  });
}
