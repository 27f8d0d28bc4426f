import {
  isStateError,
  isStoreError,
  ObjectStoreBackend,
  type ObjectStore,
  type PartialReceipt,
} from "@state/core";
import { createBucket, type S3Server, startMinio } from "@state/servers";
import { openStore, placeOn } from "./place.ts";

/** When the server is ended: as the first create of the epoch's object is under way. */
export interface Restart {
  readonly by: "SIGTERM" | "SIGKILL";
  readonly epoch: number;
  readonly object: "partial.bin" | "_COMMIT";
}

export interface RollingRestartOptions {
  /** The folder that keeps MinIO's data. */
  readonly location: string;
  readonly epochs: number;
  /** In the order of their epochs. */
  readonly restarts: readonly Restart[];
}

export interface RollingRestartReport {
  /** The epochs that were reported as complete, in order. */
  readonly sealed: readonly number[];
  readonly restarts: number;
  /** Attempts of store requests that failed. */
  readonly failedRequests: number;
  /** Calls that the job made again, since the retries of one were over before the server was back. */
  readonly repeatedCalls: number;
  /** The longest time between two epochs that were complete. */
  readonly longestStallMs: number;
  /** What was lost, or is not as it was sealed, in words. */
  readonly wrong: readonly string[];
}

/** The codes after which the same call, made again, tells what is so. */
const passing: ReadonlySet<string> = new Set(["StoreFailed", "OutcomeUnknown"]);

const vnodes = 3;
const bucket = "state";

/** Seals epochs on a MinIO that is ended and started again on the way. The job itself goes on: it is one backend. */
export async function rollingRestart(options: RollingRestartOptions): Promise<RollingRestartReport> {
  const service = new Service(options);
  await service.start();
  const store = await openStore(service.place);
  const seals = new Map<number, string>();
  const wrong: string[] = [];
  let failedRequests = 0;
  let repeatedCalls = 0;
  let longestStallMs = 0;
  try {
    const job = await ObjectStoreBackend.open({
      store: watched(store, (key) => service.onCreate(key)),
      instanceId: "job",
      vnodeCapacity: vnodes,
      onEvent: (event) => {
        if (event.type === "request" && event.outcome === "Unavailable") failedRequests += 1;
      },
    });
    const untilKnown = <T>(call: () => Promise<T>): Promise<T> => repeated(call, () => (repeatedCalls += 1));
    const { nextEpoch } = await job.takeover({ version: 1 });
    let last = performance.now();
    for (let epoch = nextEpoch; epoch < options.epochs; epoch += 1) {
      const parts = await Promise.all(
        Array.from({ length: vnodes }, (_, vnode) => untilKnown(() => write(job, epoch, vnode))),
      );
      const { complete } = await untilKnown(() => job.epochComplete({ epoch, parts }));
      if (!complete) wrong.push(`epoch ${epoch} is not complete`);
      const now = performance.now();
      longestStallMs = Math.max(longestStallMs, now - last);
      last = now;
      // The server may be on its way down.
      seals.set(epoch, await repeated(() => textAt(store, `epoch=${epoch}/_COMMIT`)));
      if (service.hasRestarted()) wrong.push(...(await lost(store, seals)));
    }
    await job.close();
    wrong.push(...(await lost(store, seals)));
    const { restarts } = service;
    return {
      sealed: [...seals.keys()],
      restarts,
      failedRequests,
      repeatedCalls,
      longestStallMs,
      wrong,
    };
  } finally {
    await store.close?.();
    await service.stop();
  }
}

/** Makes the call until the server has responded. */
async function repeated<T>(call: () => Promise<T>, onRepeat: () => void = () => undefined): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const passes = isStoreError(error) ? error.retryable : isStateError(error) && passing.has(error.code);
      if (!passes) throw error;
      onRepeat();
    }
  }
}

