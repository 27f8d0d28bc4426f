import type {
  CreateOptions,
  DeleteFailure,
  ListOptions,
  ListPage,
  OperationOptions,
} from "../../src/store.ts";
import { StoreError } from "../../src/errors.ts";
import { sha256Hex } from "../../src/sha256.ts";
import { MapStore } from "../support/map-store.ts";
import type { BrokenStore, Created } from "./broken-store.ts";
import { nextIteration } from "../../src/conformance/store-suite/operations.ts";
import { OpenStore } from "./open-store.ts";

class ChecksThenWrites extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    this.check(key, body, options);
    if ((await this.get(key)) !== undefined) return "exists";
    this.bodies.set(key, new Uint8Array(body));
    return "created";
  }
}

/** Callers of one client wait for each other. Callers of another client do not wait. */
class LocksItsOwnCallersOnly extends OpenStore {
  readonly #last: Map<string, Promise<Created>> = new Map();

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    this.check(key, body, options);
    const before = this.#last.get(key);
    const creating = (async (): Promise<Created> => {
      await before;
      if (this.bodies.has(key)) return "exists";
      const copy = new Uint8Array(body);
      await Promise.resolve();
      this.bodies.set(key, copy);
      return "created";
    })();
    this.#last.set(key, creating);
    return creating;
  }
}

class Overwrites extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    this.check(key, body, options);
    this.bodies.set(key, new Uint8Array(body));
    return "created";
  }
}

class OverwritesAndSaysExists extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    this.bodies.set(key, new Uint8Array(body));
    return response;
  }
}

class OverwritesTheEmpty extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    this.check(key, body, options);
    if (this.bodies.get(key)?.length === 0) this.bodies.delete(key);
    return super.create(key, body, options);
  }
}

class ForgivesEqualBytes extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    const there = this.bodies.get(key) ?? new Uint8Array();
    return Buffer.compare(there, body) === 0 ? "created" : response;
  }
}

/** Takes a second create of the same array for the client's retry of the first, and repeats the response. */
class RepeatsItsResponse extends MapStore {
  readonly #responses: WeakMap<Uint8Array, { readonly key: string; readonly response: Created }> =
    new WeakMap();

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const before = this.#responses.get(body);
    const response = await super.create(key, body, options);
    if (before?.key === key) return before.response;
    this.#responses.set(body, { key, response });
    return response;
  }
}

class KeepsTheCallersBuffer extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    if (response === "created") this.bodies.set(key, body);
    return response;
  }
}

class TakesASliceForACopy extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    const response = await super.create(key, body, options);
    if (response === "created") this.bodies.set(key, body.slice());
    return response;
  }
}

/** Keeps `length` bytes of a body at most. */
class Cuts extends MapStore {
  readonly #length: number;

  constructor(bodies: Map<string, Uint8Array>, length: number) {
    super(bodies);
    this.#length = length;
  }

  override create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    return super.create(key, body.length <= this.#length ? body : body.subarray(0, this.#length), options);
  }
}

class RefusesEmptyBodies extends MapStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    if (body.byteLength === 0) throw new StoreError("Failed", `the body of "${key}" is missing`);
    return super.create(key, body, options);
  }
}

class TakesEmptyForAbsent extends MapStore {
  override async get(key: string, options?: OperationOptions): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const body = await super.get(key, options);
    return body?.length === 0 ? undefined : body;
  }
}

class SendsTheWholeBuffer extends MapStore {
  override create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    return super.create(
      key,
      body.byteOffset === 0 || body instanceof Buffer ? body : new Uint8Array(body.buffer),
      options,
    );
  }
}

class WritesInTheOpen extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    if (body.length < 2 ** 22) return super.create(key, body, options);
    const response = await super.create(key, body.subarray(0, body.length / 2), options);
    await nextIteration();
    await nextIteration();
    if (response === "created") this.bodies.set(key, new Uint8Array(body));
    return response;
  }
}

