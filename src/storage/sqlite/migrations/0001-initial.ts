/** The first schema: tables of a store, with the rows of spec 1 and 4 at their leanest. */
const COMMENTED = `
-- Words that repeat on every row are stored once; rows hold their ids. Rows here are never changed or removed: they are remembered in memory.
--   author      JSON [kind, name, session_id]      branch  the name itself         content     JSON [type, role, priority]
--   operation   JSON [worktree, type]              ledger  JSON [event, decision]  provenance  JSON object
--   reason      the sentence itself
CREATE TABLE names (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  identity TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX names_identity ON names (kind, identity);
CREATE INDEX names_session ON names (identity ->> 'session_id') WHERE kind = 'provenance';
-- What nearly every row is. Indexes leave these two out: there are enough of them anywhere, and a commit has two pages less to write.
INSERT INTO names (id, kind, identity) VALUES (1, 'operation', '["default","commit"]'), (2, 'ledger', '["OPERATION","commit"]');

CREATE TABLE tracts (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  encoding TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  annotation_sequence INTEGER NOT NULL,
  operation_sequence INTEGER NOT NULL,
  ledger_sequence INTEGER NOT NULL,
  ledger_head BLOB NOT NULL,            -- entry_hash of the newest ledger entry, empty before the first
  -- The latest time among the rows, and by how much a later row's time was ever earlier: with it times can be searched without an index.
  operation_time INTEGER NOT NULL,
  operation_skew INTEGER NOT NULL,
  ledger_time INTEGER NOT NULL,
  ledger_skew INTEGER NOT NULL
) STRICT;

-- Shared by all tracts.
CREATE TABLE contents (
  id INTEGER PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  kind_id INTEGER NOT NULL REFERENCES names (id),
  body ANY NOT NULL,                    -- canonical JSON; a blob is its zstd
  text ANY                              -- likewise; only custom types have it
) STRICT;

-- A lineage is a run of first-parent commits with consecutive generations from "start" on. What comes before is generation start - 1 of the
-- lineage it forked from. Never removed: their ids must not be given out again.
CREATE TABLE lineages (
  id INTEGER PRIMARY KEY,
  tract_id INTEGER NOT NULL REFERENCES tracts (id),
  start INTEGER NOT NULL,
  parent_lineage_id INTEGER REFERENCES lineages (id)
) STRICT;

-- The first parent of a commit is generation - 1 of its lineage (or of where that forked): there is no second truth that could differ.
-- Ids rise in the order of storing, parents before children; whoever removes commits must leave the one with the highest id.
CREATE TABLE commits (
  id INTEGER PRIMARY KEY,
  tract_id INTEGER NOT NULL REFERENCES tracts (id),
  hash BLOB NOT NULL,
  lineage_id INTEGER NOT NULL REFERENCES lineages (id),
  generation INTEGER NOT NULL,          -- number of first parents before it
  extra_parents INTEGER NOT NULL,       -- how many rows of commit_parents it has
  content_id INTEGER REFERENCES contents (id),
  kind_id INTEGER REFERENCES names (id),
  operation INTEGER NOT NULL,           -- 0 append, 1 edit, 2 merge
  edit_target INTEGER REFERENCES commits (id),
  tokens INTEGER NOT NULL,
  author_id INTEGER NOT NULL REFERENCES names (id),
  branch_id INTEGER NOT NULL REFERENCES names (id),
  created_at INTEGER NOT NULL,
  operation_sequence INTEGER NOT NULL,  -- the operation that made it
  message TEXT NOT NULL,
  metadata TEXT,
  generation_config TEXT,
  labels TEXT
) STRICT;
CREATE UNIQUE INDEX commits_hash ON commits (tract_id, hash);
CREATE UNIQUE INDEX commits_lineage ON commits (lineage_id, generation);
CREATE INDEX commits_edit ON commits (edit_target) WHERE edit_target IS NOT NULL;

-- Second and further parents of merge commits, by place: reachability is computed from here and from lineages alone.
CREATE TABLE commit_parents (
  lineage_id INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  position INTEGER NOT NULL,            -- from 1
  parent_lineage_id INTEGER NOT NULL REFERENCES lineages (id),
  parent_generation INTEGER NOT NULL,
  PRIMARY KEY (lineage_id, generation, position)
) STRICT, WITHOUT ROWID;

-- Where commits with settings are, so that a branch's settings are found without reading its chain.
CREATE TABLE config_commits (
  lineage_id INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  PRIMARY KEY (lineage_id, generation)
) STRICT, WITHOUT ROWID;

-- A ref that no longer exists keeps its row, with is_set 0: its moves stay readable. Set without commit and branch: an unborn branch.
CREATE TABLE refs (
  id INTEGER PRIMARY KEY,
  tract_id INTEGER NOT NULL REFERENCES tracts (id),
  kind INTEGER NOT NULL,                -- 0 branch, 1 tag, 2 worktree, 3 orig_head, 4 previous
  name TEXT NOT NULL,
  is_set INTEGER NOT NULL,
  commit_id INTEGER REFERENCES commits (id),
  branch TEXT,
  note TEXT,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX refs_name ON refs (tract_id, kind, name);

-- The newest move up to an operation tells where a ref stood after it. Position: place among the moves of the operation. A negative one: the
-- ref changed with that operation (or after the one before it), but not as a part of what undo would take back.
CREATE TABLE ref_moves (
  ref_id INTEGER NOT NULL REFERENCES refs (id),
  operation_sequence INTEGER NOT NULL,
  position INTEGER NOT NULL,
  before_set INTEGER NOT NULL,
  before_commit INTEGER,
  before_branch TEXT,
  before_note TEXT,
  after_set INTEGER NOT NULL,
  after_commit INTEGER,
  after_branch TEXT,
  after_note TEXT,
  PRIMARY KEY (ref_id, operation_sequence, position)
) STRICT, WITHOUT ROWID;

-- "key" is tract id × 2^32 + sequence, here and below.
CREATE TABLE annotations (
  key INTEGER PRIMARY KEY,
  commit_id INTEGER NOT NULL REFERENCES commits (id),
  priority INTEGER,                     -- 0 skip, 1 normal, 2 important, 3 pinned
  author_id INTEGER NOT NULL REFERENCES names (id),
  branch_id INTEGER NOT NULL REFERENCES names (id),
  created_at INTEGER NOT NULL,
  retain TEXT,
  labels TEXT,
  reason TEXT
) STRICT;
CREATE INDEX annotations_commit ON annotations (commit_id);

-- Never removed: commits and ledger entries name them, and what ledger entries say of commits stands in results and sources.
CREATE TABLE operations (
  key INTEGER PRIMARY KEY,
  tract_id INTEGER NOT NULL REFERENCES tracts (id),
  id BLOB NOT NULL,                     -- ULID
  kind_id INTEGER NOT NULL REFERENCES names (id),
  author_id INTEGER NOT NULL REFERENCES names (id),
  branch_id INTEGER REFERENCES names (id),
  annotations_from INTEGER NOT NULL,    -- sequence before its first annotation
  annotations_count INTEGER NOT NULL,
  ledger_from INTEGER NOT NULL,         -- likewise, ledger entries of the same write
  ledger_count INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  undoes INTEGER,
  undone INTEGER NOT NULL,
  moved_ref INTEGER,                    -- the ref it moved
  moved_refs TEXT,                      -- JSON list of ids in order, when it moved several
  params TEXT,                          -- NULL: {}
  results BLOB,                         -- hashes in a row
  sources BLOB,
  idempotency_key TEXT
) STRICT;
CREATE UNIQUE INDEX operations_id ON operations (tract_id, id);
CREATE INDEX operations_kind ON operations (kind_id) WHERE kind_id <> 1;
CREATE UNIQUE INDEX operations_idempotency ON operations (tract_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

-- Commits that an operation names but did not make; which one made a commit stands with the commit.
CREATE TABLE operation_uses (
  hash BLOB NOT NULL,
  operation_key INTEGER NOT NULL,
  PRIMARY KEY (hash, operation_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
  key INTEGER PRIMARY KEY,
  kind_id INTEGER NOT NULL REFERENCES names (id),
  provenance_id INTEGER NOT NULL REFERENCES names (id),
  operation_sequence INTEGER,           -- set when the submission is the operation of the same write
  timestamp INTEGER NOT NULL,
  id ANY NOT NULL,                      -- a blob is LED- and a ULID
  submission TEXT,                      -- NULL: the id of that operation
  reason TEXT,                          -- NULL: the name of the next column, for sentences that repeat
  reason_id INTEGER REFERENCES names (id),
  prompts TEXT,
  metadata ANY NOT NULL,                -- JSON; a blob is JSON with its hashes packed (pack-hashes.ts)
  body_hash BLOB NOT NULL,
  entry_hash BLOB NOT NULL              -- the previous hash is that of the row before
) STRICT;
CREATE INDEX ledger_kind ON ledger (kind_id) WHERE kind_id <> 2;
CREATE INDEX ledger_provenance ON ledger (provenance_id);
CREATE INDEX ledger_submission ON ledger (submission) WHERE submission IS NOT NULL;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
-- INSERT OR REPLACE removes the old row without telling ledger_no_delete, unless the connection asks for it.
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger WHERE key = NEW.key)
  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TABLE compile_records (
  key INTEGER PRIMARY KEY,
  tract_id INTEGER NOT NULL REFERENCES tracts (id),
  record_id TEXT NOT NULL,
  head BLOB,
  branch TEXT,
  options TEXT NOT NULL,
  annotation_sequence INTEGER NOT NULL,
  compiler_version INTEGER NOT NULL,
  token_count INTEGER NOT NULL,
  token_source TEXT NOT NULL,
  commit_count INTEGER NOT NULL,
  message_count INTEGER NOT NULL,
  digest BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  seal BLOB NOT NULL                    -- SHA-256 of all of the above (compile-seals.ts)
) STRICT;
CREATE UNIQUE INDEX compile_records_id ON compile_records (tract_id, record_id);
CREATE INDEX compile_records_branch ON compile_records (branch);
-- How many compile records a tract has: shows that the newest ones are still there.
CREATE TABLE compile_counts (tract_id INTEGER PRIMARY KEY REFERENCES tracts (id), records INTEGER NOT NULL) STRICT;

CREATE TABLE content_types (
  tract_id INTEGER NOT NULL REFERENCES tracts (id),
  name TEXT NOT NULL,
  schema TEXT NOT NULL,
  role TEXT,
  priority INTEGER NOT NULL,
  PRIMARY KEY (tract_id, name)
) STRICT, WITHOUT ROWID;

-- Derived: can be thrown away and built again. Contents and commits up to the ids in search_progress are in it.
CREATE VIRTUAL TABLE search_index USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'porter unicode61');
CREATE TABLE search_commits (
  content_id INTEGER NOT NULL,
  commit_id INTEGER NOT NULL,
  PRIMARY KEY (content_id, commit_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE search_progress (id INTEGER PRIMARY KEY CHECK (id = 1), contents_to INTEGER NOT NULL, commits_to INTEGER NOT NULL) STRICT;
INSERT INTO search_progress (id, contents_to, commits_to) VALUES (1, 0, 0);
`;

/** Without the comments, which every store would carry along. */
export const INITIAL: string = COMMENTED.replaceAll(/ *--.*$/gm, "");
