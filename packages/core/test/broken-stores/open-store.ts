import { checkKey } from "../../src/keys.ts";
import type { OperationOptions } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";

/** A store whose bodies can be written past its own check. */
export class OpenStore extends MapStore {
  readonly bodies: Map<string, Uint8Array>;

  constructor(bodies: Map<string, Uint8Array>) {
    super(bodies);
    this.bodies = bodies;
  }

  /** What a `create` checks before it does anything. */
  protected check(key: string, body: Uint8Array, options: OperationOptions | undefined): void {
    options?.signal?.throwIfAborted();
    checkKey(key);
    if (body.byteLength >= 2 ** 31) throw new RangeError(`a body of ${body.byteLength} bytes is too large`);
  }
}
