import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests that start real processes or build the package; everything else is fast.
const slow = ["test/server/**", "test/package/**", "test/faults/**", "test/properties/**/*.long.test.ts"];
const setupFiles = ["test/support/fixed-seed.ts"];

export default defineConfig({
  test: {
    // One core stays free where there are many; of two, both are used: the slow tests mostly wait for their processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: slow,
          setupFiles,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "slow",
          include: slow.map((glob) => (glob.endsWith(".ts") ? glob : `${glob}/*.test.ts`)),
          setupFiles,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