class ListsWhatIsBeingWritten extends OpenStore {
  readonly #unfinished: Map<string, number> = new Map();

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    if (body.length < 2 ** 22) return super.create(key, body, options);
    this.check(key, body, options);
    this.#unfinished.set(key, body.length / 2);
    await nextIteration();
    await nextIteration();
    this.#unfinished.delete(key);
    return super.create(key, body);
  }

  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    const unfinished = [...this.#unfinished].filter(([key]) => key.startsWith(prefix));
    if (unfinished.length > 0)
      yield { objects: unfinished.map(([key, size]) => ({ key, size })), prefixes: [] };
    yield* super.list(prefix, options);
  }
}

class LeavesTombstones extends MapStore {
  readonly #dead: Set<string> = new Set();

  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    if (this.#dead.has(key)) return "exists";
    return super.create(key, body, options);
  }

  override async delete(
    keys: readonly string[],
    options?: OperationOptions,
  ): Promise<readonly DeleteFailure[]> {
    for (const key of keys) if (this.entries().has(key)) this.#dead.add(key);
    return super.delete(keys, options);
  }
}

class ChecksNoLength extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    return super.create(key, body.byteLength < 2 ** 31 ? body : new Uint8Array(), options);
  }
}

class ChecksTheLengthTooLate extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: OperationOptions): Promise<Created> {
    if (body.byteLength >= 2 ** 31) this.bodies.set(key, new Uint8Array());
    return super.create(key, body, options);
  }
}

class CountsSizesIn24Bits extends MapStore {
  override async *list(prefix: string, options?: ListOptions): AsyncGenerator<ListPage> {
    for await (const { objects, prefixes } of super.list(prefix, options)) {
      yield { objects: objects.map(({ key, size }) => ({ key, size: size % 2 ** 24 })), prefixes };
    }
  }
}

/** What it has by the digest that came with it, it takes for the body. */
class AddressesByDigest extends OpenStore {
  readonly #byDigest: Map<string, Uint8Array> = new Map();

  override async create(key: string, body: Uint8Array, options?: CreateOptions): Promise<Created> {
    const digest = options?.sha256;
    const known = digest === undefined ? undefined : this.#byDigest.get(digest);
    const created = await super.create(key, known ?? body, options);
    if (digest !== undefined) this.#byDigest.set(digest, known ?? new Uint8Array(body));
    return created;
  }
}

class KeepsWhatItRefuses extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: CreateOptions): Promise<Created> {
    const created = await super.create(key, body, options);
    if (options?.sha256 !== undefined && options.sha256 !== (await sha256Hex(new Uint8Array(body))))
      throw new StoreError("Corrupt", "the body has another digest");
    return created;
  }
}

class RefusesInItsOwnWay extends OpenStore {
  override async create(key: string, body: Uint8Array, options?: CreateOptions): Promise<Created> {
    if (options?.sha256 !== undefined && options.sha256 !== (await sha256Hex(new Uint8Array(body))))
      throw new Error("BadRequest");
    return super.create(key, body, options);
  }
}

