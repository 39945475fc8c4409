/** `npm run conformance`: the requirement sets of both revisions, with the suite's own words; ends with 1 when something required fails. */
import { REVISIONS, runConformance } from "./suite.ts";

for (const revision of REVISIONS) {
  const { exitCode, output, log } = await runConformance(revision);
  const summary = output.indexOf("=== SUMMARY ===");
  console.log(`Server requirements of ${revision}\n`);
  console.log(exitCode === 0 && summary >= 0 ? output.slice(summary) : `${output}\n${log}`);
  if (exitCode !== 0) process.exitCode = 1;
}
