import { bytesOf } from "../../src/conformance/backend-suite/world.ts";
import { StoreError, type StoreErrorCode } from "../../src/index.ts";
import type { OperationOptions } from "../../src/store.ts";
import { MapStore } from "./map-store.ts";

/** The nth get, from 1 on, rejects with `errorOf(n)`. If that is undefined, then it returns the body. */
export class FailingStore extends MapStore {
  gets = 0;
  readonly #errorOf: (get: number) => unknown;

  constructor(errorOf: (get: number) => unknown) {
    super(new Map([["key", bytesOf("body")]]));
    this.#errorOf = errorOf;
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.gets += 1;
    const error = this.#errorOf(this.gets);
    if (error !== undefined) throw error;
    return super.get(key, options);
  }
}

/** A get never returns. `onAbort` is what it rejects with once its signal aborts; without it the signal is ignored. */
export class SilentStore extends MapStore {
  gets = 0;
  readonly #onAbort: (() => unknown) | undefined;

  constructor(onAbort?: () => unknown) {
    super();
    this.#onAbort = onAbort;
  }

  override get(_key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.gets += 1;
    return new Promise((_, reject) => {
      const onAbort = this.#onAbort;
      if (onAbort !== undefined) options?.signal?.addEventListener("abort", () => reject(onAbort()));
    });
  }
}

/** Takes every create; one whose key matches `without` gets no response. */
export class LandingStore extends MapStore {
  readonly #without: RegExp;
  readonly #respondsToGets: boolean;

  constructor({ without = /\.bin$/, respondsToGets = true } = {}) {
    super();
    this.#without = without;
    this.#respondsToGets = respondsToGets;
  }

  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    const response = await super.create(key, body);
    return this.#without.test(key) ? new Promise(() => undefined) : response;
  }

  override get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#respondsToGets || key.startsWith("_control/")
      ? super.get(key)
      : new Promise(() => undefined);
  }
}

export function always(code: StoreErrorCode): FailingStore {
  return new FailingStore(() => new StoreError(code, code));
}
