/** The rules of the messages request for `system` and `messages`, as published, checked one by one: each broken one gives a sentence. */

const ID = /^[a-zA-Z0-9_-]+$/;
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

type Fields = Readonly<Record<string, unknown>>;

/** Problems that make the API refuse the request; none when all is well. A context without any turn is what is sent before the first one. */
export function anthropicProblems(request: {
  readonly system: unknown;
  readonly messages: readonly unknown[];
}): readonly string[] {
  const problems: string[] = [];
  const { system, messages } = request;
  if (system !== null && (typeof system !== "string" || !/\S/.test(system)))
    problems.push("system is neither null nor text");
  const seen = new Set<string>();
  let waiting: ReadonlySet<string> = new Set();
  for (const [index, raw] of messages.entries()) {
    const at = `messages[${index}]`;
    if (!isFields(raw) || (raw.role !== "user" && raw.role !== "assistant")) {
      problems.push(`${at} has no role of user or assistant`);
      continue;
    }
    for (const key of Object.keys(raw))
      if (key !== "role" && key !== "content") problems.push(`${at} has the unknown key ${key}`);
    if (raw.role !== (index % 2 === 0 ? "user" : "assistant"))
      problems.push(`${at} is of ${raw.role}: turns alternate, the first is of user`);
    const blocks = typeof raw.content === "string" ? [{ type: "text", text: raw.content }] : raw.content;
    if (!Array.isArray(blocks) || blocks.length === 0) problems.push(`${at}.content is empty`);
    else if (raw.role === "user") problems.push(...userProblems(blocks, at, waiting));
    else if (waiting.size > 0) problems.push(`${at} is not the answer to ${[...waiting].join(", ")}`);
    const used =
      Array.isArray(blocks) && raw.role === "assistant" ? assistantProblems(blocks, at, seen) : NO_CALLS;
    problems.push(...used.problems);
    waiting = used.calls;
  }
  if (waiting.size > 0) problems.push(`the results of ${[...waiting].join(", ")} are missing at the end`);
  return problems;
}

const NO_CALLS = { problems: [] as readonly string[], calls: new Set<string>() as ReadonlySet<string> };

function assistantProblems(blocks: readonly unknown[], at: string, seen: Set<string>): typeof NO_CALLS {
  const problems: string[] = [];
  const calls = new Set<string>();
  for (const [position, block] of blocks.entries()) {
    const where = `${at}.content[${position}]`;
    if (isFields(block) && block.type === "tool_use") {
      const { id, name, input } = block;
      if (typeof id !== "string" || !ID.test(id)) problems.push(`${where}.id does not match ${ID.source}`);
      else if (seen.has(id)) problems.push(`${where}.id ${id} is not unique`);
      if (typeof name !== "string" || !NAME.test(name))
        problems.push(`${where}.name does not match ${NAME.source}`);
      if (!isFields(input)) problems.push(`${where}.input is no object`);
      seen.add(String(id));
      calls.add(String(id));
    } else problems.push(...textProblems(block, where));
  }
  return { problems, calls };
}

/** Results come first and answer exactly the calls of the turn before. */
function userProblems(
  blocks: readonly unknown[],
  at: string,
  waiting: ReadonlySet<string>,
): readonly string[] {
  const problems: string[] = [];
  const open = new Set(waiting);
  let hasText = false;
  for (const [position, block] of blocks.entries()) {
    const where = `${at}.content[${position}]`;
    if (!isFields(block) || block.type !== "tool_result") {
      hasText = true;
      problems.push(...textProblems(block, where));
      continue;
    }
    if (hasText) problems.push(`${where} is a result after a text`);
    if (!open.delete(String(block.tool_use_id)))
      problems.push(`${where} answers ${String(block.tool_use_id)}, which the turn before did not call`);
    if (block.content !== undefined && (typeof block.content !== "string" || !/\S/.test(block.content)))
      problems.push(`${where}.content is empty`);
    if (block.is_error !== undefined && typeof block.is_error !== "boolean")
      problems.push(`${where}.is_error is no boolean`);
  }
  if (open.size > 0) problems.push(`${at} lacks the results of ${[...open].join(", ")}`);
  return problems;
}

function textProblems(block: unknown, where: string): readonly string[] {
  if (!isFields(block) || block.type !== "text" || typeof block.text !== "string")
    return [`${where} is no text block`];
  return /\S/.test(block.text) ? [] : [`${where}.text is empty`];
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
