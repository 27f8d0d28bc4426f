import { StoreError, type StoreErrorCode } from "../../src/errors.ts";
import type { Random } from "./random.ts";

export type Operation = "create" | "get" | "list" | "delete";

/** What becomes of a request. Everything but `answered` is a fault. */
export type Fate =
  | "answered"
  /** It takes effect, and its answer is lost. */
  | "landed"
  | "never"
  /** Its sender is told that there is no answer while it is on its way. */
  | "later"
  /** It reaches the store twice, and the second answer is the one that counts. */
  | "repeated"
  | "refused"
  /** A delete that succeeds for some keys and fails for the others. */
  | "partly";

const faults: Readonly<Record<Operation, readonly [Fate, ...Fate[]]>> = {
  create: ["landed", "never", "later", "repeated", "landed", "later", "refused"],
  get: ["never", "never", "refused"],
  list: ["never", "never", "refused"],
  delete: ["landed", "never", "later", "repeated", "partly", "refused"],
};

/** How one schedule's network misbehaves. */
export class Network {
  readonly #random: Random;
  readonly #faultRate: number;
  readonly #lateAnswers: number;
  readonly #onlyDecisions: boolean;
  #budget: number;

  constructor(random: Random) {
    this.#random = random;
    this.#faultRate = random.pick([0, 0.03, 0.1, 0.25]);
    this.#budget = 1 + random.below(8);
    this.#lateAnswers = random.pick([0, 0.1, 0.4]);
    // Faults are rare: those that matter most get schedules of their own.
    this.#onlyDecisions = random.chance(0.4);
  }

  fate(operation: Operation, key: string): Fate {
    if (this.#budget === 0 || !this.#random.chance(this.#faultRate)) return "answered";
    if (this.#onlyDecisions && !(operation === "create" && /_COMMIT|_ANCHOR|fence|floor/.test(key)))
      return "answered";
    this.#budget -= 1;
    return this.#random.pick(faults[operation]);
  }

  /** Whether an answer is a while on its way. */
  isLate(): boolean {
    return this.#random.chance(this.#lateAnswers);
  }

  coin(): boolean {
    return this.#random.chance(0.5);
  }

  refusal(): StoreError {
    const code = this.#random.pick<StoreErrorCode>(["Denied", "Throttled", "Failed"]);
    return new StoreError(code, `refused: ${code}`);
  }
}

export function noAnswer(): StoreError {
  return new StoreError("Unavailable", "no answer");
}
