/** Settings: their layers, sources and checks, without a real environment. */
import { describe, expect, test } from "vitest";
import { TractError } from "../../src/engine/errors.ts";
import { type ConfigInputs, resolveConfig, wantsColors } from "../../src/server/config.ts";
import { parseServeArguments } from "../../src/server/serve-arguments.ts";
import { environmentNameOf, flagOf, SETTING_NAMES } from "../../src/server/settings.ts";

const linux: ConfigInputs = {
  flags: {},
  env: {},
  cwd: "/home/ada/notes/deep",
  homedir: "/home/ada",
  platform: "linux",
  readFile: () => null,
  exists: () => false,
};

function withFiles(
  files: Readonly<Record<string, unknown>>,
  inputs: Partial<ConfigInputs> = {},
): ConfigInputs {
  const text = (path: string): string | null => {
    if (!Object.hasOwn(files, path)) return null;
    const content = files[path];
    return typeof content === "string" ? content : JSON.stringify(content);
  };
  return { ...linux, readFile: text, exists: (path) => Object.hasOwn(files, path), ...inputs };
}

function refusal(inputs: ConfigInputs): TractError {
  try {
    resolveConfig(inputs);
  } catch (error) {
    if (error instanceof TractError) return error;
    throw error;
  }
  throw new Error("the config was accepted");
}

describe("defaults", () => {
  test("need neither file nor environment", () => {
    const { settings, sources } = resolveConfig(linux);
    expect(settings).toEqual({
      store: "sqlite:/home/ada/.local/share/tract/tract.db",
      tract: "default",
      worktree: "default",
      profile: "self",
      durability: "full",
      compile_budget: 8000,
      encoding: "o200k_base",
      default_branch: "main",
      "agent.id": null,
      "agent.class": null,
      "ledger.reason_chars": 200,
      "ledger.excerpt_chars": 240,
      "ledger.tool_reads": false,
      "llm.api_key": null,
      "llm.base_url": null,
      "llm.model": null,
      "llm.timeout_ms": 300_000,
      "redaction.action": "off",
      log_level: "warn",
      import_root: "/home/ada/notes",
      "http.host": "127.0.0.1",
      "http.port": 7_420,
      "http.token": null,
      "http.token_file": null,
      "http.allowed_hosts": null,
    });
    expect(Object.values(sources)).toEqual(SETTING_NAMES.map(() => ({ kind: "default" })));
  });

  test.each([
    ["linux", { XDG_DATA_HOME: "/data/ada" }, "/home/ada", "sqlite:/data/ada/tract/tract.db"],
    ["linux", { XDG_DATA_HOME: "relative" }, "/home/ada", "sqlite:/home/ada/.local/share/tract/tract.db"],
    ["darwin", {}, "/Users/ada", "sqlite:/Users/ada/Library/Application Support/Tract/tract.db"],
    ["win32", { LOCALAPPDATA: "D:\\Local" }, "C:\\Users\\ada", "sqlite:D:\\Local\\Tract\\tract.db"],
    ["win32", {}, "C:\\Users\\ada", "sqlite:C:\\Users\\ada\\AppData\\Local\\Tract\\tract.db"],
  ] as const)("keep the store in the user's data folder on %s with %j", (platform, env, homedir, store) => {
    expect(resolveConfig({ ...linux, platform, env, homedir, cwd: homedir }).settings.store).toBe(store);
  });
});

describe("the tract", () => {
  test.each([".git", "tract.config.json"])("is named for the nearest project folder, one with %s", (mark) => {
    const { settings, projectFolder } = resolveConfig(
      withFiles({ [`/home/ada/notes/${mark}`]: "{}", "/home/ada/.git": "" }),
    );
    expect(projectFolder).toBe("/home/ada/notes");
    expect(settings.tract).toMatch(/^notes-[0-9a-f]{4}$/);
    expect(settings.import_root).toBe("/home/ada");
  });

  test("differs between two projects of the same folder name", () => {
    const tractOf = (folder: string): string =>
      resolveConfig(withFiles({ [`${folder}/.git`]: "" }, { cwd: folder })).settings.tract;
    expect(tractOf("/a/app")).not.toBe(tractOf("/b/app"));
    expect(tractOf("/a/app")).toBe(tractOf("/a/app"));
  });

  test.each([
    ["/srv/My Notes (2)", /^My-Notes-2--[0-9a-f]{4}$/],
    ["/", /^project-[0-9a-f]{4}$/],
    ["/srv/проект", /^проект-[0-9a-f]{4}$/],
  ])("has a name that can be typed for the project %s", (folder, name) => {
    const marker = folder === "/" ? "/.git" : `${folder}/.git`;
    expect(resolveConfig(withFiles({ [marker]: "" }, { cwd: folder })).settings.tract).toMatch(name);
  });
});

