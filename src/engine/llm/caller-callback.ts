/** Functions that a caller gave to be told something: what they throw is no failure of the LLM, and is told as what it is. */
import { TractError } from "../errors.ts";

/**
 * The same function, whose error ends the call as one of the caller's own making.
 *
 * @param name of the option, for the message.
 */
export function guardedCallback<Args extends readonly unknown[]>(
  name: string,
  callback: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (cause) {
      throw new TractError("cancelled", `${name} threw an error, which broke off the call`, {
        hint: `Look at what ${name} does; the error that it threw is the cause of this one.`,
        data: { callback: name },
        cause,
      });
    }
  };
}
