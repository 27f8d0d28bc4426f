import { storeCases, storeConformance, type StoreHarness, storeMusts } from "@state/core/conformance";

/** What a case of the store suite came to. */
export interface CaseResult {
  /** Stable: `family.what`. */
  readonly id: string;
  readonly title: string;
  /** The MUST of the store contract. */
  readonly must: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly ms: number;
  /** What was seen, or why it was not run. */
  readonly message?: string | undefined;
  /** What a case that passed could not look at, because the store gave it no occasion to. */
  readonly notReached: readonly string[];
}

export interface SuiteOptions {
  readonly harness: Omit<StoreHarness, "notReached">;
  /** The ids of the cases to run. Default: all. */
  readonly only: ReadonlySet<string> | undefined;
  readonly signal: AbortSignal;
  readonly onBegin: (id: string, number: number, count: number) => void;
  readonly onEnd: (result: CaseResult) => void;
}

interface DeclaredCase {
  readonly name: string;
  readonly body: () => Promise<void>;
  readonly timeoutMs: number;
  readonly isSkipped: boolean;
}

/** Runs the store suite, one case after another. Rejects with the signal's reason if it aborts. */
export async function runSuite(options: SuiteOptions): Promise<readonly CaseResult[]> {
  const { harness, only, signal, onBegin, onEnd } = options;
  const unreached = new Map<string, string[]>();
  const notReached = (id: string, what: string): void => {
    unreached.set(id, [...(unreached.get(id) ?? []), what]);
  };
  const declared = declaredCases({ ...harness, notReached });
  const asked = storeCases.filter(({ id }) => only?.has(id) ?? true);
  const results: CaseResult[] = [];
  for (const [index, { id, title, must }] of asked.entries()) {
    signal.throwIfAborted();
    onBegin(id, index + 1, asked.length);
    const began = performance.now();
    const { outcome, message } = await resultOf(declared.get(id), signal);
    const ms = Math.round(performance.now() - began);
    const result = {
      id,
      title,
      must: `${must}: ${storeMusts[must]}`,
      outcome,
      ms,
      message,
      notReached: unreached.get(id) ?? [],
    };
    results.push(result);
    onEnd(result);
  }
  return results;
}

/** What the suite declares, by id: a test's name begins with it. */
function declaredCases(harness: StoreHarness): ReadonlyMap<string, DeclaredCase> {
  const cases = new Map<string, DeclaredCase>();
  const add = (declared: DeclaredCase): void => {
    cases.set(declared.name.slice(0, declared.name.indexOf(":")), declared);
  };
  const test = (name: string, body: () => Promise<void>, timeoutMs = 60_000): void =>
    add({ name, body, timeoutMs, isSkipped: false });
  const skip = (name: string, body: () => Promise<void>): void =>
    add({ name, body, timeoutMs: 0, isSkipped: true });
  storeConformance({ describe: (_, body) => body(), test: Object.assign(test, { skip }) }, harness);
  return cases;
}

async function resultOf(
  declared: DeclaredCase | undefined,
  signal: AbortSignal,
): Promise<Pick<CaseResult, "outcome" | "message">> {
  if (declared === undefined) return { outcome: "skipped", message: "the suite did not declare it" };
  const { name, body, timeoutMs, isSkipped } = declared;
  if (isSkipped) return { outcome: "skipped", message: /\(not run: (.*)\)$/.exec(name)?.[1] };
  try {
    await within(timeoutMs, body(), signal);
    return { outcome: "passed" };
  } catch (error) {
    signal.throwIfAborted();
    return { outcome: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

/** The case itself knows nothing of the limit and the signal: it is left to itself. */
async function within(milliseconds: number, running: Promise<void>, signal: AbortSignal): Promise<void> {
  const limit = new AbortController();
  const timer = setTimeout(
    () => limit.abort(new Error(`it had not ended after ${milliseconds / 1_000} s`)),
    milliseconds,
  );
  const either = AbortSignal.any([limit.signal, signal]);
  const ended = new Promise<never>((_, reject) => {
    const fail = (): void => reject(either.reason as Error);
    if (either.aborted) fail();
    else either.addEventListener("abort", fail, { once: true });
  });
  try {
    await Promise.race([running, ended]);
  } finally {
    clearTimeout(timer);
  }
}
