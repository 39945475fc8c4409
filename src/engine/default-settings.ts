/** What holds where a way in has no settings of its own: apart from the engine, so that a server can start without loading that. */
import type { EngineSettings } from "./engine.ts";

export const DEFAULT_SETTINGS: EngineSettings = {
  encoding: "o200k_base",
  defaultBranch: "main",
  compileBudget: 8_000,
  ledger: { reasonChars: 200, excerptChars: 240 },
  redaction: "off",
};
