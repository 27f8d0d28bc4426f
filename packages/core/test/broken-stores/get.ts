import { StoreError } from "../../src/errors.ts";
import type { OperationOptions } from "../../src/store.ts";
import { MapStore } from "../support/map-store.ts";
import { OpenStore } from "./open-store.ts";
import type { BrokenStore } from "./broken-store.ts";

type Change = (body: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** Gives back what `change` makes of a body. */
class Changes extends MapStore {
  readonly #change: Change;

  constructor(bodies: Map<string, Uint8Array>, change: Change) {
    super(bodies);
    this.#change = change;
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const body = await super.get(key, options);
    return body === undefined ? undefined : this.#change(body);
  }
}

function changing(change: Change): BrokenStore["open"] {
  return ({ bodies }) => new Changes(bodies, change);
}

type Substitute = (
  key: string,
  bodies: ReadonlyMap<string, Uint8Array>,
) => Uint8Array<ArrayBuffer> | undefined;

/** Returns what `substitute` makes of a key that is absent. */
class ReturnsForTheAbsent extends MapStore {
  readonly #substitute: Substitute;

  constructor(bodies: Map<string, Uint8Array>, substitute: Substitute) {
    super(bodies);
    this.#substitute = substitute;
  }

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await super.get(key, options)) ?? this.#substitute(key, this.entries());
  }
}

function forTheAbsent(substitute: Substitute): BrokenStore["open"] {
  return ({ bodies }) => new ReturnsForTheAbsent(bodies, substitute);
}

class HandsOutItsOwnBytes extends OpenStore {
  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    await super.get(key, options);
    return this.bodies.get(key) as Uint8Array<ArrayBuffer> | undefined;
  }
}

/** Has forty buffers: the forty-first reader gets the first reader's. */
class SharesFortyBuffers extends MapStore {
  readonly #buffers: Uint8Array<ArrayBuffer>[] = Array.from({ length: 40 }, () => new Uint8Array(2_000));
  #reads = 0;

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const body = await super.get(key, options);
    if (body?.length !== 2_000) return body;
    const buffer = this.#buffers[this.#reads % this.#buffers.length] ?? body;
    this.#reads += 1;
    buffer.set(body);
    return buffer;
  }
}

class SharesBytesBetweenReads extends MapStore {
  readonly #cached: Map<string, Uint8Array<ArrayBuffer>> = new Map();

  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const body = await super.get(key, options);
    const cached = this.#cached.get(key);
    if (body === undefined || cached?.length === body.length) return body === undefined ? undefined : cached;
    this.#cached.set(key, body);
    return body;
  }
}

/** Some clients take a short body without a zero byte for text. */
function isText(body: Uint8Array): boolean {
  return body.length < 300 && !body.includes(0);
}

function firstThatBegins(
  key: string,
  bodies: ReadonlyMap<string, Uint8Array>,
): Uint8Array<ArrayBuffer> | undefined {
  const found = [...bodies].find(([each]) => each.startsWith(key))?.[1];
  return found === undefined ? undefined : new Uint8Array(found);
}

function ofAFolder(
  key: string,
  bodies: ReadonlyMap<string, Uint8Array>,
): Uint8Array<ArrayBuffer> | undefined {
  return [...bodies.keys()].some((each) => each.startsWith(`${key}/`)) ? new Uint8Array() : undefined;
}

function refuseBeneathAnObject(key: string, bodies: ReadonlyMap<string, Uint8Array>): undefined {
  if ([...bodies.keys()].some((each) => key.startsWith(`${each}/`))) {
    throw new StoreError("Failed", `ENOTDIR: "${key}"`);
  }
}

function refuse(key: string): never {
  throw new StoreError("Failed", `404: "${key}" is not there`);
}

function withoutEndingZeros(body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return body.subarray(0, body.findLastIndex((byte) => byte !== 0) + 1);
}

function replaced(from: readonly number[], to: readonly number[]): Change {
  return (body) => {
    const index = body.length < 300 ? Buffer.from(body).indexOf(Buffer.from(from)) : -1;
    if (index < 0) return body;
    return Uint8Array.from([...body.subarray(0, index), ...to, ...body.subarray(index + from.length)]);
  };
}

