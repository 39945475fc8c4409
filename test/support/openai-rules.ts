/** The rules of the chat completions request for `messages`, as published, checked one by one: each broken one gives a sentence. */

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const CALL_ID_CHARS_MAX = 40;

type Fields = Readonly<Record<string, unknown>>;

/** Problems that make the API refuse these messages; none when all is well. */
export function openAiProblems(messages: readonly unknown[]): readonly string[] {
  const problems: string[] = [];
  /** Calls of the last assistant message that wait for their results. */
  let waiting = new Set<string>();
  for (const [index, raw] of messages.entries()) {
    const at = `messages[${index}]`;
    if (!isFields(raw)) {
      problems.push(`${at} is no object`);
      continue;
    }
    if (raw.role === "tool") {
      problems.push(...toolProblems(raw, at, waiting));
      continue;
    }
    if (waiting.size > 0) problems.push(`${at} comes before the results of ${[...waiting].join(", ")}`);
    waiting = new Set();
    problems.push(...extraKeys(raw, at), ...nameProblems(raw, at));
    if (raw.role === "assistant") problems.push(...assistantProblems(raw, at, waiting));
    else if (raw.role === "system" || raw.role === "user" || raw.role === "developer")
      problems.push(...contentProblems(raw.content, at));
    else problems.push(`${at}.role is ${String(raw.role)}`);
  }
  if (waiting.size > 0) problems.push(`the results of ${[...waiting].join(", ")} are missing at the end`);
  return problems;
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  system: ["role", "content", "name"],
  developer: ["role", "content", "name"],
  user: ["role", "content", "name"],
  assistant: ["role", "content", "name", "tool_calls"],
  tool: ["role", "content", "name", "tool_call_id"],
};

function extraKeys(message: Fields, at: string): readonly string[] {
  const known = KEYS[String(message.role)] ?? [];
  return Object.keys(message).flatMap((key) =>
    known.includes(key) ? [] : [`${at} has the unknown key ${key}`],
  );
}

function assistantProblems(message: Fields, at: string, waiting: Set<string>): readonly string[] {
  const { tool_calls: calls } = message;
  if (calls === undefined) return contentProblems(message.content, at);
  if (!Array.isArray(calls) || calls.length === 0)
    return [`${at}.tool_calls is no list with at least one call`];
  const problems = message.content === null ? [] : [...contentProblems(message.content, at)];
  for (const [position, call] of calls.entries()) {
    const where = `${at}.tool_calls[${position}]`;
    if (!isFields(call) || call.type !== "function" || !isFields(call.function)) {
      problems.push(`${where} is no function call`);
      continue;
    }
    const { id } = call;
    if (typeof id !== "string" || id === "" || id.length > CALL_ID_CHARS_MAX)
      problems.push(`${where}.id is not 1 to ${CALL_ID_CHARS_MAX} characters`);
    else if (waiting.has(id)) problems.push(`${where}.id ${id} is there twice`);
    else waiting.add(id);
    if (typeof call.function.name !== "string" || !NAME.test(call.function.name))
      problems.push(`${where}.function.name does not match ${NAME.source}`);
    if (typeof call.function.arguments !== "string")
      problems.push(`${where}.function.arguments is no string`);
  }
  return problems;
}

function toolProblems(message: Fields, at: string, waiting: Set<string>): readonly string[] {
  const { tool_call_id: id } = message;
  const problems = [
    ...extraKeys(message, at),
    ...nameProblems(message, at),
    ...contentProblems(message.content, at),
  ];
  if (typeof id !== "string" || !waiting.delete(id))
    problems.push(`${at} answers ${String(id)}, which no call directly before is waiting for`);
  return problems;
}

function nameProblems({ name }: Fields, at: string): readonly string[] {
  if (name === undefined || (typeof name === "string" && NAME.test(name))) return [];
  return [`${at}.name does not match ${NAME.source}`];
}

function contentProblems(content: unknown, at: string): readonly string[] {
  if (typeof content === "string") return [];
  if (!Array.isArray(content) || content.length === 0) return [`${at}.content is neither text nor parts`];
  return content.flatMap((part, index) =>
    isFields(part) && part.type === "text" && typeof part.text === "string"
      ? []
      : [`${at}.content[${index}] is no text part`],
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
