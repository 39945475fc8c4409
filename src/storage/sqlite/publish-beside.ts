/** Large publishes, on a connection of their own: while the transaction is open this process serves others, and may be told to stop. */
import type { ChangeSet, PublishReceipt } from "../change-set.ts";
import type { Connection } from "./connection.ts";
import { type Database, databaseOver } from "./database.ts";
import { asStoreError } from "./failures.ts";
import { type Patience, patiently } from "./patience.ts";
import type { PublishSteps } from "./publish.ts";

/** From so many rows on a publish may block a process for longer than its callers should wait. */
const ROWS_LARGE = 5_000;

export function isLarge({ commits, contents }: ChangeSet): boolean {
  return commits.length + contents.length >= ROWS_LARGE;
}

/**
 * @param open a further connection to the same store, ready to write.
 * @param rest awaited between the steps; what it throws rolls everything back.
 */
export async function publishBeside(
  { open, patience }: { readonly open: () => Connection; readonly patience: Patience },
  publish: (database: Database) => PublishSteps,
  rest: () => Promise<void>,
): Promise<PublishReceipt> {
  const connection = await patiently(patience, open);
  try {
    const database = databaseOver(connection);
    const steps = await patiently(patience, () => begun(publish(database)));
    return await finish(steps, rest);
  } catch (error) {
    throw asStoreError(error);
  } finally {
    connection.close();
  }
}

/** Takes the lock, or throws that it is taken. */
function begun(steps: PublishSteps): PublishSteps {
  steps.next();
  return steps;
}

async function finish(steps: PublishSteps, rest: () => Promise<void>): Promise<PublishReceipt> {
  for (;;) {
    await rest().catch((error: unknown) => steps.throw(error));
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
