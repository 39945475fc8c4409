/** JSON as the CLI prints it: indented, and with nothing in it that a terminal could take for a command. */

/** Ends in a line break. Control and direction characters that JSON would let through are escaped; the value is the same. */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return `${text.replace(COMMANDS, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}

const COMMANDS = /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
