/** Collects what verify finds: a bounded list of problems, each naming the thing and its field, and a count of the rest. */
import type { Hash } from "../../storage/records.ts";

export type ProblemKind =
  | "tract"
  | "content"
  | "commit"
  | "annotation"
  | "ref"
  | "operation"
  | "ledger"
  | "database";

/**
 * changed: not what it was when it was written. missing: gone. unreadable: its row cannot be read at all. disordered: not in its place.
 * unlinked: it stands alone where two things belong together.
 */
export type Damage = "changed" | "missing" | "unreadable" | "disordered" | "unlinked";

export interface Problem {
  readonly kind: ProblemKind;
  readonly what: Damage;
  /** The field that is wrong; null when it is the whole thing. `hash`: one of the fields that the hash covers, it cannot be told which. */
  readonly field: string | null;
  /** Of a content or commit. */
  readonly hash: Hash | null;
  /** Of a ledger entry, an operation or an annotation. */
  readonly sequence: number | null;
  /** Of a ref or tract. */
  readonly name: string | null;
  /** In words. Never stored content. */
  readonly detail: string;
}

export interface Findings {
  /** The first ones. */
  readonly problems: Problem[];
  /** How many there are beyond those. */
  omitted: number;
}

/** What a problem is of, as far as it has hash, number or name. */
export type ProblemReport = Pick<Problem, "kind" | "what" | "detail"> & Partial<Problem>;
export type Report = (problem: ProblemReport) => void;

/** Where the parts of verify report to; keeps at most `problemsMax`. */
export function createFindings(problemsMax: number): {
  readonly findings: Findings;
  readonly report: Report;
} {
  const findings: Findings = { problems: [], omitted: 0 };
  return {
    findings,
    report: (problem) => {
      if (findings.problems.length >= problemsMax) findings.omitted++;
      else findings.problems.push({ field: null, hash: null, sequence: null, name: null, ...problem });
    },
  };
}
