/** `tract doctor`: what is installed, which settings hold and why, and whether everything works (spec 6.1). */
import { VERSION } from "../../../version.ts";
import type { SettingSource } from "../../config-layers.ts";
import { SETTING_NAMES, SETTINGS } from "../../settings.ts";
import { printableJson } from "../printable-json.ts";
import { cut, displayWidth, table, wrapped } from "../table.ts";
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
  return [
    `${bold(`tract ${report.version}`)} ${dim(report.platform)}\n\n`,
    ...checkLines(report.checks, colors, width),
    `\n${bold("Settings")}\n`,
    settingTable(report.settings, colors, width),
    ...report.warnings.map(
      (warning) => `\n${wrapped(`warning: ${warning}`, width).replace(/^warning:/, yellow)}`,
    ),
    report.warnings.length > 0 ? "\n" : "",
    report.ok ? "" : `\n${red("Something is broken: see the lines with ✗.")}\n`,
  ].join("");
}

/** Values and sources that are too long go on below: a path that is cut says nothing. */
function settingTable(settings: Report["settings"], { dim }: Colors, width: number): string {
  const room = width - SETTING_NAME_WIDTH;
  const rows = settings.flatMap(({ name, value, source }) => {
    const values = inPieces(value === null ? "not set" : String(value), Math.floor(room * VALUE_SHARE));
    const sources = inPieces(source, Math.floor(room * (1 - VALUE_SHARE)));
    return Array.from({ length: Math.max(values.length, sources.length) }, (_, at) => {
      const [piece = "", from = ""] = [values[at], sources[at]];
      return [at === 0 ? name : "", value === null ? dim(piece) : piece, from === "" ? "" : dim(from)];
    });
  });
  return table([{}, {}, {}], rows, width);
}

/** The longest name, and what is between three columns. */
const SETTING_NAME_WIDTH = Math.max(...SETTING_NAMES.map((name) => name.length)) + 2 * "  ".length;
/** So that on 80 columns the name of every variable fits beside a value. */
const VALUE_SHARE = 4 / 7;

/** Columns; a piece of nothing would have no end. */
const PIECE_MIN = 4;

function inPieces(text: string, width: number): readonly string[] {
  const piece = cut(text, Math.max(PIECE_MIN, width));
  if (piece === text) return [text];
  const kept = piece.slice(0, -"…".length);
  return [kept, ...inPieces(text.slice(kept.length), width)];
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
