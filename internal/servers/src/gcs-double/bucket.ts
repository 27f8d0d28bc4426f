import { type ObjectPage, SortedObjects } from "../sorted-objects.ts";
import { hashesOf, type Hashes } from "./hashes.ts";

export interface StoredObject extends Hashes {
  readonly name: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  readonly generation: string;
  readonly timeCreated: string;
}

/** One bucket, which gives each object that is put a generation. */
export class Bucket {
  readonly #objects = new SortedObjects<StoredObject>();
  #generation = 0;

  get(name: string): StoredObject | undefined {
    return this.#objects.get(name);
  }

  put(name: string, body: Uint8Array, contentType: string, hashes: Hashes = hashesOf(body)): StoredObject {
    this.#generation += 1;
    const now = Date.now();
    const object = {
      ...hashes,
      name,
      body,
      contentType,
      generation: String(now * 1_000_000 + this.#generation),
      timeCreated: new Date(now).toISOString(),
    };
    this.#objects.put(name, object);
    return object;
  }

  delete(name: string): void {
    this.#objects.delete(name);
  }

  list(prefix: string, delimiter: string, after: string, limit: number): ObjectPage<StoredObject> {
    return this.#objects.list(prefix, delimiter, after, limit);
  }
}
