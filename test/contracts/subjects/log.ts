/** The log: order, pages, ranges, filters. */
import { expect, it } from "vitest";
import type { Hash } from "../../../src/storage/records.ts";
import type { LogQuery } from "../../../src/storage/store.ts";
import {
  ADA,
  BOT,
  contentOf,
  hashesOf,
  hashOf,
  type SampleCommit,
  SampleTract,
  tipOf,
} from "../../support/sample-tract.ts";
import type { StoreUnderTest } from "../store-contract.ts";

export function logContract(under: StoreUnderTest): void {
  const hashes = (...commits: readonly SampleCommit[]): readonly Hash[] =>
    commits.map(({ commit }) => commit.hash);

  /** Two sides that were written in turns and then merged, and one that was not. */
  async function turns() {
    const tract = new SampleTract();
    const root = tract.commit({ parents: [] });
    const sides: [SampleCommit[], SampleCommit[], SampleCommit[]] = [[], [], []];
    const all = [root];
    for (let round = 0; round < 6; round++)
      for (const side of sides) {
        const commit = tract.commit({ parents: [side.at(-1)?.commit.hash ?? root.commit.hash] });
        side.push(commit);
        all.push(commit);
      }
    const merge = tract.commit({ parents: [tipOf(sides[0]), tipOf(sides[1])], content: null });
    all.push(merge);
    await under.store.publish(tract.creation(all));
    const log = async (query: Partial<LogQuery>) =>
      hashesOf(
        await under.store.readLog(tract.name, {
          head: merge.commit.hash,
          limit: 100,
          firstParent: false,
          ...query,
        }),
      );
    return { tract, root, left: sides[0], right: sides[1], aside: sides[2], merge, all, log };
  }

  it("lists the first-parent chain newest first", async () => {
    const { root, left, merge, log } = await turns();
    expect(await log({ firstParent: true })).toEqual(hashes(root, ...left, merge).toReversed());
    expect(await log({ firstParent: true, limit: 3 })).toEqual(
      hashes(...left, merge)
        .toReversed()
        .slice(0, 3),
    );
    expect(await log({ limit: 0 })).toEqual([]);
  });

  it("lists merged commits too, in the order of their storing, newest first", async () => {
    const { root, left, right, merge, all, log } = await turns();
    const wanted = new Set([root, ...left, ...right, merge]);
    expect(await log({})).toEqual(hashes(...all.filter((commit) => wanted.has(commit))).toReversed());
  });

  it("goes on below the last commit of a page", async () => {
    const { log } = await turns();
    for (const firstParent of [true, false]) {
      const whole = await log({ firstParent });
      const pages: Hash[] = [];
      for (let after: Hash | undefined; ; ) {
        const page = await log({ firstParent, limit: 2, ...(after === undefined ? {} : { after }) });
        pages.push(...page);
        after = page.at(-1);
        if (after === undefined) break;
      }
      expect(pages).toEqual(whole);
    }
    expect(await log({ after: hashOf("unknown") })).toEqual([]);
  });

  it("leaves out what another commit reaches", async () => {
    const { root, left, right, aside, merge, all, log } = await turns();
    const newestFirst = (...commits: readonly SampleCommit[]) =>
      hashes(...all.filter((commit) => commits.includes(commit))).toReversed();
    expect(await log({ exclude: tipOf(left) })).toEqual(newestFirst(...right, merge));
    expect(await log({ exclude: tipOf(left), firstParent: true })).toEqual(hashes(merge));
    expect(await log({ exclude: left[2]!.commit.hash, firstParent: true })).toEqual(
      newestFirst(...left.slice(3), merge),
    );
    expect(await log({ exclude: tipOf(aside) })).toEqual(newestFirst(...left, ...right, merge));
    expect(await log({ exclude: merge.commit.hash })).toEqual([]);
    expect(await log({ exclude: hashOf("unknown"), firstParent: true })).toEqual(
      newestFirst(root, ...left, merge),
    );
  });

  it("filters by operation, content type, role, author and time", async () => {
    const tract = new SampleTract();
    const root = tract.commit({
      parents: [],
      content: contentOf("rule", { type: "instruction", role: "system" }),
    });
    const user = tract.commit({ parents: [root.commit.hash] });
    const bot = tract.commit({
      parents: [user.commit.hash],
      author: BOT,
      content: contentOf("answer", { role: "assistant" }),
    });
    const config = tract.commit({
      parents: [bot.commit.hash],
      content: contentOf("c", { type: "config", role: null }),
    });
    const edit = tract.commit({ parents: [config.commit.hash], edits: user.commit.hash });
    const merge = tract.commit({ parents: [edit.commit.hash, root.commit.hash], content: null });
    await under.store.publish(tract.creation([root, user, bot, config, edit, merge]));
    const log = async (query: Partial<LogQuery>) =>
      hashesOf(
        (
          await under.store.readLog(tract.name, {
            head: merge.commit.hash,
            limit: 9,
            firstParent: true,
            ...query,
          })
        ).toReversed(),
      );
    expect(await log({ operations: ["edit", "merge"] })).toEqual(hashes(edit, merge));
    expect(await log({ contentTypes: ["instruction", "config"] })).toEqual(hashes(root, config));
    expect(await log({ roles: ["assistant", "system"] })).toEqual(hashes(root, bot));
    expect(await log({ authorKinds: [BOT.kind] })).toEqual(hashes(bot));
    expect(await log({ authorKinds: [BOT.kind, ADA.kind], operations: ["append"], roles: ["user"] })).toEqual(
      hashes(user),
    );
    expect(await log({ since: bot.commit.createdAt })).toEqual(hashes(bot, config, edit, merge));
    expect(await log({ until: bot.commit.createdAt })).toEqual(hashes(root, user, bot));
    expect(await log({ since: user.commit.createdAt, until: user.commit.createdAt })).toEqual(hashes(user));
    expect(await log({ contentTypes: [] })).toEqual([]);
    expect(await log({ roles: ["nobody"] })).toEqual([]);
    expect(await log({ operations: ["append"], limit: 2 })).toEqual(hashes(bot, config));
    expect(await log({ operations: ["append"], limit: 2, after: bot.commit.hash })).toEqual(
      hashes(root, user),
    );
  });

  it("reads nothing behind a commit that is not there", async () => {
    const { log } = await turns();
    expect(await log({ head: hashOf("unknown") })).toEqual([]);
  });
}
