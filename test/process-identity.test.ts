/** Which processes are still there: only what can be shown to be gone counts as gone. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { sessionOwner } from "../src/process-identity.ts";

const { self, isAlive } = sessionOwner(null);

describe("a process", () => {
  it("is there while it runs", () => {
    expect(isAlive(self)).toBe(true);
    expect(isAlive({ ...self, mark: null })).toBe(true);
    expect(sessionOwner("full")).toMatchObject({ profile: "full", self: { pid: process.pid } });
  });

  it("is gone when it has ended", () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    expect(isAlive({ ...self, pid })).toBe(false);
  });

  it.runIf(self.mark !== null)("is gone when its number belongs to another one now", () => {
    expect(isAlive({ ...self, mark: "another boot/1" })).toBe(false);
  });

  it("of another host is never said to be gone", () => {
    expect(isAlive({ host: "elsewhere", pid: 999_999, mark: null })).toBeNull();
  });
});
