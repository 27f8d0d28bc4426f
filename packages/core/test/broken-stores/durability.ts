import type { DeleteFailure, ListOptions, ListPage, OperationOptions } from "../../src/store.ts";
import type { BrokenStore, Created, Medium } from "./broken-store.ts";
import { OpenStore } from "./open-store.ts";

/** What the clients of one medium did, in order, and how many there have been. */
interface Journal {
  readonly created: Map<string, Uint8Array>;
  readonly deleted: Set<string>;
  clients: number;
}

const journals: WeakMap<Medium["bodies"], Journal> = new WeakMap();

function journalOf(bodies: Medium["bodies"]): Journal {
  const journal = journals.get(bodies) ?? { created: new Map(), deleted: new Set(), clients: 0 };
  journals.set(bodies, journal);
  return journal;
}

type Lose = (bodies: Map<string, Uint8Array>, journal: Journal) => void;

/** Clients of one medium share its bodies. `closing` changes them when one closes, `opening` when the next one opens. */
class Restarts extends OpenStore {
  readonly #journal: Journal;
  readonly #closing: Lose | undefined;

  constructor(bodies: Map<string, Uint8Array>, { closing, opening }: { closing?: Lose; opening?: Lose }) {
    super(bodies);
    this.#journal = journalOf(bodies);
    this.#closing = closing;
    this.#journal.clients += 1;
    opening?.(bodies, this.#journal);
  }

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    if (response === "created") this.#journal.created.set(key, new Uint8Array(body));
    return response;
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const failures = await super.delete(keys, options);
    for (const key of keys) this.#journal.deleted.add(key);
    return failures;
  }

  async close(): Promise<void> {
    this.#closing?.(this.bodies, this.#journal);
  }
}

function restarting(lose: { closing?: Lose; opening?: Lose }): BrokenStore["open"] {
  return ({ bodies }) => new Restarts(bodies, lose);
}

function loseTheLatest(bodies: Map<string, Uint8Array>): void {
  const latest = [...bodies.keys()].at(-1);
  if (latest !== undefined) bodies.delete(latest);
}

function bringBackTheDeleted(bodies: Map<string, Uint8Array>, { created, deleted }: Journal): void {
  for (const key of deleted) {
    const body = created.get(key);
    if (body !== undefined && !bodies.has(key)) bodies.set(key, body);
  }
}

function deleteAnew(bodies: Map<string, Uint8Array>, { deleted }: Journal): void {
  for (const key of deleted) bodies.delete(key);
}

/** After a crash, a file that was not flushed has its length, and zeros for its last pages. */
function loseTheLastPages(bodies: Map<string, Uint8Array>): void {
  for (const body of bodies.values()) if (body.length > 2 ** 14) body.fill(0, 2 ** 14);
}

/** Lists only the keys that this process created. */
class ListsItsOwnKeys extends OpenStore {
  readonly #journal: Journal;

  constructor(bodies: Map<string, Uint8Array>) {
    super(bodies);
    this.#journal = journalOf(bodies);
  }

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    if (response === "created") this.#journal.created.set(key, body);
    return response;
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield { objects: objects.filter(({ key }) => this.#journal.created.has(key)), prefixes };
    }
  }

  async close(): Promise<void> {
    this.#journal.created.clear();
  }
}

/** Decides from the creates of this process alone whether a key is taken. */
class KnowsItsOwnCreates extends OpenStore {
  readonly #journal: Journal;

  constructor(bodies: Map<string, Uint8Array>) {
    super(bodies);
    this.#journal = journalOf(bodies);
  }

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    this.check(key, body, options);
    if (this.#journal.created.has(key)) return "exists";
    this.#journal.created.set(key, body);
    this.bodies.set(key, new Uint8Array(body));
    return "created";
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    const failures = await super.delete(keys, options);
    for (const key of keys) this.#journal.created.delete(key);
    return failures;
  }

  async close(): Promise<void> {
    this.#journal.created.clear();
  }
}

export const brokenDurability: readonly BrokenStore[] = [
  {
    fault: "keeps everything in its process",
    caughtBy: "durability.reopen",
    alsoSeenBy: ["durability.again", "durability.deletes", "durability.exists"],
    open: restarting({ closing: (bodies) => bodies.clear() }),
  },
  {
    fault: "loses the latest create when it is closed",
    caughtBy: "durability.reopen",
    alsoSeenBy: ["durability.again", "durability.deletes", "durability.exists"],
    open: restarting({ closing: loseTheLatest }),
  },
  {
    fault: "loses the last pages of what it did not flush",
    caughtBy: "durability.reopen",
    alsoSeenBy: ["durability.again"],
    open: restarting({ closing: loseTheLastPages }),
  },
  {
    fault: "keeps its index in its process",
    caughtBy: "durability.reopen",
    alsoSeenBy: ["durability.again", "durability.deletes"],
    open: ({ bodies }) => new ListsItsOwnKeys(bodies),
  },
  {
    fault: "brings back what was deleted",
    caughtBy: "durability.deletes",
    alsoSeenBy: ["durability.exists"],
    open: restarting({ closing: bringBackTheDeleted }),
  },
  {
    fault: "deletes anew what was deleted before it was created again",
    caughtBy: "durability.deletes",
    open: restarting({ closing: deleteAnew }),
  },
  {
    fault: "knows the keys that are taken from its own creates",
    caughtBy: "durability.exists",
    open: ({ bodies }) => new KnowsItsOwnCreates(bodies),
  },
  {
    fault: "rolls back what was not flushed when the next client opens",
    caughtBy: "durability.unclosed",
    open: unflushed("creates"),
  },
  {
    fault: "brings back what was deleted when the one before was never closed",
    caughtBy: "durability.unclosed",
    open: unflushed("deletes"),
  },
  {
    fault: "empties its journal when it has read it",
    caughtBy: "durability.again",
    open: restarting({
      opening: (bodies, { clients }) => {
        if (clients > 2) bodies.clear();
      },
    }),
  },
];

/** Flushed by `close`; the next client rolls back whatever was not. */
function unflushed(what: "creates" | "deletes"): BrokenStore["open"] {
  return restarting({
    closing: (_, journal) => {
      journal.created.clear();
      journal.deleted.clear();
    },
    opening: (bodies, journal) => {
      if (what === "deletes") bringBackTheDeleted(bodies, journal);
      else for (const key of journal.created.keys()) bodies.delete(key);
    },
  });
}
