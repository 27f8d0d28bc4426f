import { StateError } from "./errors.ts";
import { controlPrefix, parseControlKey } from "./layout.ts";
import type { StoreClient } from "./store-client.ts";

/** What `_control/` says: who leads, and what is pruned. */
export interface Control {
  /** The highest assignment version that was claimed; 0: none. */
  readonly fence: number;
  /** The lowest epoch that may still exist; 0: nothing was pruned. */
  readonly floor: number;
  /** Fences and floors that no longer count. */
  readonly outdated: readonly string[];
}

/** Lists `_control/`. The order of this request among others is what most rules of the protocol are about. */
export async function readControl(client: StoreClient, signal: AbortSignal | undefined): Promise<Control> {
  const highest = { fence: 0, floor: 0 };
  const found: { readonly kind: "fence" | "floor"; readonly value: number; readonly key: string }[] = [];
  for await (const page of client.list(controlPrefix, { signal })) {
    for (const { key } of page.objects) {
      const object = parseControlKey(key);
      if (object === undefined || object.kind === "namespace") continue;
      highest[object.kind] = Math.max(highest[object.kind], object.value);
      found.push({ ...object, key });
    }
  }
  const outdated = found.filter(({ kind, value }) => value < highest[kind]).map(({ key }) => key);
  return { ...highest, outdated };
}

/** What is known of an object after a create that wants it there, whoever made it. */
export type Ensured =
  | { readonly state: "created" }
  | { readonly state: "found"; readonly body: Uint8Array }
  | { readonly state: "failed"; readonly definite: boolean; readonly cause: unknown };

/**
 * Creates `key` and, unless the answer is `created`, reads back what is there: neither `exists` nor an error tells
 * whose object it is. What was there and is gone again is created again, so this is not for `_COMMIT`.
 */
export async function ensure(
  client: StoreClient,
  key: string,
  body: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Ensured> {
  const operation = client.operation(signal, body.length);
  for (let tries = 1; ; tries++) {
    const answer = await client.create(key, body, operation);
    if (answer.outcome === "created") return { state: "created" };
    if (answer.outcome === "failed" && answer.definite)
      return { state: "failed", definite: true, cause: answer.error };
    try {
      const found = await client.get(key, operation);
      if (found !== undefined) return { state: "found", body: found };
    } catch (error) {
      operation.throwIfAborted();
      return { state: "failed", definite: false, cause: answer.outcome === "failed" ? answer.error : error };
    }
    if (answer.outcome === "failed") return { state: "failed", definite: false, cause: answer.error };
    if (tries === maxVanishings) {
      const message = `${key} was there and gone again, ${maxVanishings} times in a row`;
      return { state: "failed", definite: false, cause: new Error(message) };
    }
  }
}

const maxVanishings = 8;

/**
 * Decides whether a search that must end at or above the floor may be tried again. A floor that rises explains an
 * answer that was pruned meanwhile; the same floor twice does not.
 */
export class FloorWatch {
  #last: number | undefined;

  /** @throws `Corrupt` when the floor has not risen since the last time. */
  startOver(floor: number, what: string): void {
    if (this.#last !== undefined && floor <= this.#last) {
      const message = `${what}, though epochs below ${floor} were pruned, and prune keeps the newest sealed epoch`;
      throw new StateError("Corrupt", message, { sealed: "unknown" });
    }
    this.#last = floor;
  }
}
