/** The part of the library's handle that works with other agents (spec 3.8). */
import { collapse } from "./agents/collapse.ts";
import type { CollapseRequest, CollapseResult } from "./agents/collapse-result.ts";
import { type Lineage, lineage } from "./agents/lineage.ts";
import { type SendRequest, type SendResult, send } from "./agents/send.ts";
import { type SpawnRequest, type SpawnResult, spawn } from "./agents/spawn.ts";
import { type Timeline, type TimelineRequest, timeline } from "./agents/timeline.ts";
import type { Run } from "./conversing.ts";
import { checkShape } from "./request-shapes.ts";

export interface Delegating {
  /** Starts a child with a worktree of its own, in this tract or in one of its own. */
  spawn(request: SpawnRequest): Promise<SpawnResult>;
  /** Commits a child's result to its parent's branch. */
  collapse(request: CollapseRequest): Promise<CollapseResult>;
  /** The tree of spawns that this tract belongs to. */
  lineage(): Promise<Lineage>;
  /** What all of that tree committed, newest first. */
  timeline(request?: TimelineRequest): Promise<Timeline>;
  /** Commits a message to the inbox of another worktree or tract. */
  send(request: SendRequest): Promise<SendResult>;
}

export function delegating(run: Run): Delegating {
  return {
    spawn: (request) => run((on) => spawn(on, checkShape("spawn", request, "request"))),
    collapse: (request) => run((on) => collapse(on, checkShape("collapse", request, "request"))),
    lineage: () => run((on) => lineage(on)),
    timeline: (request = {}) => run((on) => timeline(on, checkShape("timeline", request, "request"))),
    send: (request) => run((on) => send(on, checkShape("send", request, "request"))),
  };
}
