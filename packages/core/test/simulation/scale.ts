import type { Random } from "./random.ts";

const mebibyte = 1024 * 1024;

/** How large things are in a schedule, and how long they take. */
export interface Scale {
  readonly vnodeCapacity: number;
  readonly attemptTimeoutMs: number;
  /** Bytes a second of each process's line; `undefined`: nothing takes time. */
  readonly rate: number | undefined;
  /** To how many bytes the seals of the past are filled up with spaces, which JSON allows. */
  readonly sealBytes: number;
  /** To how many bytes partials are filled up. */
  readonly partialBytes: number;
}

const small: Scale = {
  vnodeCapacity: 4,
  attemptTimeoutMs: 15_000,
  rate: undefined,
  sealBytes: 0,
  partialBytes: 0,
};

/**
 * A mebibyte a second, the slowest line that the allowances of time are made for. Each seal is as large as one of so many
 * vnodes is at most, and takes half of the time that an attempt has without its allowance.
 */
const large: Scale = {
  vnodeCapacity: 4096,
  attemptTimeoutMs: 2000,
  rate: mebibyte,
  sealBytes: mebibyte,
  partialBytes: mebibyte / 4,
};

export function drawScale(random: Random): Scale {
  return random.chance(0.006) ? large : small;
}
