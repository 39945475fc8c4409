/** A CommitFilter as a condition on `c`, a row of commits. An empty list lets nothing pass. */
import type { CommitFilter } from "../store.ts";
import { boundToMilliseconds } from "./codec.ts";
import { COMMIT_OPERATIONS } from "./commit-rows.ts";
import type { SqlValue } from "./connection.ts";

export interface Condition {
  /** Starts with " AND " unless empty. */
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export function commitCondition(filter: CommitFilter): Condition {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  const add = (sql: string, value: SqlValue): void => {
    parts.push(` AND ${sql}`);
    values.push(value);
  };
  const { operations, contentTypes, roles, authorKinds, since, until } = filter;
  if (operations)
    add(
      "c.operation IN (SELECT value FROM json_each(?))",
      JSON.stringify(operations.map((name) => COMMIT_OPERATIONS.indexOf(name))),
    );
  if (contentTypes)
    add(
      "c.kind_id IN (SELECT id FROM names WHERE kind = 'content' AND identity ->> 0 IN (SELECT value FROM json_each(?)))",
      JSON.stringify(contentTypes),
    );
  if (roles)
    add(
      "c.kind_id IN (SELECT id FROM names WHERE kind = 'content' AND identity ->> 1 IN (SELECT value FROM json_each(?)))",
      JSON.stringify(roles),
    );
  if (authorKinds)
    add(
      "(SELECT a.identity ->> 0 FROM names a WHERE a.id = c.author_id) IN (SELECT value FROM json_each(?))",
      JSON.stringify(authorKinds),
    );
  if (since !== undefined) add("c.created_at >= +?", boundToMilliseconds(since));
  if (until !== undefined) add("c.created_at <= +?", boundToMilliseconds(until));
  return { sql: parts.join(""), values };
}
