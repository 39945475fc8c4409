/** Every bound on outside data, retries and caches, by name. */

export interface Limits {
  /** Canonical JSON of one content, bytes (spec 1.2). */
  readonly contentBytesMax: number;
  /** Nesting of JSON in contents, metadata and configs. */
  readonly jsonDepthMax: number;
  /** Commits in one batch. */
  readonly batchItemsMax: number;
  /** Labels of one commit; characters of one label. */
  readonly labelsMax: number;
  readonly labelCharsMax: number;
  /** Characters of a commit message. */
  readonly messageCharsMax: number;
  /** Canonical JSON of metadata or a generation config, bytes. */
  readonly metadataBytesMax: number;
  /** Tries of one write whose branch keeps moving. */
  readonly publishAttemptsMax: number;
  /** Entries of a page of log, search, operations, ledger. */
  readonly pageMax: number;
  /** Commits that a filtered log looks at for one page. */
  readonly logScanMax: number;
  /** Commits that a page of query_by_config looks at, and its conditions. */
  readonly configScanMax: number;
  readonly configConditionsMax: number;
  /** Characters of a branch or tag name. */
  readonly refNameCharsMax: number;
  /** Names and hashes offered in an error. */
  readonly suggestionsMax: number;
  /** Compiled contexts kept in memory, by number and by tokens. */
  readonly compileCacheEntriesMax: number;
  readonly compileCacheTokensMax: number;
  /** Characters of a search query, and words taken from it. */
  readonly searchQueryCharsMax: number;
  readonly searchTermsMax: number;
  /** Contents indexed for search per transaction. */
  readonly searchIndexBatch: number;
  /** Rows per page of verify. */
  readonly verifyPage: number;
  /** Commits that gc removes per transaction, and tries of a gc that others outrun. */
  readonly gcSweepCommits: number;
  readonly gcAttemptsMax: number;
  /** Bytes of a transcript to import. */
  readonly transcriptBytesMax: number;
  /** Problems that verify names before it only counts. */
  readonly verifyProblemsMax: number;
  /** Lines that may differ before a diff gives the two texts whole. */
  readonly diffEditsMax: number;
  /** Lines of one message in a diff, characters of one line, and of all lines of a page. */
  readonly diffLinesMax: number;
  readonly diffLineCharsMax: number;
  readonly diffPageCharsMax: number;
  /** Unchanged messages that a diff lists before it only counts. */
  readonly diffUnchangedMax: number;
  /** Children, and tracts, of a lineage that is shown. */
  readonly lineageNodesMax: number;
  /** Spawns and collapses of a tract that are looked through for one. */
  readonly spawnsMax: number;
  /** Characters of a child's context that a plan of collapse shows. */
  readonly collapseTextCharsMax: number;
  /** Origins that blame lists before it only counts. */
  readonly blameOriginsMax: number;
  /** Newest merges that are looked at for conflicts that are still open. */
  readonly openConflictMergesMax: number;
  /** Characters of each side's text in a conflict that is reported. */
  readonly conflictTextCharsMax: number;
  /** Questions of one operation that an LLM is asked at the same time. */
  readonly llmCallsAtOnce: number;
  /** Steps of one run of the orchestrator. */
  readonly orchestrateStepsMax: number;
}

export const DEFAULT_LIMITS: Limits = {
  contentBytesMax: 8 * 1024 * 1024,
  jsonDepthMax: 200,
  batchItemsMax: 10_000,
  labelsMax: 64,
  labelCharsMax: 200,
  messageCharsMax: 10_000,
  metadataBytesMax: 256 * 1024,
  publishAttemptsMax: 200,
  pageMax: 200,
  logScanMax: 20_000,
  configScanMax: 20_000,
  configConditionsMax: 64,
  refNameCharsMax: 250,
  suggestionsMax: 5,
  compileCacheEntriesMax: 32,
  compileCacheTokensMax: 8_000_000,
  searchQueryCharsMax: 10_000,
  searchTermsMax: 64,
  searchIndexBatch: 200,
  verifyPage: 1_000,
  gcSweepCommits: 200,
  gcAttemptsMax: 20,
  transcriptBytesMax: 256 * 1024 * 1024,
  verifyProblemsMax: 100,
  diffEditsMax: 1_000,
  diffLinesMax: 60,
  diffLineCharsMax: 240,
  diffPageCharsMax: 20_000,
  diffUnchangedMax: 10,
  lineageNodesMax: 200,
  spawnsMax: 10_000,
  collapseTextCharsMax: 200_000,
  blameOriginsMax: 10,
  openConflictMergesMax: 200,
  conflictTextCharsMax: 1_000,
  llmCallsAtOnce: 4,
  orchestrateStepsMax: 100,
};
