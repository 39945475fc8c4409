/** A disk of a few megabytes in memory, for filling it up; only a superuser of Linux may mount one. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import path from "node:path";

export interface SmallDisk {
  readonly folder: string;
  /** Takes all room but so many bytes; what was taken before is given back first. */
  readonly leave: (bytes: number) => void;
  /** Gives back what was taken. */
  readonly giveBack: () => void;
  readonly setReadonly: (isReadonly: boolean) => void;
  readonly unmount: () => void;
}

/** null when this process may not mount anything. */
export function mountSmallDisk(folder: string, bytes: number): SmallDisk | null {
  mkdirSync(folder, { recursive: true });
  if (mount(["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder]) !== 0) return null;
  const ballast = path.join(folder, "ballast");
  const giveBack = (): void => rmSync(ballast, { force: true });
  return {
    folder,
    giveBack,
    leave: (wanted) => {
      giveBack();
      const file = openSync(ballast, "w");
      const { bavail, bsize } = statfsSync(folder);
      if (bavail * bsize > wanted) writeSync(file, Buffer.alloc(bavail * bsize - wanted));
      closeSync(file);
    },
    setReadonly: (isReadonly) => {
      if (mount(["-o", `remount,${isReadonly ? "ro" : "rw"}`, folder]) !== 0)
        throw new Error("the small disk is in use");
    },
    unmount: () => void spawnSync("umount", ["-l", folder], { stdio: "ignore" }),
  };
}

/** The exit code; no program of that name counts as a failure. */
function mount(args: readonly string[]): number {
  return spawnSync("mount", args, { stdio: "ignore" }).status ?? 1;
}
