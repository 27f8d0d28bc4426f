import { isStoreError, ObjectStoreBackend, type ObjectStore } from "@state/core";
import { writingOptions } from "../arguments.ts";
import type { Call, Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { type Result, surroundings } from "../doctor/surroundings.ts";
import { count } from "../output.ts";

export const doctor: Command = {
  name: "doctor",
  operands: [],
  summary: "permissions one by one, latency, clocks, and what surrounds the store",
  about:
    "It creates, reads, lists and deletes a few small objects in a folder of its own below STORE, looks at the checkpoints that are there, and has the store look at what surrounds them: versioning, lifecycle rules, storage classes, retention, the file system, the clock, proxies. What the credentials may not see is unknown, and no failure: checkpoints do not need it. state certify says more of a store that nobody has tried.",
  options: writingOptions,
  examples: ["doctor fs:./checkpoints", "doctor s3://bucket/job --yes --json"],
  async run(call) {
    const { output, url, confirm } = call;
    await confirm({
      will: `A few small objects will be made below ${url}, and deleted again.`,
      type: "doctor",
    });
    let isSound = true;
    for await (const result of checks(call)) {
      const { check, outcome, message, next } = result;
      output.json(result);
      output.line(`${output.style(styles[outcome], outcome.padEnd(7))}  ${check}: ${message}`);
      if (next !== undefined) output.line(`         ${next}`);
      isSound &&= outcome === "ok" || outcome === "unknown";
    }
    return isSound ? exitCodes.sound : exitCodes.finding;
  },
};

const styles = { ok: "green", unknown: "dim", warning: "yellow", failed: "red" } as const;

async function* checks(call: Call): AsyncGenerator<Result, void, undefined> {
  const folder = `doctor-${crypto.randomUUID()}`;
  const made: string[] = [];
  try {
    yield* permissions(call, folder, made);
    yield* latency(call, folder, made);
  } finally {
    yield* cleaned(call.store, made);
  }
  yield* surroundings(call);
  yield* checkpoints(call);
}

const body = new TextEncoder().encode("made by state doctor, and to be deleted by it");

async function* permissions(
  { store, signal }: Call,
  folder: string,
  made: string[],
): AsyncGenerator<Result, void, undefined> {
  const key = `${folder}/permissions`;
  yield await checked("list", async () => {
    for await (const _ of store.list(`${folder}/`, { signal }));
  });
  let isThere = false;
  yield await checked("create", async () => {
    made.push(key);
    await store.create(key, body, { signal });
    isThere = true;
  });
  if (!isThere) return;
  yield await checked("create only what is absent", async () => {
    const response = await store.create(key, body, { signal });
    return response === "exists"
      ? undefined
      : "it made an object that was there: no checkpoint is safe on it";
  });
  yield await checked("get", async () => {
    const read = await store.get(key, { signal });
    return read !== undefined && Buffer.compare(read, body) === 0 ? undefined : "it gave other bytes";
  });
  yield await checked("list what was created", async () => {
    for await (const { objects } of store.list(`${folder}/`, { signal }))
      if (objects.some((object) => object.key === key && object.size === body.length)) return undefined;
    return "it is not listed: no checkpoint is safe on it";
  });
  yield await checked("delete", async () => {
    const [failure] = await store.delete([key], { signal });
    if (failure !== undefined) throw failure.error;
    made.splice(made.indexOf(key), 1);
    return (await store.get(key, { signal })) === undefined ? undefined : "it is still there";
  });
}

async function checked(check: string, run: () => Promise<string | undefined | void>): Promise<Result> {
  try {
    const fault = await run();
    if (fault === undefined) return { check, outcome: "ok", message: "allowed" };
    return { check, outcome: "failed", message: fault, next: "Run state certify, and use another store" };
  } catch (error) {
    if (!isStoreError(error)) throw error;
    const next = error.code === "Denied" ? `Grant ${check} on this prefix` : "Look at the cause";
    return { check, outcome: "failed", message: `${error.code}: ${error.message}`, next };
  }
}

const samples = 10;

async function* latency(
  { store, signal }: Call,
  folder: string,
  made: string[],
): AsyncGenerator<Result, void, undefined> {
  const keys = Array.from({ length: samples }, (_, number) => `${folder}/latency-${number}`);
  const operations = {
    create: async (key: string) => {
      made.push(key);
      await store.create(key, body, { signal });
    },
    get: (key: string) => store.get(key, { signal }),
    list: async (key: string) => {
      for await (const _ of store.list(key.slice(0, key.indexOf("/") + 1), { signal }));
    },
  };
  for (const [name, operation] of Object.entries(operations)) {
    const times: number[] = [];
    try {
      for (const key of keys) {
        const started = performance.now();
        await operation(key);
        times.push(performance.now() - started);
      }
    } catch (error) {
      // What is not allowed was told before.
      if (!isStoreError(error)) throw error;
      continue;
    }
    times.sort((a, b) => a - b);
    const [median = 0, worst = 0] = [times[samples >> 1], times.at(-1)];
    const message = `${median.toFixed(1)} ms, at worst ${worst.toFixed(1)} of ${samples}`;
    const isSlow = median > 500;
    yield {
      check: `latency of ${name}`,
      outcome: isSlow ? "warning" : "ok",
      message,
      ...(isSlow ? { next: "A checkpoint is two round trips: run the job near its bucket" } : {}),
    };
  }
}

async function* cleaned(
  store: ObjectStore,
  made: readonly string[],
): AsyncGenerator<Result, void, undefined> {
  if (made.length === 0) return;
  // Also after an interruption.
  const failures = await store.delete(made);
  for (const { key, error } of failures)
    yield {
      check: "delete",
      outcome: "failed",
      message: `${key} is left behind: ${error.message}`,
      next: `Delete ${key}`,
    };
}

/** How many epochs make a takeover or a look slow. */
const manyEpochs = 1_000;
const skewMs = 60_000;

async function* checkpoints({ store, instanceId, signal }: Call): AsyncGenerator<Result, void, undefined> {
  await using backend = await ObjectStoreBackend.open({ store, instanceId, readOnly: true, signal });
  const { pins, floor, fence, vnodeCapacity } = await backend.control({ signal });
  if (vnodeCapacity === undefined) {
    yield { check: "checkpoints", outcome: "ok", message: "there are none yet" };
    return;
  }
  const newest = await backend.latest({ signal });
  const message = `version ${fence}, floor ${floor}, newest epoch ${newest?.epoch ?? "none"}`;
  yield { check: "checkpoints", outcome: "ok", message };
  let epochs = 0;
  for await (const { prefixes } of store.list("", { delimiter: "/", signal })) epochs += prefixes.length;
  if (epochs > manyEpochs) {
    const next = "Prune, or open the job with retention: { keep: 10 }";
    yield { check: "retention", outcome: "warning", message: `${count(epochs, "folder")} are there`, next };
  }
  const ahead = (newest?.seal.at ?? 0) - Date.now();
  if (ahead > skewMs) {
    const says = `the newest seal is ${Math.round(ahead / 1_000)} s in the future`;
    const next =
      "Set this clock, or the committer's: services refuse requests of a wrong one, and --older-than goes by it";
    yield { check: "clock", outcome: "warning", message: says, next };
  }
  for (const { name, epoch } of pins.filter((pin) => pin.name.startsWith("copy-"))) {
    const next = `If no copy runs: run it again, which takes the pin over; or state unpin STORE ${name} --yes`;
    yield { check: "pins", outcome: "warning", message: `${name} keeps epoch ${epoch} for a copy`, next };
  }
}
