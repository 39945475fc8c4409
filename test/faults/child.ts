/** Child processes of fault tests: started with a cache of compiled code, heard line by line, and ended by their own id. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { CODE_CACHE } from "../support/child-env.ts";

/** How a process ended: its exit code (null: by a signal) and what it wrote to stderr. */
export interface Ended {
  readonly code: number | null;
  readonly errors: string;
}

export interface Child {
  readonly child: ChildProcess;
  /** What it printed so far. */
  readonly lines: readonly string[];
  readonly ended: Promise<Ended>;
}

/** Starts a script of this folder; `onLine` hears of everything that it prints. */
export function startScript(
  script: string,
  args: readonly string[],
  onLine: (line: string, child: ChildProcess) => void = () => {},
): Child {
  const file = path.join(import.meta.dirname, `${script}.ts`);
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: CODE_CACHE },
  });
  const lines: string[] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    onLine(line, child);
  });
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, errors })));
  return { child, lines, ended };
}

/** The instants of kills, the same in every run as far as that can be: numbers from 0 up to 1. */
export function seededChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