/** MinIO, which is ended and started again as the creates come that the restarts name. */
class Service {
  readonly #location: string;
  readonly #waiting: Restart[];
  #running: Promise<S3Server> | undefined;
  #server: S3Server | undefined;
  #hasRestarted = false;
  restarts = 0;

  constructor({ location, restarts }: RollingRestartOptions) {
    this.#location = location;
    this.#waiting = [...restarts];
  }

  get place(): ReturnType<typeof placeOn> {
    if (this.#server === undefined) throw new Error("MinIO was not started");
    return placeOn({ server: this.#server, bucket, root: "rolling" });
  }

  async start(): Promise<void> {
    this.#running = this.#started();
    this.#server = await this.#running;
    await createBucket(this.#server, bucket);
  }

  onCreate(key: string): void {
    const [next] = this.#waiting;
    if (next === undefined || !key.startsWith(`epoch=${next.epoch}/`) || !key.endsWith(next.object)) return;
    this.#waiting.shift();
    this.#running = this.#restart();
    // The job meets the failure by its requests, `stop` by its await.
    this.#running.catch(() => undefined);
  }

  /** Whether it was started again since this was last asked. */
  hasRestarted(): boolean {
    const has = this.#hasRestarted;
    this.#hasRestarted = false;
    return has;
  }

  async stop(): Promise<void> {
    await (await this.#running)?.stop();
  }

  async #restart(): Promise<S3Server> {
    await this.#server?.stop();
    this.#server = await this.#started();
    this.restarts += 1;
    this.#hasRestarted = true;
    return this.#server;
  }

  /** The signal of the next restart is that by which this one ends. */
  #started(): Promise<S3Server> {
    const endSignal = this.#waiting[0]?.by;
    return startMinio({ location: this.#location, again: this.#server, endSignal });
  }
}

/** The store, and a look at each create as it is sent. */
function watched(store: ObjectStore, onCreate: (key: string) => void): ObjectStore {
  return {
    name: store.name,
    create: (key, body, options) => {
      const creating = store.create(key, body, options);
      onCreate(key);
      return creating;
    },
    get: (key, options) => store.get(key, options),
    list: (prefix, options) => store.list(prefix, options),
    delete: (keys, options) => store.delete(keys, options),
  };
}

function textOf(epoch: number, vnode: number): string {
  return `${epoch}/${vnode} `.repeat(2_000);
}

function write(job: ObjectStoreBackend, epoch: number, vnode: number): Promise<PartialReceipt> {
  const bytes = new TextEncoder().encode(textOf(epoch, vnode));
  return job.writePartial({ epoch, vnode, assignmentVersion: 1, bytes });
}

async function textAt(store: ObjectStore, key: string): Promise<string> {
  return new TextDecoder().decode(await store.get(key));
}

/** What another process does not find as it was sealed: an epoch, its seal, or the bytes of a vnode. */
async function lost(store: ObjectStore, seals: ReadonlyMap<number, string>): Promise<readonly string[]> {
  const wrong: string[] = [];
  const reader = await ObjectStoreBackend.open({
    store,
    instanceId: "reader",
    vnodeCapacity: vnodes,
    readOnly: true,
  });
  const sealed = await reader.sealedEpochs();
  if (sealed.join() !== [...seals.keys()].join()) wrong.push(`sealed are ${sealed.join()}`);
  const look = async (epoch: number, seal: string): Promise<void> => {
    if ((await textAt(store, `epoch=${epoch}/_COMMIT`)) !== seal)
      wrong.push(`the seal of epoch ${epoch} is another`);
    for (let vnode = 0; vnode < vnodes; vnode += 1) {
      const bytes = await reader.readPartial({ epoch, vnode });
      if (new TextDecoder().decode(bytes) !== textOf(epoch, vnode))
        wrong.push(`vnode ${vnode} of epoch ${epoch} is another`);
    }
  };
  await Promise.all([...seals].map(([epoch, seal]) => look(epoch, seal)));
  await reader.close();
  return wrong;
}
