/** chat, generate and configure on the command line, and what doctor tells of a key. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Cli, createCli } from "../support/cli.ts";
import { type LlmServer, startLlmServer } from "../support/llm-server.ts";

const KEY = "sk-secret-cli-3141";
let cli: Cli;
let llm: LlmServer;
beforeEach(async () => {
  cli = createCli();
  llm = await startLlmServer({ apiKey: KEY });
});
afterEach(async () => {
  cli.remove();
  await llm.close();
});

const env = (): Readonly<Record<string, string>> => ({
  TRACT_LLM_API_KEY: KEY,
  TRACT_LLM_BASE_URL: llm.baseUrl,
  TRACT_LLM_MODEL: "m",
  TRACT_PROFILE: "full",
});

test("words are said as they are typed, and the answer is shown", async () => {
  llm.script("Hello yourself.", "More.");
  const said = await cli.run(["chat", "hello", "there", "--temperature", "0"], { env: env() });
  expect(said).toMatchObject({ exitCode: 0, out: expect.stringContaining("Hello yourself.") });
  expect(llm.requests[0]?.body).toMatchObject({
    temperature: 0,
    messages: [{ role: "user", content: "hello there" }],
  });
  expect(await cli.json(["generate"], { env: env() })).toMatchObject({
    text: "More.",
    generation_config: { model: "m" },
  });
  expect(await cli.json(["configure", "--set", '{"seed":0}'], { env: env() })).toMatchObject({
    resolved: { seed: { value: 0, from: "default" }, model: { value: "m", from: "setting" } },
  });
  expect((await cli.run(["configure", "chat"], { env: env() })).out).toMatch(/seed +0 +from default/);
});

test("a failure ends with 1 and says what to do, without the key", async () => {
  const { exitCode, err } = await cli.run(["chat", "hello"], {
    env: { ...env(), TRACT_LLM_API_KEY: "sk-not-it-9999" },
  });
  expect(exitCode).toBe(1);
  expect(err).toContain("llm-auth");
  expect(err).not.toContain("sk-not-it-9999");
});

describe("the key", () => {
  test("is told by doctor as set or unset", async () => {
    const settingsOf = async (options: object): Promise<unknown> =>
      Reflect.get(Object(await cli.json(["doctor"], options)), "settings");
    expect(await settingsOf({})).toContainEqual({ name: "llm.api_key", value: "unset", source: "default" });
    expect(await settingsOf({ env: env() })).toContainEqual({
      name: "llm.api_key",
      value: "set",
      source: "TRACT_LLM_API_KEY",
    });
    const { out, err } = await cli.run(["doctor"], { env: env() });
    expect(out + err).not.toContain(KEY);
  });

  test("has no flag, in help nor otherwise", async () => {
    expect((await cli.run(["--help"])).out).not.toMatch(/api.key/i);
    const { exitCode } = await cli.run(["chat", "hello", "--llm-api-key", KEY]);
    expect(exitCode).toBe(2);
  });

  test("may stand in the project's file", async () => {
    const file = join(cli.folder, "tract.config.json");
    writeFileSync(
      file,
      JSON.stringify({ profile: "full", llm: { api_key: KEY, base_url: llm.baseUrl, model: "m" } }),
    );
    chmodSync(file, 0o600);
    llm.script("from the file");
    expect((await cli.run(["chat", "hello"])).out).toContain("from the file");
  });
});