describe("layers", () => {
  const user = "/home/ada/.config/tract/tract.config.json";
  const project = "/home/ada/notes/tract.config.json";

  test("win in the order: user's file, project's file, environment, flags", () => {
    const { settings, sources } = resolveConfig(
      withFiles(
        {
          [user]: { worktree: "user", profile: "full", compile_budget: 1, encoding: "cl100k_base" },
          [project]: { worktree: "project", profile: "full", compile_budget: 2 },
        },
        { env: { TRACT_WORKTREE: "environment", TRACT_COMPILE_BUDGET: "3" }, flags: { worktree: "flag" } },
      ),
    );
    expect([settings.encoding, settings.profile, settings.compile_budget, settings.worktree]).toEqual([
      "cl100k_base",
      "full",
      3,
      "flag",
    ]);
    expect(sources.encoding).toEqual({ kind: "file", path: user });
    expect(sources.profile).toEqual({ kind: "file", path: project });
    expect(sources.compile_budget).toEqual({ kind: "environment", name: "TRACT_COMPILE_BUDGET" });
    expect(sources.worktree).toEqual({ kind: "flag", name: "--worktree" });
    expect(sources.tract).toEqual({ kind: "default" });
  });

  test("take nested settings from objects", () => {
    const { settings } = resolveConfig(
      withFiles({ [project]: { agent: { id: "ada" }, ledger: { reason_chars: 80 } } }),
    );
    expect([settings["agent.id"], settings["ledger.reason_chars"]]).toEqual(["ada", 80]);
  });

  test("treat an empty variable as not set", () => {
    expect(resolveConfig({ ...linux, env: { TRACT_PROFILE: "" } }).settings.profile).toBe("self");
  });

  test("resolve a relative store from where it was given", () => {
    const fromFile = resolveConfig(withFiles({ [project]: { store: "sqlite:./data/t.db" } }));
    expect(fromFile.settings.store).toBe("sqlite:/home/ada/notes/data/t.db");
    const fromFlag = resolveConfig({ ...linux, flags: { store: "sqlite:t.db", import_root: ".." } });
    expect(fromFlag.settings.store).toBe("sqlite:/home/ada/notes/deep/t.db");
    expect(fromFlag.settings.import_root).toBe("/home/ada/notes");
    expect(resolveConfig({ ...linux, env: { TRACT_STORE: "./t.db" } }).settings.store).toBe(
      "sqlite:/home/ada/notes/deep/t.db",
    );
    expect(resolveConfig({ ...linux, env: { TRACT_STORE: "sqlite:~/t.db" } }).settings.store).toBe(
      "sqlite:/home/ada/t.db",
    );
  });

  test("give every setting a flag and a variable of its own", () => {
    expect(new Set(SETTING_NAMES.map(flagOf)).size).toBe(SETTING_NAMES.length);
    expect(environmentNameOf("ledger.reason_chars")).toBe("TRACT_LEDGER_REASON_CHARS");
    expect(flagOf("ledger.reason_chars")).toBe("ledger-reason-chars");
  });
});

describe("refuses", () => {
  const project = "/home/ada/notes/tract.config.json";

  test("a setting that does not exist, with the near name", () => {
    const error = refusal(withFiles({ [project]: { profil: "full" } }));
    expect(error).toMatchObject({ code: "invalid-argument", data: { setting: "profil", near: ["profile"] } });
    expect(error.hint).toContain("Did you mean profile?");
  });

  test("a nested setting that does not exist", () => {
    expect(refusal(withFiles({ [project]: { agent: { idd: "x" } } })).data).toMatchObject({
      setting: "agent.idd",
      near: ["agent.id"],
    });
  });

  test("prototype keys", () => {
    expect(refusal(withFiles({ [project]: '{"__proto__": {"profile": "full"}}' })).code).toBe(
      "invalid-argument",
    );
  });

  test.each(["{", "[1]", '"text"', "null"])("a config file that holds %s", (text) => {
    expect(refusal(withFiles({ [project]: text })).code).toBe("invalid-argument");
  });

  test.each([
    ["profile", "most"],
    ["durability", "some"],
    ["compile_budget", "-1"],
    ["compile_budget", "many"],
    ["compile_budget", "1.5"],
    ["encoding", "p50k_base"],
    ["log_level", "loud"],
    ["store", "postgres://localhost/tract"],
    ["store", "file:///tract.db"],
    ["store", "sqlite:"],
    ["tract", ""],
    ["worktree", "x".repeat(201)],
  ] as const)("%s = %j, naming the flag", (name, value) => {
    const error = refusal({ ...linux, flags: { [name]: value } });
    expect(error).toMatchObject({
      code: "invalid-argument",
      data: { setting: name, source: `--${flagOf(name)}` },
    });
  });

  test("no path of the machine is in a refusal", () => {
    const error = refusal(withFiles({ [project]: { store: 1 } }));
    expect(`${error.message} ${error.hint} ${JSON.stringify(error.data)}`).not.toContain("/home");
  });
});

