import { setTimeout as sleep } from "node:timers/promises";
import { isStoreError, type ObjectStore } from "@state/core";
import { bodyOf, seenOf } from "./bodies.ts";
import { lead } from "./lead.ts";
import { patiently, removeAll } from "./patience.ts";
import { type Created, Findings, now, type Seen, type Task, type Values, type Watched } from "./messages.ts";

type TaskOf<N extends Task["name"]> = Extract<Task, { readonly name: N }>;

/** Does the tasks of one process. */
export class Actor {
  readonly #store: ObjectStore;
  readonly #index: number;

  constructor(store: ObjectStore, index: number) {
    this.#store = store;
    this.#index = index;
  }

  async perform(task: Task): Promise<Values[Task["name"]]> {
    switch (task.name) {
      case "create":
        return this.#create(task);
      case "read":
        return Promise.all(task.keys.map((key) => this.#read(key, task.bytes)));
      case "delete":
        return this.#remove(task.keys);
      case "look":
        return this.#look(task);
      case "churn":
        return this.#churn(task);
      case "watch":
        return this.#watch(task);
      case "move":
        return this.#move(task);
      case "follow":
        return this.#follow(task);
      case "lead":
        break;
    }
    return lead(this.#store, this.#index, task);
  }

  async close(): Promise<void> {
    await this.#store.close?.();
  }

  async #create({ keys, bytes, at, everyMs }: TaskOf<"create">): Promise<readonly Created[]> {
    const created: Created[] = [];
    for (const [round, key] of keys.entries()) {
      // Before the moment: to make a body takes as long as a small create.
      const body = bodyOf(this.#index, key, bytes);
      await moment(at + round * everyMs);
      const began = performance.now();
      const outcome = await this.#tryToCreate(key, body);
      const seen = outcome === "unknown" ? undefined : await this.#read(key, bytes);
      created.push({ outcome, seen, ms: performance.now() - began });
    }
    return created;
  }

  async #remove(keys: readonly string[]): Promise<number> {
    await removeAll(this.#store, keys);
    return keys.length;
  }

  async #tryToCreate(key: string, body: Uint8Array): Promise<Created["outcome"]> {
    try {
      return await this.#store.create(key, body);
    } catch (error) {
      if (isStoreError(error) && error.retryable) return "unknown";
      throw error;
    }
  }

  async #read(key: string, bytes: number): Promise<Seen> {
    return seenOf(await patiently(() => this.#store.get(key)), key, bytes);
  }

  async #look({ key, prefix }: TaskOf<"look">): Promise<Values["look"]> {
    const [body, keys] = await Promise.all([
      patiently(() => this.#store.get(key)),
      patiently(() => this.#keysIn(prefix)),
    ]);
    return { isThere: body !== undefined, isListed: keys.includes(key) };
  }

  async #churn({ staying, forMs }: TaskOf<"churn">): Promise<Watched> {
    const until = performance.now() + forMs;
    let count = 0;
    do {
      // Beside each key that stays, on either side of it, and in an order that no listing has.
      const keys = staying
        .filter((_, place) => place % 7 === count % 7)
        .map((key) => `${key}-${this.#index}`);
      await Promise.all(keys.map((key) => this.#tryToCreate(key, new Uint8Array(10))));
      await removeAll(this.#store, keys);
      count += 1;
    } while (count < fewestChanges || performance.now() < until);
    return { count, ...new Findings().result };
  }

  async #watch({ prefix, staying, bytes, forMs }: TaskOf<"watch">): Promise<Watched> {
    const until = performance.now() + forMs;
    const findings = new Findings();
    let count = 0;
    do {
      const listed = await patiently(() => this.#listed(prefix));
      const times = new Map<string, number>();
      for (const [key] of listed) times.set(key, (times.get(key) ?? 0) + 1);
      const sizes = new Map(listed);
      for (const key of staying) {
        const seen = times.get(key) ?? 0;
        if (seen !== 1) findings.add(`${key} was there throughout, and was listed ${seen} times`);
        else if (sizes.get(key) !== bytes)
          findings.add(`${key} has ${bytes} bytes, and was listed with ${sizes.get(key)}`);
      }
      count += 1;
    } while (count < fewestListings || performance.now() < until);
    return { count, ...findings.result };
  }

  async #move({ prefix, forMs }: TaskOf<"move">): Promise<Watched> {
    const until = performance.now() + forMs;
    // Its parent has created the first one.
    let highest = 1;
    do {
      // A create that may have failed may land later: the number is not used again.
      if ((await this.#tryToCreate(rowKey(prefix, highest + 1), new Uint8Array(1))) !== "created") break;
      highest += 1;
      await removeAll(this.#store, [rowKey(prefix, highest - 1)]);
    } while (performance.now() < until);
    return { count: highest, ...new Findings().result };
  }

  /**
   * A listing shows what the one before has shown, or a higher key: the one that was shown is deleted only when a higher one
   * is there. So nothing rests on what another process's clock says.
   */
  async #follow({ prefix, forMs }: TaskOf<"follow">): Promise<Watched> {
    const until = performance.now() + forMs;
    const findings = new Findings();
    let count = 0;
    let shown = rowKey(prefix, 1);
    do {
      const highest = (await patiently(() => this.#keysIn(prefix))).findLast((key) =>
        key.startsWith(`${prefix}row-`),
      );
      if (highest === undefined || highest < shown)
        findings.add(`a listing showed ${highest ?? "none"}, when ${shown} had been there`);
      else shown = highest;
      count += 1;
    } while (count < fewestListings || performance.now() < until);
    return { count, ...findings.result };
  }

  async #keysIn(prefix: string): Promise<readonly string[]> {
    return (await this.#listed(prefix)).map(([key]) => key);
  }

  async #listed(prefix: string): Promise<readonly (readonly [key: string, size: number])[]> {
    const listed: (readonly [string, number])[] = [];
    for await (const { objects } of this.#store.list(prefix))
      for (const { key, size } of objects) listed.push([key, size]);
    return listed;
  }
}

/** However long they take. */
const fewestListings = 3;
const fewestChanges = 12;

/** The keys of a row rise in byte order with their numbers. */
export function rowKey(prefix: string, number: number): string {
  return `${prefix}row-${String(number).padStart(16, "0")}`;
}

/** Resolves at the moment, to a fraction of a millisecond: timers alone are late by more than a small create takes. */
async function moment(at: number): Promise<void> {
  const wait = at - now() - 2;
  if (wait > 0) await sleep(wait);
  while (now() < at) {
    // Busy until then.
  }
}
