/** The suite's tools of revision 2026-07-28, which answer with what they need to know and are called again with it. */
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type InputRequest,
  type InputRequiredResult,
  inputRequired,
  inputResponse,
  MissingRequiredClientCapabilityError,
  type RequestStateCodec,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { FINISHED_CALLS } from "../../src/server/mcp/finished-calls.ts";
import { type FixtureResult, type FixtureTool, saying } from "./fixture.ts";

export const INPUT_TOOLS: Readonly<Record<string, FixtureTool>> = {
  test_missing_capability: {
    description: "Needs a client that can sample",
    call: ({ context }) => {
      if (capabilities(context).sampling === undefined)
        throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
      return saying("done");
    },
  },
  test_streaming_elicitation: {
    description: "Asks the person without sending a request of its own",
    call: () => inputRequired({ inputRequests: { user_name: askFor("name") } }),
  },
  test_input_required_result_elicitation: {
    description: "Needs a word of the person",
    call: ({ context }) => {
      const given = answered(context, "user_name");
      return given === undefined
        ? inputRequired({ inputRequests: { user_name: askFor("name") } })
        : saying(`Hello, ${String(given.name)}!`);
    },
  },
  test_input_required_result_sampling: {
    description: "Needs an answer of the client's model",
    call: ({ context }) =>
      kindOf(context, "capital_question") === "sampling"
        ? saying("The model has answered")
        : inputRequired({ inputRequests: { capital_question: sample("What is the capital of France?") } }),
  },
  test_input_required_result_list_roots: {
    description: "Needs the client's roots",
    call: ({ context }) => {
      const given = inputResponse(context.mcpReq.inputResponses, "client_roots");
      return given.kind === "roots"
        ? saying(`Roots: ${given.roots.map(({ uri }) => uri).join(", ")}`)
        : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  },
  test_input_required_result_request_state: {
    description: "Gets its own state back",
    call: ({ context }) => confirmWithState(context),
  },
  test_input_required_result_tampered_state: {
    description: "Refuses a state that is not its own",
    call: ({ context }) => confirmWithState(context),
  },
  test_input_required_result_multiple_inputs: {
    description: "Needs three things at once",
    call: async ({ context }) => {
      stateOf(context);
      const given = answered(context, "user_name");
      const isWhole =
        kindOf(context, "greeting") === "sampling" && kindOf(context, "client_roots") === "roots";
      if (given !== undefined && isWhole) return saying(`Hello, ${String(given.name)}!`);
      return inputRequired({
        inputRequests: {
          user_name: askFor("name"),
          greeting: sample("Generate a greeting"),
          client_roots: inputRequired.listRoots(),
        },
        requestState: await codec.mint(0),
      });
    },
  },
  test_input_required_result_multi_round: {
    description: "Needs one thing after the other",
    call: async ({ context }) => {
      const round = stateOf(context) ?? 0;
      if (round === 2 && answered(context, "step2") !== undefined) return saying("done");
      const isSecond = round === 1 && answered(context, "step1") !== undefined;
      return inputRequired({
        inputRequests: isSecond ? { step2: askFor("color") } : { step1: askFor("name") },
        requestState: await codec.mint(isSecond ? 2 : 1),
      });
    },
  },
  test_input_required_result_capabilities: {
    description: "Asks only what the client can answer",
    call: ({ context }) => {
      const { elicitation, sampling } = capabilities(context);
      const inputRequests = {
        ...(elicitation === undefined ? {} : { user_name: askFor("name") }),
        ...(sampling === undefined ? {} : { greeting: sample("Generate a greeting") }),
      };
      return Object.keys(inputRequests).length === 0 ? saying("done") : inputRequired({ inputRequests });
    },
  },
};

/** A prompt's arguments may need the person as well. */
export function promptContext(context: ServerContext): string | InputRequiredResult {
  const given = answered(context, "user_context");
  if (given !== undefined) return String(given.context);
  return inputRequired({ inputRequests: { user_context: askFor("context") } });
}

async function confirmWithState(context: ServerContext): Promise<FixtureResult> {
  const state = stateOf(context);
  if (state !== undefined && answered(context, "confirm")?.ok === true) return saying("state-ok");
  return inputRequired({
    inputRequests: {
      confirm: inputRequired.elicit({
        mode: "form",
        message: "Please confirm",
        requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] },
      }),
    },
    requestState: await codec.mint(0),
  });
}

/** The seal of the server's own calls that wait: it opens no other, and this is how the suite comes to try it. Rounds are counted in it. */
const codec = FINISHED_CALLS as unknown as RequestStateCodec<number>; // It seals whatever it is given.

function stateOf(context: ServerContext): number | undefined {
  return context.mcpReq.requestState<number>();
}

function answered({ mcpReq }: ServerContext, key: string): Record<string, unknown> | undefined {
  return acceptedContent(mcpReq.inputResponses, key);
}

function kindOf({ mcpReq }: ServerContext, key: string): string {
  return inputResponse(mcpReq.inputResponses, key).kind;
}

function capabilities({ mcpReq }: ServerContext): ClientCapabilities {
  const envelope = mcpReq.envelope as
    | { readonly [CLIENT_CAPABILITIES_META_KEY]?: ClientCapabilities }
    | undefined; // The SDK types it as empty.
  return envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {};
}

function askFor(word: string): InputRequest {
  return inputRequired.elicit({
    mode: "form",
    message: `What is your ${word}?`,
    requestedSchema: { type: "object", properties: { [word]: { type: "string" } }, required: [word] },
  });
}

function sample(text: string): InputRequest {
  return inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text } }],
    maxTokens: 50,
  });
}
