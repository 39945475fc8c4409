#!/usr/bin/env node
// Checks the version of Node before anything is loaded that an older one cannot run, then starts Tract. Plain old JavaScript on purpose:
// a native add-on or newer syntax would end an old Node with a crash instead of a sentence.
(function start() {
  var version = process.versions.node;
  var numbers = version.split(".");
  var major = Number(numbers[0]);
  var isRecent = major > 22 || (major === 22 && Number(numbers[1]) >= 15);
  if (!isRecent) {
    fail(
      "Tract needs Node.js 22.15 or newer; this is " + version + " (" + process.execPath + ").",
      "Install a current Node.js from https://nodejs.org, or point the host's configuration at one. In a clone of the\n" +
        "repository, `npm ci` brings a Node.js of its own: start Tract there with `npx tract-mcp` or through npm scripts.",
    );
    return;
  }
  import("../dist/server.js").catch((error) => {
    var isUnbuilt =
      error && error.code === "ERR_MODULE_NOT_FOUND" && /dist[\\/]server\.js/.test(String(error.message));
    if (!isUnbuilt) throw error;
    fail(
      "Tract is not built yet: dist/server.js is missing.",
      "Run `npm ci` (it builds) or `npm run build` in the repository.",
    );
  });

  function fail(message, hint) {
    process.stderr.write("error: " + message + "\nhint: " + hint + "\n");
    process.exitCode = 1;
  }
})();
