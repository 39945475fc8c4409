/** The lines, links and settings that README.md and docs/install.md give: every one starts the package that is published. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { cursorLink, HOST_CONFIG, HOST_NAME, vsCodeLink } from "../../scripts/install-links.ts";

const text = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");
const guide = text("docs/install.md");
const pages = [
  ["README.md", text("README.md")],
  ["docs/install.md", guide],
] as const;
const packageName = z.object({ name: z.string() }).parse(JSON.parse(text("package.json"))).name;

/** Addresses of a page that add a server to a host. */
function installLinks(page: string): readonly string[] {
  return [...page.matchAll(/\]\((https:[^)]*[?&]config=[^)]*)\)/g)].map(([, link]) => link ?? "");
}

test("what hosts start is the published package", () => {
  expect(HOST_CONFIG.args.at(-1)).toBe(packageName);
});

test.each(pages)(
  "%s has a button for Cursor, VS Code and VS Code Insiders (else: node scripts/install-links.ts)",
  (_, page) => {
    expect(installLinks(page)).toEqual([
      cursorLink(),
      vsCodeLink({ insiders: false }),
      vsCodeLink({ insiders: true }),
    ]);
  },
);

test("each button decodes to the name and the settings", () => {
  for (const link of installLinks(guide).map((each) => new URL(each))) {
    const config = link.searchParams.get("config") ?? "";
    const isCursor = link.hostname === "cursor.com";
    expect(link.searchParams.get("name")).toBe(HOST_NAME);
    expect(JSON.parse(isCursor ? Buffer.from(config, "base64").toString() : config)).toEqual(HOST_CONFIG);
    expect(link.href.endsWith("&quality=insiders")).toBe(link.searchParams.has("quality"));
  }
});

test.each(pages)("the command lines of %s name the same command", (_, page) => {
  const commands = [...page.matchAll(/(?:claude|codex) mcp add .*?-- ([^\n`]+)/g)].map(([, line]) => line);
  const plain = commands.map((command) => command?.replace(/^cmd \/c /, ""));
  expect(new Set(plain)).toEqual(new Set([[HOST_CONFIG.command, ...HOST_CONFIG.args].join(" ")]));
  for (const host of ["claude", "codex"]) expect(page).toContain(`${host} mcp add ${HOST_NAME} -- `);
});

test("the settings files hold the same settings", () => {
  const blocks = [...guide.matchAll(/```json\n(.*?)```/gs)].map(([, block]): unknown =>
    JSON.parse(block ?? ""),
  );
  const servers = { [HOST_NAME]: HOST_CONFIG };
  const onWindows = { command: "cmd", args: ["/c", HOST_CONFIG.command, ...HOST_CONFIG.args] };
  expect(blocks).toEqual([
    { mcpServers: servers },
    { mcpServers: servers },
    { servers },
    { mcpServers: { [HOST_NAME]: onWindows } },
  ]);
  const added = /--add-mcp '(.*)'/.exec(guide)?.[1] ?? "";
  expect(JSON.parse(added)).toEqual({ name: HOST_NAME, ...HOST_CONFIG });
  const readme = /`(\{ "mcpServers".*?)`/.exec(pages[0][1])?.[1] ?? "";
  expect(JSON.parse(readme)).toEqual({ mcpServers: servers });
});

test("the lines for Codex are the same settings in its own form", () => {
  const [table = "", ...lines] = (/```toml\n(.*?)```/s.exec(guide)?.[1] ?? "").trim().split("\n");
  expect(table).toBe(`[mcp_servers.${HOST_NAME}]`);
  // Strings and lists of strings are written alike in TOML and JSON.
  const entries = lines.map((line) => line.split(" = ")).map(([key, value = ""]) => [key, JSON.parse(value)]);
  expect(Object.fromEntries(entries)).toEqual(HOST_CONFIG);
});
