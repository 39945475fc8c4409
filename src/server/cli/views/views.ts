/** Which view shows which tool's result; what has none of its own is shown as its text. */
import type { ToolName } from "../../../tools/profiles.ts";
import { compileView } from "./compile-view.ts";
import { diffView } from "./diff-view.ts";
import { branchView, ledgerView, operationsView, tagView } from "./list-views.ts";
import { logView } from "./log-view.ts";
import { orchestrateView } from "./orchestrate-view.ts";
import { policyView } from "./policy-view.ts";
import { proposalsView } from "./proposals-view.ts";
import { columnsView, textView } from "./text-view.ts";
import type { View } from "./view.ts";

export function viewOf(tool: ToolName): View {
  return VIEWS[tool] ?? textView;
}

const VIEWS: { readonly [name in ToolName]?: View } = {
  branch: branchView,
  compile: compileView,
  diff: diffView,
  log: logView,
  operations: operationsView,
  orchestrate: orchestrateView,
  policy: policyView,
  proposals: proposalsView,
  query_ledger: ledgerView,
  status: columnsView,
  tag: tagView,
};
