/** The log's way to stderr, whose reader may leave: without a listener a broken pipe there would end the process. */

let isGuarded = false;

export function writeToStderr(text: string): void {
  if (!isGuarded) process.stderr.on("error", () => undefined);
  isGuarded = true;
  process.stderr.write(text);
}
