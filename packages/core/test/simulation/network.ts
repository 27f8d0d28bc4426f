import { StoreError, type StoreErrorCode } from "../../src/errors.ts";
import type { Random } from "./random.ts";

export type Operation = "create" | "get" | "list" | "delete";

/** What becomes of a request. Everything but `normal` is a fault. */
export type Fate =
  | "normal"
  /** It takes effect, and its response is lost. */
  | "landed"
  | "never"
  /** Its sender is told that there is no response while it is on its way. */
  | "later"
  /** It reaches the store twice, and the second response is the one that counts. */
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
  readonly #lateResponses: number;
  readonly #onlyDecisions: boolean;
  /** How likely a page takes its names and looks at them later. */
  readonly #tornPages: number;
  /** How long what its sender gave up is on its way, at most: events. */
  readonly #longestWay: number;
  #budget: number;

  constructor(random: Random) {
    this.#random = random;
    this.#faultRate = random.pick([0, 0.03, 0.1, 0.25]);
    this.#budget = 1 + random.below(8);
    this.#lateResponses = random.pick([0, 0.1, 0.4]);
    // Faults are rare: those that matter most get schedules of their own.
    this.#onlyDecisions = random.chance(0.4);
    this.#tornPages = random.pick([0, 0.15, 0.5]);
    this.#longestWay = random.pick([1, 60, 400]);
  }

  /** From now on no request fails. */
  calm(): void {
    this.#budget = 0;
  }

  fate(operation: Operation, key: string): Fate {
    if (this.#budget === 0 || !this.#random.chance(this.#faultRate)) return "normal";
    if (this.#onlyDecisions && !(operation === "create" && /_COMMIT|_ANCHOR|fence|floor/.test(key)))
      return "normal";
    this.#budget -= 1;
    return this.#random.pick(faults[operation]);
  }

  /** Whether a response is a while on its way. */
  isLate(): boolean {
    return this.#random.chance(this.#lateResponses);
  }

  isTorn(): boolean {
    return this.#random.chance(this.#tornPages);
  }

  /** How many events pass between two looks of a page: at times enough for prunes and takeovers. */
  pauseOfPage(): number {
    return this.#random.chance(0.25) ? this.#random.below(150) : 0;
  }

  /** How many events pass before a request lands that its sender has given up: some land long after. */
  wayOfLate(): number {
    return this.#random.below(this.#longestWay);
  }

  coin(): boolean {
    return this.#random.chance(0.5);
  }

  refusal(): StoreError {
    const code = this.#random.pick<StoreErrorCode>(["Denied", "Throttled", "Failed"]);
    return new StoreError(code, `refused: ${code}`);
  }
}

export function noResponse(): StoreError {
  return new StoreError("Unavailable", "no response");
}
