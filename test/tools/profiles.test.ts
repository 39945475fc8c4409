/** What each profile offers, and that it is enforced where calls run, whatever was listed. */
import { getEncoding } from "js-tiktoken";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withScope } from "../../src/engine/engine.ts";
import type { ToolProfile } from "../../src/engine/toolbox.ts";
import { definitionsOf } from "../../src/tools/definitions.ts";
import { executeTool } from "../../src/tools/execute.ts";
import { ONLY_READ, PROFILES, profileNamed, TOOL_NAMES } from "../../src/tools/profiles.ts";
import { TOOLS } from "../../src/tools/registry.ts";
import { openTestEngine, type TestEngine } from "../support/engine.ts";
import { say } from "../support/history.ts";

let test: TestEngine;
let made: string;
beforeEach(async () => {
  test = await openTestEngine({ store: "memory" });
  made = await say(test.engine, "One.");
});
afterEach(async () => await test.close());

async function codeOf(profile: ToolProfile, name: string, args: unknown): Promise<string> {
  const { signal } = new AbortController();
  const outcome = await executeTool(
    { name, args, signal, progress: () => undefined },
    {
      tools: TOOLS,
      profile,
      engineFor: async () => withScope(test.engine, {}),
      readTextFile: async () => "",
      reportBug: (error) => {
        throw error;
      },
    },
  );
  return outcome.ok ? "ok" : outcome.failure.code;
}

const profiles = Object.keys(PROFILES).map(profileNamed);

describe("every profile", () => {
  it.each(profiles)("%s has known tools, each once, in the order of the list", (profile) => {
    expect(PROFILES[profile]).toEqual(TOOL_NAMES.filter((name) => PROFILES[profile].includes(name)));
    for (const name of ONLY_READ[profile]) expect(PROFILES[profile]).toContain(name);
  });

  it.each(profiles)("%s costs no more than full", (profile) => {
    const cost = (of: ToolProfile): number =>
      getEncoding("o200k_base").encode(JSON.stringify(definitionsOf(TOOLS, of, "anthropic"))).length;
    expect(cost(profile)).toBeLessThanOrEqual(cost("full"));
  });

  it("refuses what it does not offer", async () => {
    expect(await codeOf("self", "diff", {})).toBe("not-allowed");
    expect(await codeOf("supervisor", "commit", { content: "x" })).toBe("not-allowed");
    expect(await codeOf("observer", "merge", { source: "main", dry_run: true })).toBe("not-allowed");
  });

  it("is known by its name alone", () => {
    expect(() => profileNamed("obsever")).toThrow(
      expect.objectContaining({ code: "invalid-argument", data: { path: "profile", near: ["observer"] } }),
    );
    expect(() => profileNamed("toString")).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });
});

describe("an observer", () => {
  it("has every tool that only reads", () => {
    for (const { name, effect } of TOOLS) if (effect === "read") expect(PROFILES.observer).toContain(name);
  });

  /** Of tools that can also write: a call that reads, and one that would change something. */
  const calls: Readonly<Record<string, readonly [object, object]>> = {
    branch: [{}, { action: "create", name: "idea" }],
    tag: [{}, { action: "create", name: "v1" }],
    configure: [{}, { set: { model: "m" } }],
    verify: [{}, { repair: true }],
    expand: [{ summary: "x" }, { summary: "x", restore: true }],
    policy: [{}, { action: "remove", policy: "x" }],
    proposals: [{}, { action: "reject", id: "x" }],
  };

  it("reads with tools that can also write, and changes nothing", async () => {
    const writing = TOOLS.filter(({ name, effect }) => effect !== "read" && PROFILES.observer.includes(name));
    const before = await test.engine.store.findTract("test");
    for (const { name } of writing) {
      const [read, write] = calls[name] ?? [{}, {}];
      expect(await codeOf("observer", name, write), name).toBe("not-allowed");
      expect(await codeOf("observer", name, read), name).not.toBe("not-allowed");
    }
    expect(await test.engine.store.findTract("test")).toEqual(before);
  });

  it("is told that nothing it calls changes anything", () => {
    for (const { name, annotations } of definitionsOf(TOOLS, "observer", "mcp"))
      expect(annotations, name).toMatchObject({
        readOnlyHint: true,
        destructiveHint: false,
        idempotentHint: true,
      });
  });
});

describe("a supervisor", () => {
  it("looks what gc would remove, and removes nothing", async () => {
    expect(await codeOf("supervisor", "gc", {})).toBe("ok");
    expect(await codeOf("supervisor", "gc", { dry_run: false })).toBe("not-allowed");
    expect(await codeOf("full", "gc", { dry_run: false })).toBe("ok");
  });

  it("lets no run do what it may not do itself", async () => {
    for (const profile of ["full", "self"])
      expect(await codeOf("supervisor", "orchestrate", { profile })).toBe("not-allowed");
  });

  it("arranges the context of others", async () => {
    expect(await codeOf("supervisor", "annotate", { refs: [made], priority: "pinned" })).toBe("ok");
    expect(await codeOf("supervisor", "undo", {})).toBe("ok");
  });
});