/** The types forbid it. A client in plain JavaScript can do it all the same. */
function shared(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(body.length));
  copy.set(body);
  return copy as Uint8Array as Uint8Array<ArrayBuffer>;
}

export const brokenGets: readonly BrokenStore[] = [
  {
    fault: "hands out its own bytes",
    caughtBy: "get.own",
    open: ({ bodies }) => new HandsOutItsOwnBytes(bodies),
  },
  {
    fault: "gives two callers the same cached array",
    caughtBy: "get.own",
    open: ({ bodies }) => new SharesBytesBetweenReads(bodies),
  },
  {
    fault: "reads into scratch buffers that it uses again too soon",
    caughtBy: "get.concurrent",
    open: ({ bodies }) => new SharesFortyBuffers(bodies),
  },
  {
    fault: "passes what looks like text through a string",
    caughtBy: "get.bytes",
    open: changing((body) =>
      isText(body) ? new TextEncoder().encode(new TextDecoder().decode(body)) : body,
    ),
  },
  {
    fault: "makes LF of CR LF",
    caughtBy: "get.bytes",
    open: changing(replaced([0x0d, 0x0a], [0x0a])),
  },
  {
    fault: "strips a byte order mark",
    caughtBy: "get.bytes",
    open: changing(replaced([0xef, 0xbb, 0xbf], [])),
  },
  {
    fault: "unpacks what begins like gzip",
    caughtBy: "get.bytes",
    open: changing((body) => (body[0] === 0x1f && body[1] === 0x8b ? body.subarray(10) : body)),
  },
  {
    fault: "loses zeros at the end",
    caughtBy: "get.bytes",
    alsoSeenBy: ["get.concurrent", "get.lengths"],
    open: changing(withoutEndingZeros),
  },
  {
    fault: "reads 1 MiB of a body at most",
    caughtBy: "get.lengths",
    alsoSeenBy: ["abort.during", "abort.mid-body", "create.huge", "create.large", "create.whole"],
    open: changing((body) => body.subarray(0, 2 ** 20)),
  },
  {
    fault: "drops the one byte that does not fill a block of 16 KiB",
    caughtBy: "get.lengths",
    alsoSeenBy: ["create.large"],
    open: changing((body) => (body.length % 2 ** 14 === 1 && body.length > 1 ? body.subarray(0, -1) : body)),
  },
  {
    fault: "gives Node's Buffer",
    caughtBy: "get.plain",
    open: changing((body) => Buffer.from(body)),
  },
  {
    fault: "gives Node's Buffer for a body of one part, and joins several",
    caughtBy: "get.plain",
    open: changing((body) => (body.length < 2 ** 16 ? Buffer.from(body) : body)),
  },
  {
    fault: "gives bytes in memory that it shares with a worker",
    caughtBy: "get.plain",
    open: changing(shared),
  },
  {
    fault: "takes an absent key for an error",
    caughtBy: "get.absent",
    alsoSeenBy: [
      "abort.before",
      "abort.during",
      "abort.listeners",
      "delete.gone",
      "durability.deletes",
      "durability.unclosed",
      "errors.works-on",
      "freshness.clients",
      "freshness.concurrent",
      "freshness.own",
      "get.absent-nearby",
      "keys.distinct",
      "keys.separate",
    ],
    open: forTheAbsent(refuse),
  },
  {
    fault: "takes an absent key for an empty body",
    caughtBy: "get.absent",
    alsoSeenBy: [
      "abort.before",
      "abort.during",
      "delete.gone",
      "durability.deletes",
      "durability.unclosed",
      "errors.works-on",
      "freshness.clients",
      "freshness.concurrent",
      "freshness.own",
      "get.absent-nearby",
      "keys.distinct",
      "keys.separate",
    ],
    open: forTheAbsent(() => new Uint8Array()),
  },
  {
    fault: "reads a folder as an empty body",
    caughtBy: "get.absent-nearby",
    open: forTheAbsent(ofAFolder),
  },
  {
    fault: "gives the first key that begins like the one asked for",
    caughtBy: "get.absent-nearby",
    open: forTheAbsent(firstThatBegins),
  },
  {
    fault: "fails beneath a key that is an object",
    caughtBy: "get.absent-nearby",
    open: forTheAbsent(refuseBeneathAnObject),
  },
];
