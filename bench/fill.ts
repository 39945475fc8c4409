/** Fills stores for benches: dialogue of a given size, in batches. */
import { openStore } from "../src/index.ts";
import { prose } from "./harness.ts";

const BATCH = 1_000;

/** Adds commits to branch main of tract `bench` until it has `count`; `from` are there already. */
export async function fill(
  file: string,
  { from = 0, count, bytes }: { from?: number; count: number; bytes: number },
): Promise<void> {
  const store = await openStore(file, { durability: "normal" });
  const tract = await store.tract("bench");
  for (let i = from; i < count; i += BATCH) {
    const size = Math.min(BATCH, count - i);
    await tract.batch(
      Array.from({ length: size }, (_, k) => ({
        content: prose(i + k, bytes),
        role: k % 2 === 0 ? ("user" as const) : ("assistant" as const),
      })),
    );
  }
  await store.close();
}
