/** The second schema: plans, tokens of operations, summaries found without reading chains, and the hashes of commits that are gone. */
const COMMENTED = `
-- Codes of commits.operation: 0 append, 1 edit, 2 merge, 3 summary, 4 reveal. The last two have an index of their own, so that finding those
-- behind a head costs what there are of them.
CREATE INDEX commits_summary ON commits (lineage_id, generation) WHERE operation IN (3, 4);

-- Of what an operation replaced, and of what stands there now; NULL for most.
ALTER TABLE operations ADD COLUMN original_tokens INTEGER;
ALTER TABLE operations ADD COLUMN compressed_tokens INTEGER;
-- Each ends with the key, and so gives the newer of equal ones first when it is read backwards.
CREATE INDEX operations_original ON operations (tract_id, original_tokens) WHERE original_tokens IS NOT NULL;
CREATE INDEX operations_compressed ON operations (tract_id, compressed_tokens) WHERE compressed_tokens IS NOT NULL;
CREATE INDEX operations_ratio ON operations (tract_id, original_tokens * 1.0 / max(compressed_tokens, 1))
  WHERE original_tokens IS NOT NULL AND compressed_tokens IS NOT NULL;

-- Ids rise in the order of making. Not evidence: what became of a plan stands in its operation.
CREATE TABLE plans (
  id INTEGER PRIMARY KEY,
  tract_id INTEGER NOT NULL REFERENCES tracts (id),
  plan_id BLOB NOT NULL,                -- ULID
  kind TEXT NOT NULL,
  state INTEGER NOT NULL,               -- 0 pending, 1 applied, 2 rejected
  branch TEXT NOT NULL,
  head BLOB NOT NULL,                   -- a hash: the commit may be removed some day
  author_id INTEGER NOT NULL REFERENCES names (id),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  body ANY NOT NULL                     -- JSON; a blob is its zstd
) STRICT;
CREATE UNIQUE INDEX plans_id ON plans (tract_id, plan_id);
CREATE INDEX plans_state ON plans (tract_id, state);

-- Commits that were removed, for rows that name them by id: moves of refs, annotations.
CREATE TABLE collected_commits (
  id INTEGER PRIMARY KEY,
  tract_id INTEGER NOT NULL REFERENCES tracts (id),
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX collected_commits_hash ON collected_commits (tract_id, hash);
`;

/** Without the comments, which every store would carry along. */
export const PLANS_AND_TOKENS: string = COMMENTED.replaceAll(/ *--.*$/gm, "");
