/** `tract tracts`: the tracts of a store, for people who look after several (spec 9, 22). */
import type { Services } from "../../compose.ts";
import { printableJson } from "../printable-json.ts";
import { table } from "../table.ts";
import { harmless, type Terminal } from "../terminal.ts";

export async function listTracts(
  services: Services,
  terminal: Terminal,
  options: { readonly json: boolean },
): Promise<void> {
  const { store, scope } = await services.engineFor({});
  const tracts = (await store.listTracts()).map(({ name, encoding, createdAt, operationSequence }) => ({
    name,
    encoding,
    created_at: createdAt,
    operations: operationSequence,
    current: name === scope.tract,
  }));
  if (options.json) {
    terminal.out(printableJson({ tracts }));
    return;
  }
  const { bold, dim, green } = terminal.colors;
  const rows = tracts.map(({ name, created_at, operations, current }) => [
    current ? green("*") : " ",
    current ? bold(harmless(name)) : harmless(name),
    dim(created_at.slice(0, 10)),
    `${operations.toLocaleString("en")} ${operations === 1 ? "operation" : "operations"}`,
  ]);
  terminal.out(
    rows.length === 0
      ? "There is no tract in this store yet.\n"
      : table([{}, { gives: true }, {}, {}], rows, terminal.width),
  );
}
