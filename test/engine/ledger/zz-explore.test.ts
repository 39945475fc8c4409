import { it } from "vitest";
import { writeFileSync } from "node:fs";
import { makeDamagedStores } from "../../support/damaged-store.ts";
it("explores", async () => {
  const stores = await makeDamagedStores();
  const cells: { table: string; column: string; where: string; value: unknown; row: number }[] = [];
  await stores.verifyAfter((raw) => {
    const tables = raw.prepare("SELECT name, sql FROM sqlite_master WHERE type='table' AND name NOT LIKE 'search_%' AND name NOT LIKE 'sqlite_%'").all() as any[];
    for (const { name, sql } of tables) {
      const columns = raw.pragma(`table_info(${name})`) as any[];
      const worowid = /WITHOUT ROWID/.test(sql);
      const pk = columns.filter((c) => c.pk > 0).map((c) => c.name);
      const rows = raw.prepare(`SELECT ${worowid ? "" : "rowid AS rid,"} * FROM ${name}`).all() as any[];
      for (const [i, r] of rows.entries()) {
        const where = worowid ? pk.map((p) => `${p} = ${typeof r[p] === "string" ? `'${r[p]}'` : Buffer.isBuffer(r[p]) ? `x'${r[p].toString("hex")}'` : r[p]}`).join(" AND ") : `rowid = ${r.rid}`;
        for (const c of columns) cells.push({ table: name, column: c.name, where, value: r[c.name], row: i });
        cells.push({ table: name, column: "*", where, value: null, row: i });
      }
    }
  });
  const out: string[] = [];
  for (const cell of cells) {
    let sql: string;
    if (cell.column === "*") sql = `DELETE FROM ${cell.table} WHERE ${cell.where}`;
    else {
      const v = cell.value;
      const next = typeof v === "number" ? `${cell.column} + 1` : typeof v === "string" ? `CASE WHEN ${cell.column} LIKE '%a%' THEN replace(${cell.column},'a','b') ELSE ${cell.column}||'1' END` : Buffer.isBuffer(v) ? `x'${Buffer.concat([Buffer.of(v[0]! ^ 1), v.subarray(1)]).toString("hex")}'` : "1";
      sql = `UPDATE ${cell.table} SET ${cell.column} = ${next} WHERE ${cell.where}`;
    }
    let failed = "";
    try {
      const res = await stores.verifyAfter((raw) => {
        try { raw.exec(sql); } catch (e) { failed = `REFUSED ${(e as Error).message}`; }
      });
      if (failed) out.push(`refused ${cell.table}.${cell.column} row ${cell.row} ${failed}`);
      else if (res.ok) out.push(`MISSED ${cell.table}.${cell.column} row ${cell.row} value ${String(cell.value).slice(0, 60)}`);
      else out.push(`ok ${cell.table}.${cell.column} row ${cell.row}: ${res.problems.map((p) => `${p.kind} ${p.what} ${p.field ?? "-"}@${p.sequence ?? p.hash?.slice(0, 6) ?? p.name}`).join("; ").slice(0, 300)} (${res.problems.length})`);
    } catch (e) {
      out.push(`THREW ${cell.table}.${cell.column} row ${cell.row}: ${(e as Error).name} ${(e as Error).message.slice(0, 200)} ${(e as Error).stack?.split("\n")[1]}`);
    }
  }
  writeFileSync("/tmp/scratch/explore.txt", out.join("\n"));
  await stores.remove();
}, 300_000);
