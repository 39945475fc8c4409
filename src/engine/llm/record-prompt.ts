/** Keeps what is needed to make a prompt again: its recipe and the contents in it, by hash, and the numbers that the ledger tells (spec 9, 25). */
import type { ContentRecord, Hash, JsonObject } from "../../storage/records.ts";
import type { OpenAiMessage } from "../compile/message-types.ts";
import type { Engine } from "../engine.ts";
import { digestOfMessages, promptRecipe } from "../ledger/prompt-recipe.ts";

/** What a prompt shows. */
export interface Shown {
  /** The commits that it is made from, in order. */
  readonly inputs: readonly Hash[];
  /** The commits whose texts stand in it, in that order, where edits speak for others; default: the inputs. */
  readonly quotes?: readonly Hash[] | undefined;
  /** Where those commits are; default: the tract of the scope. */
  readonly tract?: string | undefined;
}

export interface RecordedPrompt {
  /** For the metadata of LLM_CALL: of one size however much was sent. All inputs stand in the recipe, by the hash `prompt`. */
  readonly sent: JsonObject;
  /** The recipe, and the contents that it names: to be published with the entry, as gc may remove those until then. */
  readonly contents: readonly ContentRecord[];
}

/** Reads what is shown; writes nothing. */
export async function recordPrompt(
  { scope, store }: Engine,
  messages: readonly OpenAiMessage[],
  { inputs, quotes = inputs, tract = scope.tract }: Shown,
): Promise<RecordedPrompt> {
  const commits = await store.readCommits(tract, quotes);
  const hashes = commits.flatMap(({ contentHash }) => contentHash ?? []);
  const quoted = await store.readContents(hashes);
  const recipe = promptRecipe(messages, { inputs, quotes: quoted });
  const named = new Set<string>(recipe.body.match(/[0-9a-f]{64}/g));
  return {
    sent: {
      prompt: recipe.hash,
      digest: digestOfMessages(messages),
      input_count: inputs.length,
      input_commits: inputs.slice(0, INPUTS_NAMED),
    },
    contents: [...quoted.filter(({ hash }) => named.has(hash)), recipe],
  };
}

/** Of the commits that a prompt shows, in the ledger itself. */
const INPUTS_NAMED = 20;
