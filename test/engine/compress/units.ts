/** What tests of the strategies share: the units and groups of a history, and annotations with retain rules. */
import type { Unit } from "../../../src/engine/compile/unit.ts";
import { unitReader } from "../../../src/engine/compile/unit-reader.ts";
import { type Group, groupOf } from "../../../src/engine/compress/material.ts";
import type { Retain } from "../../../src/engine/history/retain.ts";
import type { Hash, JsonObject } from "../../../src/storage/records.ts";
import { type ChainBuilder, counter, draftOf } from "../../support/chain-builder.ts";

export const count = (text: string): number => counter.count(text);

export function unitsOf(history: ChainBuilder): readonly Unit[] {
  const reader = unitReader(draftOf(history));
  return Array.from({ length: reader.count }, (_, index) => reader.unitAt(index));
}

export function groupIn(history: ChainBuilder): Group {
  return groupOf(unitsOf(history));
}

export function retain(history: ChainBuilder, commit: Hash, rule: Retain): void {
  const row = history.annotate(commit, null);
  history.annotations[history.annotations.length - 1] = { ...row, retain: { ...rule } as JsonObject };
}

/** Chance that is the same in every run; numbers from 0 up to `below`. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
