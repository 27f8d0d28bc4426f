import { runRequest } from "./request.ts";

/**
 * What is made at its first use, once for all who wait for it: the part of a store that needs an SDK. If it cannot be made,
 * whoever asks later tries again.
 */
export class OnDemand<T> {
  readonly #make: () => Promise<T>;
  #making: Promise<T> | undefined;
  #made: T | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** `undefined` until it is made. */
  get made(): T | undefined {
    return this.#made;
  }

  /** `undefined` if nobody has asked for it yet. */
  get making(): Promise<T> | undefined {
    return this.#making;
  }

  /** Makes it, unless it is made. Whoever aborts does not wait. Rejects with what making it rejected with. */
  async get(signal?: AbortSignal): Promise<T> {
    this.#making ??= this.#make().then(
      (made) => {
        this.#made = made;
        return made;
      },
      (error: unknown) => {
        this.#making = undefined;
        throw error;
      },
    );
    const making = this.#making;
    return runRequest(() => making, { signal });
  }
}