test("an unknown variable is a warning with the near name, because the environment is shared", () => {
  const { warnings } = resolveConfig({ ...linux, env: { TRACT_PROFLE: "full", PATH: "/bin" } });
  expect(warnings).toEqual([
    "environment variable TRACT_PROFLE is no setting of this version; did you mean TRACT_PROFILE?",
  ]);
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  [{ TERM: "dumb" }, true, false],
])("colours with %j on a terminal (%j): %j", (env, isTerminal, colours) => {
  expect(wantsColors(env, isTerminal)).toBe(colours);
});

describe("the LLM", () => {
  const key = "sk-secret-1234";

  test("is configured by file or environment, under the names of the settings", () => {
    const file = {
      llm: { api_key: key, base_url: "http://127.0.0.1:11434/v1", model: "m", timeout_ms: 5000 },
    };
    const { settings, sources } = resolveConfig(
      withFiles({ "/home/ada/.config/tract/tract.config.json": file }, { env: { TRACT_LLM_MODEL: "other" } }),
    );
    expect(settings).toMatchObject({
      "llm.api_key": key,
      "llm.base_url": "http://127.0.0.1:11434/v1",
      "llm.model": "other",
      "llm.timeout_ms": 5000,
    });
    expect(sources["llm.model"]).toEqual({ kind: "environment", name: "TRACT_LLM_MODEL" });
    expect(resolveConfig({ ...linux, env: { TRACT_LLM_API_KEY: key } }).settings["llm.api_key"]).toBe(key);
  });

  test("takes nothing from the variables of other programs", () => {
    const env = { OPENAI_API_KEY: key, OPENAI_BASE_URL: "http://example.invalid", OPENAI_MODEL: "m" };
    expect(resolveConfig({ ...linux, env }).settings).toMatchObject({
      "llm.api_key": null,
      "llm.base_url": null,
      "llm.model": null,
    });
  });

  test("has no flag for its key", () => {
    expect(parseServeArguments(["serve", "--llm-model", "m"], { isTerminal: false })).toEqual({
      "llm.model": "m",
    });
    expect(parseServeArguments(["serve", "--llm-api-key", key], { isTerminal: false })).toBeNull();
    expect(resolveConfig({ ...linux, flags: { "llm.api_key": key } }).settings["llm.api_key"]).toBeNull();
  });

  test("does not take its key from a file that others can read", () => {
    const path = "/home/ada/.config/tract/tract.config.json";
    const open = { isOpenToOthers: () => true };
    const error = refusal(withFiles({ [path]: { llm: { api_key: key } } }, open));
    expect(error).toMatchObject({ code: "invalid-argument", data: { setting: "llm.api_key" } });
    expect(error.hint).toMatch(/chmod 600/);
    expect(JSON.stringify(error)).not.toContain(key);
    expect(resolveConfig(withFiles({ [path]: { llm: { model: "m" } } }, open)).settings["llm.model"]).toBe(
      "m",
    );
  });

  test.each([
    ["llm.api_key", "TRACT_LLM_API_KEY", `${key} with spaces`],
    ["llm.api_key", "TRACT_LLM_API_KEY", `${key}\n`],
    ["llm.base_url", "TRACT_LLM_BASE_URL", "ftp://example.com"],
    ["llm.base_url", "TRACT_LLM_BASE_URL", `https://ada:${key}@example.com/v1`],
    ["llm.timeout_ms", "TRACT_LLM_TIMEOUT_MS", "0"],
  ])("refuses a wrong %s without quoting it", (setting, name, value) => {
    const error = refusal({ ...linux, env: { [name]: value } });
    expect(error).toMatchObject({ code: "invalid-argument", data: { setting } });
    expect(JSON.stringify([error, String(error.cause)])).not.toContain(key);
  });
});
