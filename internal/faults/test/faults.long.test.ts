import { isStoreError, type ObjectStore } from "@state/core";
import { Proxy } from "@state/servers/proxy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { azure } from "../src/azure.ts";
import { checkpoint, inspect, type Point, points } from "../src/checkpoint.ts";
import { pageOf, type Seen } from "../src/evidence-page.ts";
import { type FaultCase, faults, operationsOf } from "../src/fault-cases.ts";
import { gcs } from "../src/gcs.ts";
import { s3 } from "../src/s3.ts";
import type { Operation, Service, Target } from "../src/service.ts";

const services: readonly Service[] = [azure, gcs, s3];
const operations: readonly Operation[] = ["create", "get", "list", "delete"];
/** The operation that meets the fault at each point of a checkpoint. */
const operationAt: Readonly<Record<Point, Operation>> = {
  partial: "create",
  chunk: "create",
  seal: "create",
  list: "list",
  read: "get",
  stream: "get",
  prune: "delete",
};
/** The time-out of an attempt whose response never ends, and of all others. */
const stalledAttemptMs = 1_000;
const attemptMs = 15_000;
const body = new Uint8Array(10_000).map((_, index) => index);

const seen: Seen[] = [];

const calls: Readonly<Record<Operation, (store: ObjectStore, signal?: AbortSignal) => Promise<string>>> = {
  create: (store, signal) => store.create("a/new", body, { signal }),
  get: async (store, signal) => expectWhole(await store.get("a/there", { signal })),
  async list(store, signal) {
    const keys: string[] = [];
    for await (const page of store.list("a/", { signal })) keys.push(...page.objects.map(({ key }) => key));
    return keys.join() === "a/there" ? "the listing" : `a wrong listing: ${keys.join()}`;
  },
  async delete(store, signal) {
    const failures = await store.delete(["a/there"], { signal });
    const codes = failures.map(({ error }) => `\`${error.code}\``);
    return failures.length === 0 ? "gone" : `${codes.join()} for the key`;
  },
};

/** Calls the operation on a store, and returns its outcome in words for the evidence page. */
async function outcomeOf(store: ObjectStore, operation: Operation, endsByTimeout: boolean): Promise<string> {
  const signal = endsByTimeout ? AbortSignal.timeout(stalledAttemptMs) : undefined;
  try {
    return await calls[operation](store, signal);
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) return "the signal's reason";
    if (!isStoreError(error)) throw error;
    const wait = error.retryAfterMs === undefined ? "" : `, after ${error.retryAfterMs} ms`;
    return `\`${error.code}\`${wait}`;
  }
}

function expectWhole(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return "absent";
  return Buffer.compare(bytes, body) === 0 ? "the bytes" : "wrong bytes";
}

/** Gives `work` a proxy in front of the target, and a store behind that proxy. */
async function behindProxy<T>(
  target: Target,
  work: (proxy: Proxy, store: ObjectStore, prefix: string) => Promise<T>,
): Promise<T> {
  const proxy = await Proxy.start(target.endpoint);
  const prefix = crypto.randomUUID();
  const store = target.open(proxy.endpoint, prefix);
  try {
    return await work(proxy, store, prefix);
  } finally {
    await store.close?.();
    await proxy.stop();
  }
}

async function onStore(
  target: Target,
  service: Service,
  fault: FaultCase,
  operation: Operation,
): Promise<string> {
  return behindProxy(target, async (proxy, store) => {
    expect(await store.create("a/there", body)).toBe("created");
    const land = fault.arm(proxy, service, operation, fault.hits ?? Number.POSITIVE_INFINITY);
    const sent = proxy.requests.length;
    const outcome = await outcomeOf(store, operation, fault.endsByTimeout === true);
    const requests = proxy.requests
      .slice(sent)
      .filter((request) => service.operationOf(request) === operation);
    expect(requests.length, "one attempt a call").toBe(fault.requests ?? 1);
    proxy.heal();
    await land();
    expect(proxy.problems).toEqual([]);
    // Whatever the outcome: an object that is there is whole and unchanged.
    const there = operation === "create" ? await store.get("a/new") : await store.get("a/there");
    if (there !== undefined) expect(expectWhole(there)).toBe("the bytes");
    return outcome;
  });
}

async function inCheckpoint(
  target: Target,
  service: Service,
  fault: FaultCase,
  point: Point,
  times: number,
): Promise<string> {
  return behindProxy(target, async (proxy, store, prefix) => {
    let land: (() => Promise<void>) | undefined;
    const arm = (): void => {
      land = fault.arm(proxy, service, operationAt[point], times);
    };
    const timeoutMs = fault.endsByTimeout === true ? stalledAttemptMs : attemptMs;
    const { outcome, reported } = await checkpoint(store, point, timeoutMs, arm, () => proxy.heal());
    await land?.();
    expect(proxy.problems).toEqual([]);
    const direct = target.open(target.endpoint, prefix);
    const { sealed, problem } = await inspect(direct);
    await direct.close?.();
    expect(problem, outcome).toBe("");
    if (reported === "sealed" || reported === "yes") expect(sealed, outcome).toBe(true);
    if (reported === "no") expect(sealed, outcome).toBe(false);
    return outcome;
  });
}

describe.each(services)("a failing connection to $name", (service) => {
  let target: Target;

  beforeAll(async () => {
    target = await service.start();
  }, 60_000);
  afterAll(() => target.stop());

  describe.each(faults)("$title:", (fault) => {
    const on = operationsOf(fault, service);
    for (const operation of operations.filter((each) => on.includes(each))) {
      test.concurrent(`${operation} has the outcome that the page says`, { timeout: 120_000 }, async () => {
        const outcome = await onStore(target, service, fault, operation);
        seen.push({ service: service.name, fault: fault.title, column: operation, outcome });
        expect(outcome).not.toContain("wrong");
      });
    }
    for (const point of points.filter((each) => on.includes(operationAt[each]))) {
      test.concurrent(
        `a checkpoint survives it at its ${point}, or says truly what is sealed`,
        { timeout: 120_000 },
        async () => {
          const once = await inCheckpoint(target, service, fault, point, 1);
          const always = await inCheckpoint(target, service, fault, point, Number.POSITIVE_INFINITY);
          seen.push({
            service: service.name,
            fault: fault.title,
            column: `checkpoint at its ${point}`,
            outcome: `${once} / ${always}`,
          });
          expect(`${once} ${always}`).not.toContain("wrong");
        },
      );
    }
  });
});

test("docs/evidence/faults.md says what was seen", async () => {
  await expect(pageOf(faults, services, seen)).toMatchFileSnapshot("../../../docs/evidence/faults.md");
});
