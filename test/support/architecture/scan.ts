/** Reads a source file the way the architecture rules see it: imports, functions, members and calls, comments. */
import { parseSync, Visitor } from "oxc-parser";

export interface SourceText {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** As written: `./errors.ts`, `node:fs`, `zod`. */
  readonly specifier: string;
  /** The file meant, from the repository's root; null for packages. */
  readonly target: string | null;
  /** Gone after type stripping. */
  readonly isTypeOnly: boolean;
}

export interface FunctionSpan {
  readonly name: string;
  readonly firstLine: number;
  readonly lines: number;
}

export interface Scan {
  readonly path: string;
  readonly lineCount: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSpan[];
  /** What is used: names (`fetch`), members of names (`process.env`), and `new Date()` for a construction without arguments. */
  readonly uses: ReadonlySet<string>;
  readonly hasDefaultExport: boolean;
  /** True when the first line (after a `#!`) is a comment or begins one. */
  readonly startsWithComment: boolean;
  readonly text: string;
}

export function scan(file: SourceText): Scan {
  const { program, module, errors } = parseSync(file.path, file.text, { sourceType: "module" });
  if (errors.length > 0) throw new Error(`${file.path} does not parse: ${errors[0]?.message}`);
  const imports: Import[] = [];
  const functions: FunctionSpan[] = [];
  const uses = new Set<string>();
  const names = new Map<number, string>();
  const lineOf = lineCounter(file.text);
  const add = (specifier: string, isTypeOnly: boolean): void => {
    imports.push({ specifier, target: targetOf(file.path, specifier), isTypeOnly });
  };
  const addFunction = (node: { start: number; end: number; id?: { name: string } | null }): void => {
    const firstLine = lineOf(node.start);
    const name = node.id?.name ?? names.get(node.start) ?? "an unnamed function";
    functions.push({ name, firstLine, lines: lineOf(node.end) - firstLine + 1 });
  };

  for (const found of module.staticImports) {
    add(found.moduleRequest.value, found.entries.length > 0 && found.entries.every((entry) => entry.isType));
  }
  for (const { entries } of module.staticExports) {
    const request = entries[0]?.moduleRequest;
    if (request)
      add(
        request.value,
        entries.every((entry) => entry.isType),
      );
  }
  new Visitor({
    ImportExpression: (node) => {
      if (node.source.type === "Literal") add(String(node.source.value), false);
    },
    TSImportType: (node) => add(node.source.value, true),
    VariableDeclarator: (node) => {
      if (node.init && node.id.type === "Identifier") names.set(node.init.start, node.id.name);
    },
    Property: (node) => {
      if (node.key.type === "Identifier") names.set(node.value.start, node.key.name);
    },
    MethodDefinition: (node) => {
      if (node.key.type === "Identifier" || node.key.type === "PrivateIdentifier")
        names.set(node.value.start, node.key.name);
    },
    FunctionDeclaration: addFunction,
    FunctionExpression: addFunction,
    ArrowFunctionExpression: addFunction,
    Identifier: (node) => uses.add(node.name),
    MemberExpression: (node) => {
      if (node.object.type !== "Identifier") return;
      if (!node.computed && node.property.type === "Identifier")
        uses.add(`${node.object.name}.${node.property.name}`);
    },
    NewExpression: (node) => {
      if (node.callee.type === "Identifier" && node.arguments.length === 0)
        uses.add(`new ${node.callee.name}()`);
    },
  }).visit(program);

  return {
    path: file.path,
    lineCount: file.text.trimEnd().split("\n").length,
    imports,
    functions,
    uses,
    hasDefaultExport: module.staticExports.some(({ entries }) =>
      entries.some((entry) => entry.exportName.kind === "Default"),
    ),
    startsWithComment: /^(?:#![^\n]*\n)?\/[/*]/.test(file.text),
    text: file.text,
  };
}

function targetOf(from: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}

function lineCounter(text: string): (offset: number) => number {
  const starts = [0, ...[...text.matchAll(/\n/g)].map((found) => found.index + 1)];
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}
