import { epochOf } from "../../layout.ts";
import type { PruneReport } from "../../state-backend.ts";
import type { DeleteFailure, ListedObject } from "../../store.ts";
import type { StoreClient } from "../../store-client.ts";

const reportedFailures = 1000;

/** The deletes of one prune, and what came of them. */
export class Deletions {
  readonly #client: StoreClient;
  readonly #signal: AbortSignal | undefined;
  readonly #emptied = new Set<number>();
  #objects = 0;
  #bytes = 0;
  readonly #failed: DeleteFailure[] = [];
  #failedCount = 0;

  constructor(client: StoreClient, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Deletes objects of epochs. @returns the keys that could not be deleted */
  async deleteObjects(objects: readonly ListedObject[]): Promise<ReadonlySet<string>> {
    const failed = await this.deleteKeys(objects.map(({ key }) => key));
    this.count(objects.filter(({ key }) => !failed.has(key)));
    return failed;
  }

  /** Counts objects of epochs as deleted. */
  count(objects: readonly ListedObject[]): void {
    for (const { key, size } of objects) {
      this.#objects += 1;
      this.#bytes += size;
      this.#emptied.add(epochOf(key));
    }
  }

  /** Deletes what counts for no epoch. @returns the keys that could not be deleted */
  async deleteKeys(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const failures = await this.#client.delete(keys, this.#signal);
    // rule: failed-deletes-are-counted
    this.#failedCount += failures.length;
    this.#failed.push(...failures.slice(0, reportedFailures - this.#failed.length));
    return new Set(failures.map(({ key }) => key));
  }

  report(floor: number, pinned = 0): PruneReport {
    return {
      floor,
      pinned,
      epochs: this.#emptied.size,
      objects: this.#objects,
      bytes: this.#bytes,
      failed: this.#failed,
      failedCount: this.#failedCount,
    };
  }
}
