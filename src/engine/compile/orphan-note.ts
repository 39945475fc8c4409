/** What stands before a tool call without result, or a result without call, shown as plain text (spec 2.2, stage 5). */
import type { Entry } from "./entry.ts";

const CALL_NOTE = "[tool call without a result]\n";
const RESULT_NOTE = "[tool result without its call]\n";

export function orphanNote(entry: Entry): string {
  return entry.role === "assistant" ? CALL_NOTE : RESULT_NOTE;
}
