/** The official conformance suite against our HTTP server: what both revisions require, without a network. */
import { describe, expect, it } from "vitest";
import { createMcpServer } from "../../src/server/mcp/create-server.ts";
import { REVISIONS, requiredScenarios, runConformance } from "../conformance/suite.ts";

describe.each(REVISIONS)("what %s requires of a server", (revision) => {
  it("is met, without failures, warnings or words in our log", async () => {
    const { exitCode, output, checks, log } = await runConformance(revision);
    const required = await requiredScenarios(revision);
    const own = checks.filter(({ scenario }) => required.includes(scenario));
    const lacking = own.filter(({ status }) => status === "FAILURE" || status === "WARNING");
    const passed = own.filter(({ status }) => status === "SUCCESS").map(({ scenario }) => scenario);
    expect(lacking).toEqual([]);
    expect(exitCode, output).toBe(0);
    expect([...new Set(passed)].sort()).toEqual([...required].sort());
    expect(required.length).toBeGreaterThanOrEqual(30);
    expect(log).not.toMatch(/^tract (error|warn)/m);
  });
});

/** Scenarios that ask for no tool, resource or prompt of the suite's own. */
const WITHOUT_FIXTURES = {
  "2025-11-25": [
    "completion-complete",
    "dns-rebinding-protection",
    "ping",
    "prompts-list",
    "resources-list",
    "server-initialize",
    "server-sse-multiple-streams",
    "tools-list",
  ],
  "2026-07-28": [
    "caching",
    "completion-complete",
    "dns-rebinding-protection",
    "input-required-result-unsupported-methods",
    "input-required-result-validate-input",
    "prompts-list",
    "resources-list",
    "sep-2164-resource-not-found",
    "server-sse-multiple-streams",
    "tools-list",
  ],
};

describe.each(REVISIONS)("what %s requires, without the suite's fixtures,", (revision) => {
  it("is met where none is needed, and nowhere else", async () => {
    const { exitCode, checks } = await runConformance(revision, createMcpServer);
    const required = await requiredScenarios(revision);
    const failed = checks.filter(({ status }) => status === "FAILURE" || status === "WARNING");
    const lacking = new Set(failed.map(({ scenario }) => scenario));
    expect(required.filter((scenario) => !lacking.has(scenario)).sort()).toEqual(WITHOUT_FIXTURES[revision]);
    expect(exitCode).toBe(1);
  });
});