export const brokenCreates: readonly BrokenStore[] = [
  {
    fault: "knows a body by the digest that comes with it",
    caughtBy: "create.digest",
    open: ({ bodies }) => new AddressesByDigest(bodies),
  },
  {
    fault: "refuses a body of another digest, and keeps it",
    caughtBy: "create.digest",
    open: ({ bodies }) => new KeepsWhatItRefuses(bodies),
  },
  {
    fault: "refuses a body of another digest with its client's own error",
    caughtBy: "create.digest",
    open: ({ bodies }) => new RefusesInItsOwnWay(bodies),
  },
  {
    fault: "checks, then writes",
    caughtBy: "create.race",
    alsoSeenBy: ["create.race-clients"],
    open: ({ bodies }) => new ChecksThenWrites(bodies),
  },
  {
    fault: "has a lock against its own callers, and none against another client's",
    caughtBy: "create.race-clients",
    open: ({ bodies }) => new LocksItsOwnCallersOnly(bodies),
  },
  {
    fault: "overwrites and says created",
    caughtBy: "create.exists",
    alsoSeenBy: [
      "create.empty",
      "create.equal-bytes",
      "create.race",
      "create.race-clients",
      "create.reuse",
      "durability.exists",
    ],
    open: ({ bodies }) => new Overwrites(bodies),
  },
  {
    fault: "overwrites and says exists",
    caughtBy: "create.exists",
    alsoSeenBy: ["create.empty", "create.race", "create.race-clients", "create.reuse", "durability.exists"],
    open: ({ bodies }) => new OverwritesAndSaysExists(bodies),
  },
  {
    fault: "says created for equal bytes",
    caughtBy: "create.equal-bytes",
    open: ({ bodies }) => new ForgivesEqualBytes(bodies),
  },
  {
    fault: "responds to a repeated request as it did to the first",
    caughtBy: "create.equal-bytes",
    open: ({ bodies }) => new RepeatsItsResponse(bodies),
  },
  {
    fault: "keeps the caller's array",
    caughtBy: "create.reuse",
    open: ({ bodies }) => new KeepsTheCallersBuffer(bodies),
  },
  {
    fault: "takes a Buffer's slice for a copy",
    caughtBy: "create.reuse",
    open: ({ bodies }) => new TakesASliceForACopy(bodies),
  },
  {
    fault: "cuts bodies at 64 KiB",
    caughtBy: "get.lengths",
    alsoSeenBy: [
      "abort.during",
      "abort.mid-body",
      "abort.neighbours",
      "create.huge",
      "create.large",
      "create.whole",
      "freshness.listed",
    ],
    open: ({ bodies }) => new Cuts(bodies, 2 ** 16),
  },
  {
    fault: "cuts bodies at 5 MiB",
    caughtBy: "create.large",
    alsoSeenBy: ["abort.mid-body", "create.huge", "create.whole"],
    open: ({ bodies }) => new Cuts(bodies, 5 * 2 ** 20),
  },
  {
    fault: "cuts bodies at 32 MiB",
    caughtBy: "create.huge",
    open: ({ bodies }) => new Cuts(bodies, 2 ** 25),
  },
  {
    fault: "lists sizes in 24 bits",
    caughtBy: "create.huge",
    open: ({ bodies }) => new CountsSizesIn24Bits(bodies),
  },
  {
    fault: "refuses empty bodies",
    caughtBy: "create.empty",
    alsoSeenBy: ["get.lengths"],
    open: ({ bodies }) => new RefusesEmptyBodies(bodies),
  },
  {
    fault: "takes an empty body for an absent one",
    caughtBy: "create.empty",
    alsoSeenBy: ["get.lengths"],
    open: ({ bodies }) => new TakesEmptyForAbsent(bodies),
  },
  {
    fault: "overwrites an empty body",
    caughtBy: "create.empty",
    open: ({ bodies }) => new OverwritesTheEmpty(bodies),
  },
  {
    fault: "sends the whole buffer of which a body is a view",
    caughtBy: "create.view",
    open: ({ bodies }) => new SendsTheWholeBuffer(bodies),
  },
  {
    fault: "shows half of a body",
    caughtBy: "create.whole",
    open: ({ bodies }) => new WritesInTheOpen(bodies),
  },
  {
    fault: "lists what is still being written",
    caughtBy: "create.whole",
    open: ({ bodies }) => new ListsWhatIsBeingWritten(bodies),
  },
  {
    fault: "never gives a deleted key free",
    caughtBy: "create.after-delete",
    alsoSeenBy: ["durability.deletes"],
    open: ({ bodies }) => new LeavesTombstones(bodies),
  },
  {
    fault: "does not check a body's length",
    caughtBy: "create.too-large",
    open: ({ bodies }) => new ChecksNoLength(bodies),
  },
  {
    fault: "checks a body's length when it has begun to write",
    caughtBy: "create.too-large",
    open: ({ bodies }) => new ChecksTheLengthTooLate(bodies),
  },
];
