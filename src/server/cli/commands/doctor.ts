/** `tract doctor`: what is installed, which settings hold and why, and whether everything works (spec 6.1). */
import { VERSION } from "../../../version.ts";
import type { SettingSource } from "../../config-layers.ts";
import { SETTING_NAMES, SETTINGS } from "../../settings.ts";
import { printableJson } from "../printable-json.ts";
import { displayWidth, table, wrapped } from "../table.ts";
import type { Colors, Terminal } from "../terminal.ts";
import { type Check, type CheckHost, runChecks } from "./doctor-checks.ts";

/** Shows the report; true when nothing is broken. */
export async function runDoctor(
  host: CheckHost & { readonly terminal: Terminal; readonly json: boolean },
): Promise<boolean> {
  const { config, terminal } = host;
  const checks = await runChecks(host);
  const ok = checks.every((each) => each.ok);
  const settings = SETTING_NAMES.map((name) => ({
    name,
    value: SETTINGS[name].isSecret ? isSet(config.settings[name]) : config.settings[name],
    source: sourceText(config.sources[name]),
  }));
  const report = {
    ok,
    version: VERSION,
    platform: `${process.platform} ${process.arch}`,
    checks,
    settings,
    warnings: config.warnings,
  };
  terminal.out(host.json ? printableJson(report) : readable(report, terminal));
  return ok;
}

interface Report {
  readonly ok: boolean;
  readonly version: string;
  readonly platform: string;
  readonly checks: readonly Check[];
  readonly settings: readonly {
    readonly name: string;
    readonly value: string | number | boolean | null;
    readonly source: string;
  }[];
  readonly warnings: readonly string[];
}

function readable(report: Report, { colors, width }: Terminal): string {
  const { bold, dim, red, yellow } = colors;
  const settingRows = report.settings.map(({ name, value, source }) => [
    name,
    value === null ? dim("not set") : String(value),
    dim(source),
  ]);
  return [
    `${bold(`tract ${report.version}`)} ${dim(report.platform)}\n\n`,
    ...checkLines(report.checks, colors, width),
    `\n${bold("Settings")}\n`,
    table([{}, { gives: true }, {}], settingRows, width),
    ...report.warnings.map(
      (warning) => `\n${wrapped(`warning: ${warning}`, width).replace(/^warning:/, yellow)}`,
    ),
    report.warnings.length > 0 ? "\n" : "",
    report.ok ? "" : `\n${red("Something is broken: see the lines with ✗.")}\n`,
  ].join("");
}

/** A line for each check, and below it what to do where there is something to do. */
function checkLines(checks: readonly Check[], colors: Colors, width: number): readonly string[] {
  const names = Math.max(...checks.map(({ name }) => displayWidth(name)));
  const indent = " ".repeat("✓".length + names + 2 * "  ".length);
  return checks.map((check) => {
    const { name, detail, hint } = check;
    const advice = hint === null ? "" : `\n${colors.dim(wrapped(`${indent}→ ${hint}`, width))}`;
    const words = wrapped(`${indent}${detail}`, width).slice(indent.length);
    return `${markOf(check, colors)}  ${name.padEnd(names)}  ${words}${advice}\n`;
  });
}

function markOf({ ok, hint }: Check, { green, red, yellow }: Colors): string {
  return ok ? (hint === null ? green("✓") : yellow("!")) : red("✗");
}

/** All that is told of a secret. */
function isSet(value: unknown): string {
  return value === null ? "unset" : "set";
}

function sourceText(source: SettingSource): string {
  switch (source.kind) {
    case "default":
      return "default";
    case "file":
      return source.path;
    case "environment":
    case "flag":
      return source.name;
  }
}
