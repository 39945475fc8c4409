/** Asks the human about proposals that a call has given rise to, where the client offers elicitation; else they wait (spec 5.4, 6.2). */
import {
  CLIENT_CAPABILITIES_META_KEY,
  type ElicitRequestFormParams,
  type InputRequiredResult,
  inputRequired,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { type Engine, withScope } from "../../engine/engine.ts";
import { approveProposal, rejectProposal } from "../../engine/policies/decide.ts";
import type { Notice } from "../../engine/policies/occasion.ts";
import { showProposal } from "../../engine/policies/proposals.ts";
import { effectWords } from "../../tools/catalog/proposals.ts";
import { expectedFailure } from "../../tools/failure.ts";
import { type Log, reportBug } from "../log.ts";
import { FINISHED_CALLS, type FinishedCall, type Question } from "./finished-calls.ts";
import { APPROVAL_WAIT_MS_MAX, APPROVALS_ASKED_MAX, KEPT_RESULT_CHARS_MAX } from "./limits.ts";

/** The proposals among what policies said; no more than a person answers at once. */
export function questionsOf(notices: readonly Notice[]): readonly Question[] {
  return notices
    .flatMap(({ policy, text, proposalId }) =>
      policy === null || proposalId === null ? [] : [{ id: proposalId, policy, text }],
    )
    .slice(0, APPROVALS_ASKED_MAX);
}

export interface Asking {
  readonly server: Server;
  readonly context: ServerContext;
  /** In the scope of the call. */
  readonly engine: () => Promise<Engine>;
  readonly log: Log;
}

/**
 * Asks, and gives what the human's answers came to; null when nobody can be asked. In the era of 2026 the server cannot ask by itself: then it
 * gives the result that makes the client ask and call again. Whatever goes wrong, the proposals wait.
 */
export async function askForApproval(
  asking: Asking,
  call: FinishedCall,
): Promise<readonly Notice[] | InputRequiredResult | null> {
  const { server, context } = asking;
  const { envelope } = context.mcpReq;
  if (call.questions.length === 0) return null;
  if (envelope !== undefined) {
    if (!canFillForms(Reflect.get(envelope, CLIENT_CAPABILITIES_META_KEY))) return null;
    return await sendBack({ ...call, questions: await inFull(asking, call.questions) });
  }
  if (!canFillForms(server.getClientCapabilities())) return null;
  const decisions: Notice[] = [];
  for (const question of await inFull(asking, call.questions)) {
    const answer = await askNow(context, question);
    if (answer === null) break; // Who did not answer one question is not asked another.
    decisions.push(...(await decide(asking, question, answer)));
  }
  return decisions;
}

/** As a person wants to be asked: why, and what approving would do; the notice tells the agent how to decide by itself. */
async function inFull(asking: Asking, questions: readonly Question[]): Promise<readonly Question[]> {
  const full: Question[] = [];
  for (const question of questions) full.push({ ...question, text: await wordsOf(asking, question) });
  return full;
}

async function wordsOf(asking: Asking, { id, text }: Question): Promise<string> {
  try {
    const { proposal, effect } = await showProposal(await asking.engine(), { id });
    if (proposal.reason === null || effect === null) return text;
    return `${proposal.reason}. Approving ${effectWords(effect)}.`;
  } catch {
    return text;
  }
}

/** What the client brings back when it calls a tool again in the era of 2026; null for a first call. */
export function returnedCall({ mcpReq }: ServerContext, tool: string): FinishedCall | null {
  const read = KEPT.safeParse(mcpReq.requestState());
  return read.success && read.data.tool === tool ? read.data : null;
}

/** Decides as the answers say that came back with a call. */
export async function takeAnswers(asking: Asking, { questions }: FinishedCall): Promise<readonly Notice[]> {
  const responses = asking.context.mcpReq.inputResponses ?? {};
  const decisions: Notice[] = [];
  for (const question of questions)
    decisions.push(...(await decide(asking, question, responses[question.id])));
  return decisions;
}

const KEPT: z.ZodType<FinishedCall> = z.strictObject({
  tool: z.string(),
  result: z.strictObject({
    structured: z.record(z.string(), z.unknown()),
    text: z.string(),
    links: z
      .array(z.strictObject({ uri: z.string(), name: z.string(), mimeType: z.string() }))
      .exactOptional(),
  }),
  questions: z.array(z.strictObject({ id: z.string(), policy: z.string(), text: z.string() })),
});

async function sendBack(call: FinishedCall): Promise<InputRequiredResult | null> {
  if (JSON.stringify(call.result).length > KEPT_RESULT_CHARS_MAX) return null;
  const questions = call.questions.map(
    (question) => [question.id, inputRequired.elicit(form(question))] as const,
  );
  return inputRequired({
    inputRequests: Object.fromEntries(questions),
    requestState: await FINISHED_CALLS.mint(call),
  });
}

/** A client that names no modes takes forms. */
function canFillForms(capabilities: unknown): boolean {
  const read = CAPABILITIES.safeParse(capabilities);
  if (!read.success) return false;
  const { form: forms, url } = read.data.elicitation;
  return forms !== undefined || url === undefined;
}

const CAPABILITIES = z.looseObject({
  elicitation: z.looseObject({ form: z.unknown().optional(), url: z.unknown().optional() }),
});

/** null: no answer came, for whatever reason. */
async function askNow({ mcpReq }: ServerContext, question: Question): Promise<unknown> {
  try {
    return await mcpReq.elicitInput(form(question), { timeout: APPROVAL_WAIT_MS_MAX, signal: mcpReq.signal });
  } catch {
    return null;
  }
}

function form({ policy, text }: Question): ElicitRequestFormParams {
  return {
    message: `Policy ${policy}: ${text}`,
    requestedSchema: {
      type: "object",
      properties: {
        decision: {
          type: "string",
          title: "Decision",
          enum: ["approve", "reject", "later"],
          default: "later",
        },
        reason: { type: "string", title: "Reason", description: "For reject; the ledger keeps it" },
      },
      required: ["decision"],
    },
  };
}

const ANSWER = z.looseObject({
  action: z.literal("accept"),
  content: z.looseObject({
    decision: z.enum(["approve", "reject", "later"]),
    reason: z.string().optional(),
  }),
});

/** A form that was declined, cancelled or filled in otherwise decides nothing. */
async function decide(asking: Asking, { id, policy }: Question, answer: unknown): Promise<readonly Notice[]> {
  const read = ANSWER.safeParse(answer);
  if (!read.success || read.data.content.decision === "later") return [];
  const { decision, reason = "" } = read.data.content;
  const told = (text: string): readonly Notice[] => [
    { policy, text: `proposal ${id} ${text}`, proposalId: null },
  ];
  try {
    const engine = await asking.engine();
    const author = { kind: "user", name: null, session_id: engine.scope.author.session_id } as const;
    const human = withScope(engine, { author, tool: null });
    if (decision === "reject") {
      await rejectProposal(human, { id, reason: reason.trim() === "" ? NO_REASON : reason });
      return told("was rejected by the user");
    }
    const { operationId } = await approveProposal(human, { id, signal: asking.context.mcpReq.signal });
    const undo = operationId === null ? "" : `; undo with operation ${operationId} takes it back`;
    return told(`was approved by the user and done${undo}`);
  } catch (error) {
    const failure = expectedFailure(error);
    if (failure === null) reportBug(error, "an approval", asking.log);
    return told(`could not be decided: ${failure?.message ?? "Tract met an error of its own"}`);
  }
}

const NO_REASON = "no reason given";
