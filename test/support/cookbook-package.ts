/** Loaded before a program of the cookbook: the package is found in the sources, so that no build has to come first. */
import { registerHooks } from "node:module";

const sources = new URL("../../src/index.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) => next(specifier === "tract-mcp" ? sources : specifier, context),
});
