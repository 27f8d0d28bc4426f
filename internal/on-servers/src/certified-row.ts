import type { CaseResult, CertifyReport, RaceResult } from "@state/cli";

/** What is kept of a run of `state certify`: what the page shows. */
export interface CertifiedRow {
  readonly name: string;
  readonly version: string;
  readonly verdict: "certified" | "not certified" | "not run";
  /** Left out if it was not run. */
  readonly ran?: Ran | undefined;
  /** Why it was not run, or what stopped it. */
  readonly why?: string | undefined;
}

export interface Ran {
  /** `2026-01-31` */
  readonly date: string;
  /** How long all of it took, where it is known. */
  readonly seconds?: number | undefined;
  readonly cases: Outcomes;
  readonly races: Outcomes;
  readonly wholeListings: string;
  readonly failed: readonly Failed[];
  /** What cases that passed could not look at. */
  readonly notReached: readonly string[];
}

interface Outcomes {
  readonly passed: number;
  readonly skipped: number;
  readonly failed: number;
}

export interface Failed {
  readonly id: string;
  readonly title: string;
  /** The first of what was seen. */
  readonly seen: string;
}

export function ranOf(report: CertifyReport, seconds: number): Ran {
  const { cases, races, listings } = report;
  const { claimed, seen, listings: looks } = listings;
  return {
    date: report.date.slice(0, 10),
    seconds,
    cases: outcomesOf(cases),
    races: outcomesOf(races),
    wholeListings: `${claimed ? "declared" : "not declared"}; ${seen}${looks > 0 ? ` in ${looks}` : ""}`,
    failed: [...cases, ...races].filter(({ outcome }) => outcome === "failed").map(failedOf),
    notReached: cases.flatMap(({ id, notReached }) => notReached.map((what) => `${id}: ${what}`)),
  };
}

function outcomesOf(results: readonly { readonly outcome: keyof Outcomes }[]): Outcomes {
  const number = (of: keyof Outcomes): number => results.filter(({ outcome }) => outcome === of).length;
  return { passed: number("passed"), skipped: number("skipped"), failed: number("failed") };
}

function failedOf(result: CaseResult | RaceResult): Failed {
  const { id, title } = result;
  const seen = "wrong" in result ? (result.wrong[0] ?? "") : seenIn(result.message ?? "");
  return { id, title, seen };
}

/** The suite's own text says the MUST first, and then `seen: …`. */
function seenIn(message: string): string {
  return /seen: (.*)/.exec(message)?.[1] ?? message.split("\n")[0] ?? "";
}
