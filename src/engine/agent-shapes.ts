/** What spawn, collapse, timeline and send take in the library (spec 3.8). */
import { z } from "zod";
import { INQUIRY_SHAPE } from "./conversation-shapes.ts";
import { count, flag, PRIORITIES, paged, text, texts } from "./shape-words.ts";

export type AgentShape = "spawn" | "collapse" | "timeline" | "send";

export const AGENT_SHAPES: Readonly<Record<AgentShape, z.ZodType>> = {
  spawn: z.strictObject({
    purpose: z.string(),
    inherit: z.enum(["head", "full", "selective", "none"]).optional(),
    filter: z
      .strictObject({ types: texts, labels: texts, priorities: z.array(z.enum(PRIORITIES)).optional() })
      .optional(),
    budgetTokens: count,
    name: text,
    as: z.enum(["branch", "tract"]).optional(),
    branch: text,
  }),
  collapse: z.strictObject({
    child: text,
    into: text,
    summary: text,
    strategy: z.enum(["manual", "agent", "llm", "last_output"]).optional(),
    review: flag,
    force: flag,
    planId: text,
    action: z.enum(["edit", "approve", "reject"]).optional(),
    ...INQUIRY_SHAPE,
  }),
  timeline: z.strictObject(paged),
  send: z.strictObject({ to: z.string(), content: z.unknown() }),
};
