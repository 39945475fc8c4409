/** The third schema: commits found by how they were generated, and what APIs reported for heads. */
const COMMENTED = `
-- Commits with a generation config, newest first: of a tract, and behind a head. Other commits are in neither.
CREATE INDEX commits_generated ON commits (tract_id) WHERE generation_config IS NOT NULL;
CREATE INDEX commits_generated_place ON commits (lineage_id, generation) WHERE generation_config IS NOT NULL;
-- Whatever is no plain append and has one parent; a merge stands in commit_parents.
CREATE INDEX commits_change ON commits (lineage_id, generation) WHERE operation <> 0;

-- Derived: short values of generation configs, numbers and texts alone, so that rare ones are found without reading the others.
CREATE TABLE config_values (
  tract_id INTEGER NOT NULL,
  field TEXT NOT NULL,
  value ANY NOT NULL,
  commit_id INTEGER NOT NULL,
  PRIMARY KEY (tract_id, field, value, commit_id)
) STRICT, WITHOUT ROWID;
INSERT INTO config_values (tract_id, field, value, commit_id)
  SELECT c.tract_id, j.key, j.value, c.id FROM commits c
    JOIN json_each(CASE WHEN json_valid(c.generation_config) THEN c.generation_config END, '$') j
    WHERE c.generation_config IS NOT NULL AND j.type IN ('text', 'integer', 'real') AND length(j.value) <= 200 AND length(j.key) <= 200
  UNION ALL
  SELECT c.tract_id, 'extra.' || j.key, j.value, c.id FROM commits c
    JOIN json_each(CASE WHEN json_valid(c.generation_config) THEN c.generation_config END, '$.extra') j
    WHERE c.generation_config IS NOT NULL AND j.type IN ('text', 'integer', 'real') AND length(j.value) <= 200 AND length(j.key) <= 200;

-- What an LLM's API reported, at the place of the commit that it was reported for.
CREATE TABLE usages (
  lineage_id INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  annotation_sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  seal BLOB NOT NULL,                   -- SHA-256 of the commit's hash and the above (usages.ts)
  PRIMARY KEY (lineage_id, generation)
) STRICT, WITHOUT ROWID;

-- Ledger entries that name a model, by its name: what stands in their metadata (which may be packed, and is no JSON to SQLite then) between
-- "model_id":" and the next quotation mark. An ordinary commit's entry is not looked into.
CREATE INDEX ledger_model ON ledger (
  substr(substr(CAST(metadata AS BLOB), instr(CAST(metadata AS BLOB), x'226D6F64656C5F6964223A22') + 12), 1, instr(substr(CAST(metadata AS BLOB), instr(CAST(metadata AS BLOB), x'226D6F64656C5F6964223A22') + 12), x'22') - 1)
) WHERE kind_id <> 2 AND instr(CAST(metadata AS BLOB), x'226D6F64656C5F6964223A22') > 0;
`;

/** Without the comments, which every store would carry along. */
export const CONFIGS_AND_USAGE: string = COMMENTED.replaceAll(/ *--.*$/gm, "");
