/** Serves MCP over HTTP for the life of a process: until a signal asks to end (spec 6.1, 7.4). */
import { TractError } from "../engine/errors.ts";
import { FULL_ACCESS } from "../tools/access.ts";
import { VERSION } from "../version.ts";
import { compose } from "./compose.ts";
import { type Config, type ConfigInputs, readProcessInputs, resolveConfig } from "./config.ts";
import type { HttpLimits } from "./http/http-limits.ts";
import { HTTP_LIMITS } from "./http/http-limits.ts";
import { type HttpServer, startHttpServer } from "./http/http-server.ts";
import { isLoopback, ownNames } from "./http/own-names.ts";
import { MESSAGES_PATH } from "./http/routes.ts";
import { readTokenFile } from "./http/token-file.ts";
import { createAdmission, repeated, type TokenEntry } from "./http/tokens.ts";
import { createMcpServer, type MakeServer } from "./mcp/create-server.ts";
import { createHttpEndpoint } from "./mcp/http-endpoint.ts";
import { writeToStderr } from "./stderr.ts";

/** Resolves when the server has ended and everything is closed. */
export async function serveHttp(flags: ConfigInputs["flags"]): Promise<void> {
  const config = resolveConfig(readProcessInputs(flags));
  // Until it listens, a signal ends the process as any other: nothing is open yet.
  const server = await openHttp(config, {
    writeLine: writeToStderr,
    limits: HTTP_LIMITS,
    makeServer: createMcpServer,
  });
  const asked = endSignal();
  try {
    await asked.come;
    await server.close();
  } finally {
    asked.forget();
  }
}

export interface HttpSurroundings {
  /** Takes lines of the log. */
  readonly writeLine: (line: string) => void;
  readonly limits: HttpLimits;
  readonly makeServer: MakeServer;
}

/**
 * Starts to listen; nothing is opened before the first call.
 *
 * @throws TractError `invalid-argument`: an open address without a token, or a token file that cannot be used; `in-use`: the port.
 */
export async function openHttp(
  config: Config,
  { writeLine, limits, makeServer }: HttpSurroundings,
): Promise<HttpServer> {
  const { settings } = config;
  const host = settings["http.host"];
  const tokens = await readTokens(config, writeLine);
  const further = settings["http.allowed_hosts"];
  if (tokens.length === 0 && !isLoopback(host)) throw openWithoutToken("http.host", host);
  // Who gives the server a public name puts something in front of it that lets others in.
  if (tokens.length === 0 && further !== null) throw openWithoutToken("http.allowed_hosts", further);
  const composition = compose(config, {
    authorKind: "agent",
    writeLog: writeLine,
    files: "import_root if set",
  });
  const now = (): number => performance.now();
  const endpoint = createHttpEndpoint({
    ...limits,
    connect: (access) => composition.connect(access),
    makeServer,
    messagesPath: MESSAGES_PATH,
    now,
  });
  const server = await startHttpServer({
    host,
    port: settings["http.port"],
    endpoint,
    admit: createAdmission(tokens),
    names: ownNames(host, further),
    version: VERSION,
    reachStore: composition.reachStore,
    limits,
    log: composition.log,
    now,
  });
  if (settings.log_level !== "silent")
    writeLine(`tract: MCP at http://${inAddress(host)}:${server.port}/mcp (older clients: /sse)\n`);
  return {
    ...server,
    close: async () => {
      await server.close();
      await composition.close();
    },
  };
}

async function readTokens(
  { settings }: Config,
  writeLine: (line: string) => void,
): Promise<readonly TokenEntry[]> {
  const own = settings["http.token"];
  const named = settings["http.token_file"];
  const file = named === null ? null : await readTokenFile(named);
  if (file?.isNew === true) writeLine("tract: made the token file, with a new token of scope write\n");
  const entries = [
    ...(own === null ? [] : [{ token: own, name: "own", access: FULL_ACCESS }]),
    ...(file?.tokens ?? []),
  ];
  const twice = repeated(entries);
  if (twice !== null) throw sameAsOwn(twice);
  return entries;
}

function sameAsOwn(what: "token" | "name"): TractError {
  return new TractError(
    "invalid-argument",
    what === "token"
      ? "the token of TRACT_HTTP_TOKEN stands in the token file, too"
      : 'the token file names a token "own", which is the name of TRACT_HTTP_TOKEN',
    { hint: "Give every token another text and another name.", data: { setting: "http.token_file" } },
  );
}

function openWithoutToken(setting: "http.host" | "http.allowed_hosts", value: string): TractError {
  return new TractError(
    "invalid-argument",
    `with ${setting} ${value} other machines reach this server, and no token is set`,
    {
      hint: `Set TRACT_HTTP_TOKEN, or name a file with --token-file (it is made when missing); or leave ${setting} out.`,
      data: { setting, value },
    },
  );
}

function inAddress(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

const END_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

function endSignal(): { readonly come: Promise<void>; readonly forget: () => void } {
  let end = (): void => undefined;
  const come = new Promise<void>((resolve) => {
    end = resolve;
  });
  for (const signal of END_SIGNALS) process.on(signal, end);
  return {
    come,
    forget: () => {
      for (const signal of END_SIGNALS) process.off(signal, end);
    },
  };
}
