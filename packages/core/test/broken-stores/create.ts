import { MapStore } from "../support/map-store.ts";
import type { BrokenStore } from "./broken-store.ts";

/** A store whose bodies can be written past its own check. */
class OpenStore extends MapStore {
  readonly bodies: Map<string, Uint8Array>;

  constructor(bodies: Map<string, Uint8Array> = new Map()) {
    super(bodies);
    this.bodies = bodies;
  }
}

class CheckThenWrite extends OpenStore {
  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    if ((await this.get(key)) !== undefined) return "exists";
    this.bodies.set(key, new Uint8Array(body));
    return "created";
  }
}

class Overwrites extends OpenStore {
  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    this.bodies.set(key, new Uint8Array(body));
    return "created";
  }
}

class OverwritesInSilence extends OpenStore {
  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    const wasThere = this.bodies.has(key);
    this.bodies.set(key, new Uint8Array(body));
    return wasThere ? "exists" : "created";
  }
}

class ForgivesEqualBytes extends MapStore {
  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    const there = this.entries().get(key);
    const isEqual = there !== undefined && Buffer.compare(there, body) === 0;
    return isEqual ? "created" : super.create(key, body);
  }
}

class KeepsTheCallersBuffer extends OpenStore {
  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    const answer = await super.create(key, body);
    if (answer === "created") this.bodies.set(key, body);
    return answer;
  }
}

class CutsBodies extends MapStore {
  override create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    return super.create(key, body.subarray(0, 2 ** 16));
  }
}

class WritesInTheOpen extends OpenStore {
  override async create(key: string, body: Uint8Array): Promise<"created" | "exists"> {
    const answer = await super.create(key, body.subarray(0, body.length / 2));
    await new Promise(setImmediate);
    if (answer === "created") this.bodies.set(key, new Uint8Array(body));
    return answer;
  }
}

export const brokenCreates: readonly BrokenStore[] = [
  { fault: "checks, then writes", caughtBy: "create.race", open: () => new CheckThenWrite() },
  { fault: "overwrites and says created", caughtBy: "create.exists", open: () => new Overwrites() },
  { fault: "overwrites and says exists", caughtBy: "create.exists", open: () => new OverwritesInSilence() },
  {
    fault: "says created for equal bytes",
    caughtBy: "create.equal-bytes",
    open: () => new ForgivesEqualBytes(),
  },
  { fault: "keeps the caller's buffer", caughtBy: "create.reuse", open: () => new KeepsTheCallersBuffer() },
  { fault: "cuts bodies at 64 KiB", caughtBy: "create.large", open: () => new CutsBodies() },
  { fault: "shows half of a body", caughtBy: "create.whole", open: () => new WritesInTheOpen() },
];
