// Builds after `npm ci`. Where the tools are not installed, as when npx links a fresh clone, it says so and lets npm go on: a failure here
// would leave npx with a broken link of the clone that it never mends.
import { existsSync } from "node:fs";

if (existsSync(new URL("../node_modules/esbuild", import.meta.url))) await import("./build.ts");
else console.error("Not built: the build tools are missing. Run `npm ci` in the repository.");
