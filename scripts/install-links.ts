/** The links behind the install buttons of README.md and docs/install.md: `node scripts/install-links.ts` prints them. */

/** How a host starts the published package, whatever the host's own settings file looks like. */
export const HOST_NAME = "tract";
export const HOST_CONFIG: { readonly command: string; readonly args: readonly string[] } = {
  command: "npx",
  args: ["-y", "tract-mcp"],
};

/** Opens Cursor and asks there whether to add the server. GitHub shows no links of other schemes, so it goes by a page of Cursor's. */
export function cursorLink(): string {
  const link = new URL("https://cursor.com/en/install-mcp");
  link.searchParams.set("name", HOST_NAME);
  link.searchParams.set("config", Buffer.from(JSON.stringify(HOST_CONFIG)).toString("base64"));
  return link.href;
}

/** Opens VS Code, or its Insiders edition, and asks there whether to add the server. */
export function vsCodeLink({ insiders }: { readonly insiders: boolean }): string {
  const config = encodeURIComponent(JSON.stringify(HOST_CONFIG));
  const link = `https://insiders.vscode.dev/redirect/mcp/install?name=${HOST_NAME}&config=${config}`;
  return insiders ? `${link}&quality=insiders` : link;
}

if (import.meta.main)
  for (const link of [cursorLink(), vsCodeLink({ insiders: false }), vsCodeLink({ insiders: true })])
    console.log(link);
