import type { OperationOptions } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore } from "./broken-store.ts";

class IgnoresTheSignal extends MapStore {
  override get(key: string): Promise<Uint8Array | undefined> {
    return super.get(key);
  }
}

class AbortsWithItsOwnError extends MapStore {
  override async get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    if (options?.signal?.aborted === true) throw new DOMException("aborted", "AbortError");
    return super.get(key);
  }
}

class LeavesListeners extends MapStore {
  override async get(key: string, options?: OperationOptions): Promise<Uint8Array | undefined> {
    options?.signal?.addEventListener("abort", () => this.entries());
    return super.get(key, options);
  }
}

export const brokenAborts: readonly BrokenStore[] = [
  { fault: "ignores the signal", caughtBy: "abort.before", open: () => new IgnoresTheSignal() },
  { fault: "aborts with its own error", caughtBy: "abort.before", open: () => new AbortsWithItsOwnError() },
  { fault: "leaves listeners behind", caughtBy: "abort.listeners", open: () => new LeavesListeners() },
];
