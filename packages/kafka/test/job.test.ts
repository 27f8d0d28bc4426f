import { isStateError } from "@state/core";
import { describe, expect, test } from "vitest";
import { isKafkaError } from "../src/errors.ts";
import { ListingTask } from "./support/listing-task.ts";
import { eventsOf, NotingOutput, World } from "./support/world.ts";

async function* endless(): AsyncIterable<Uint8Array> {
  for (;;) yield new Uint8Array(1_000);
}

describe("a partition", () => {
  test("is sealed after the interval, with the next offset, and goes on there at the next member", async () => {
    const world = new World();
    world.log.append(0, "a", "b", "c");
    const first = await world.start([0]);
    await world.clock.until(() => first.job.health()[0]?.sealedNext === 3n);
    expect(await world.newest(0)).toMatchObject({ next: 3n, values: ["a", "b", "c"] });
    await first.job.stop();

    world.log.append(0, "d");
    const second = await world.start([0]);
    await world.clock.until(() => second.job.health()[0]?.sealedNext === 4n);
    expect(second.tasks[0]?.values).toEqual(["a", "b", "c", "d"]);
    expect(eventsOf(second, "restored")[0]).toMatchObject({ next: 3n });
    await second.job.stop();
  });

  test("that was never sealed begins at `from`", async () => {
    const world = new World();
    world.log.append(0, "old");
    const member = await world.start([0], { from: "latest" });
    await world.clock.until(() => member.job.health()[0]?.state === "running");
    world.log.append(0, "new");
    await world.clock.until(() => member.job.health()[0]?.sealedNext === 2n);
    expect(member.tasks[0]?.values).toEqual(["new"]);
    await member.job.stop();
  });

  test("is processed on while its capture is being written, and what came since is not in the epoch", async () => {
    const world = new World();
    const written = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const member = await world.start([0], {
      store: world.storesAfter(async (request) => {
        if (!request.startsWith("create ") || !request.includes("kafka.offset")) return;
        reached.resolve();
        await written.promise;
      }),
    });
    world.log.append(0, "a");
    void world.clock.pass(1_500);
    await reached.promise;
    world.log.append(0, "b");
    await world.clock.until(() => member.tasks[0]?.values.length === 2);
    written.resolve();
    await world.clock.until(() => eventsOf(member, "sealed").length > 0);
    expect(eventsOf(member, "sealed")[0]).toMatchObject({ next: 1n, records: 1 });
    expect(await world.newest(0)).toMatchObject({ next: 1n, values: ["a"] });
    await member.job.stop();
    expect(await world.newest(0)).toMatchObject({ next: 2n, values: ["a", "b"] });
  });

  test("with a batch that failed halfway is not sealed, and begins again from its newest epoch", async () => {
    const world = new World();
    let failures = 0;
    class Failing extends ListingTask {
      override process(...args: Parameters<ListingTask["process"]>): void {
        void super.process(...args);
        if (this.values.includes("poison") && failures++ === 0) throw new Error("poison");
      }
    }
    const member = await world.start([0], { makeTask: () => new Failing(), stopWithinMs: 100 });
    world.log.append(0, "a");
    await world.clock.until(() => eventsOf(member, "sealed").length === 1);
    world.log.append(0, "b", "poison");
    await world.clock.until(() => eventsOf(member, "failed").length === 1);
    expect(eventsOf(member, "failed")[0]).toMatchObject({ failures: 1, retryInMs: 750 });
    expect(await world.newest(0)).toMatchObject({ next: 1n, values: ["a"] });
    expect(member.tasks[0]?.isClosed).toBe(true);

    await world.clock.until(() => member.job.health()[0]?.sealedNext === 3n);
    expect(await world.newest(0)).toMatchObject({ values: ["a", "b", "poison"] });
    expect(member.job.health()[0]).toMatchObject({ state: "running" });
    await member.job.stop();
  });

  test("whose batch fails while a capture waits for its end is not captured", async () => {
    const world = new World();
    const reached = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    class Slow extends ListingTask {
      override async process(...args: Parameters<ListingTask["process"]>): Promise<void> {
        await super.process(...args);
        if (!this.values.includes("poison")) return;
        reached.resolve();
        await end.promise;
      }
    }
    const member = await world.start([0], { makeTask: () => new Slow(), stopWithinMs: 100 });
    world.log.append(0, "a");
    await world.clock.until(() => member.tasks[0]?.values.length === 1);
    world.log.append(0, "poison");
    await reached.promise;
    // It is due, and waits for the end of the batch.
    await world.clock.pass(2_000);
    end.reject(new Error("poison"));
    await world.clock.until(() => eventsOf(member, "failed").length === 1);
    expect(await world.newest(0)).toBeUndefined();
    await member.job.stop();
  });

  test("whose records were deleted before they were sealed fails by name, and skips nothing", async () => {
    const world = new World();
    world.log.append(0, "a", "b");
    const first = await world.start([0]);
    await world.clock.until(() => first.job.health()[0]?.sealedNext === 2n);
    await first.job.stop();
    world.log.append(0, "c", "d");
    world.log.deleteBefore(0, 3n);
    const second = await world.start([0]);
    await world.clock.until(() => eventsOf(second, "failed").length === 1);
    const [failed] = eventsOf(second, "failed");
    expect(isKafkaError(failed?.error) && failed.error.code).toBe("OffsetOutOfRange");
    expect(second.job.health()[0]).toMatchObject({ state: "waiting", failures: 1 });
    await second.job.stop();
    expect(await world.newest(0)).toMatchObject({ next: 2n });
  });

  test("does not restore the state of another one", async () => {
    const world = new World();
    world.log.append(0, "a");
    const first = await world.start([0]);
    await world.clock.until(() => first.job.health()[0]?.sealedNext === 1n);
    await first.job.stop();
    const second = await world.start([1], { store: () => world.store(0) });
    await world.clock.until(() => eventsOf(second, "failed").length === 1);
    expect(String(eventsOf(second, "failed")[0]?.error)).toContain(
      "holds the state of flights/p=0, not of flights/p=1",
    );
    await second.job.stop();
  });
});

describe("two members that hold a partition at once", () => {
  test("only the newer one seals, and the older one takes it over again if it is still assigned", async () => {
    const world = new World();
    world.log.append(0, "a");
    const older = await world.start([0], { instanceId: "older" });
    await world.clock.until(() => older.job.health()[0]?.sealedNext === 1n);
    const newer = await world.start([0], { instanceId: "newer" });
    await world.clock.until(() => newer.job.health()[0]?.state === "running");
    world.log.append(0, "b");
    await world.clock.until(() => eventsOf(older, "failed").length === 1);
    const [failed] = eventsOf(older, "failed");
    expect(isStateError(failed?.error) && failed.error.sealed).toBe("no");
    // The group took it away from the newer one: it is the older one's.
    await newer.group.assign();
    await world.clock.until(() => older.job.health()[0]?.state === "running");
    world.log.append(0, "c");
    await world.clock.until(() => older.job.health()[0]?.sealedNext === 3n);
    expect(await world.newest(0)).toMatchObject({ values: ["a", "b", "c"] });
    await older.job.stop();
    await newer.job.stop();
  });
});

describe("a partition that is taken away", () => {
  test("is sealed before the group hears that it is given up", async () => {
    const world = new World();
    const member = await world.start([0, 1]);
    world.log.append(0, "a");
    await world.clock.until(() => member.tasks.some(({ values }) => values.length === 1));
    expect(await world.newest(0)).toBeUndefined();
    await member.group.assign(1);
    expect(await world.newest(0)).toMatchObject({ next: 1n });
    expect(eventsOf(member, "stopped")).toEqual([
      { type: "stopped", partition: world.partition(0), outcome: "sealed" },
    ]);
    expect(member.job.health().map(({ partition }) => partition)).toEqual([1]);
    await member.job.stop();
  });

  test("while an epoch is being sealed is sealed again with what came since", async () => {
    const world = new World();
    const reached = Promise.withResolvers<void>();
    const respond = Promise.withResolvers<void>();
    const member = await world.start([0], {
      store: world.storesAfter(async (request) => {
        if (!request.startsWith("create ") || !request.endsWith("_COMMIT")) return;
        reached.resolve();
        await respond.promise;
      }),
    });
    world.log.append(0, "a");
    void world.clock.pass(1_500);
    await reached.promise;
    world.log.append(0, "b");
    await world.clock.until(() => member.tasks[0]?.values.length === 2);
    const given = member.group.assign();
    await world.clock.settle();
    expect(eventsOf(member, "stopped")).toEqual([]);
    respond.resolve();
    await given;
    expect(await world.newest(0)).toMatchObject({ next: 2n, values: ["a", "b"] });
  });

  test("is abandoned if the store does not respond within the bound", async () => {
    const world = new World();
    let responds = true;
    const member = await world.start([0], {
      stopWithinMs: 700,
      store: world.storesAfter(async () => {
        if (!responds) await new Promise(() => undefined);
      }),
    });
    world.log.append(0, "a");
    await world.clock.until(() => member.tasks[0]?.values.length === 1);
    responds = false;
    const given = member.group.assign();
    await world.clock.until(() => eventsOf(member, "stopped").length === 1);
    await given;
    expect(world.clock.now()).toBe(700);
    expect(eventsOf(member, "stopped")[0]).toMatchObject({ outcome: "abandoned" });
    expect(member.tasks[0]?.isClosed).toBe(true);
    await member.job.stop();
  });

  test("that is taken away while it waits for its opening is given up at once", async () => {
    const world = new World();
    const opening = Promise.withResolvers<void>();
    const member = await world.start([0, 1], {
      checkpoint: { requests: 1 },
      store: async (partition) => {
        if (partition.partition === 0) await opening.promise;
        return world.bucket.store(partition);
      },
    });
    const given = member.group.assign(0);
    opening.resolve();
    await given;
    world.log.append(0, "a");
    await world.clock.until(() => member.job.health()[0]?.sealedNext === 1n);
    expect(eventsOf(member, "stopped")).toMatchObject([{ partition: { partition: 1 }, outcome: "sealed" }]);
    await member.job.stop();
  });

  test("and given back at once begins only after the task before it is closed", async () => {
    const world = new World();
    const member = await world.start([0]);
    world.log.append(0, "a");
    await world.clock.until(() => member.tasks[0]?.values.length === 1);
    void member.group.assign();
    void member.group.assign(0);
    expect(member.tasks).toHaveLength(1);
    await world.clock.until(() => member.tasks.length === 2);
    expect(member.tasks[0]?.isClosed).toBe(true);
    await world.clock.until(() => member.job.health()[0]?.state === "running");
    expect(member.tasks[1]?.values).toEqual(["a"]);
    await member.job.stop();
  });
});

describe("what cannot be closed", () => {
  test("is told, and what was sealed counts as sealed", async () => {
    const world = new World();
    class Stubborn extends ListingTask {
      override close(): void {
        throw new Error("of the task's close");
      }
    }
    const member = await world.start([0], { makeTask: () => new Stubborn() });
    world.log.append(0, "a");
    await world.clock.until(() => member.tasks[0]?.values.length === 1);
    await member.job.stop();
    expect(eventsOf(member, "stopped").map(({ outcome }) => outcome)).toEqual(["sealed"]);
    expect(String(eventsOf(member, "not-closed")[0]?.error)).toContain("of the task's close");
    expect(await world.newest(0)).toMatchObject({ values: ["a"] });
  });

  test("hides no error that has led to it", async () => {
    const world = new World();
    class Stubborn extends ListingTask {
      override async restore(): Promise<void> {
        throw new Error("of the restore");
      }
      override close(): void {
        throw new Error("of the task's close");
      }
    }
    const member = await world.start([0], { makeTask: () => new Stubborn() });
    await world.clock.until(() => eventsOf(member, "failed").length === 1);
    expect(String(eventsOf(member, "failed")[0]?.error)).toContain("of the restore");
    await member.job.stop();
  });

  test("does not keep its partition from being opened again", async () => {
    const world = new World();
    let closed = 0;
    const makeTask = (): ListingTask =>
      Object.assign(new ListingTask(), {
        close: () => (closed++ === 0 ? new Promise(() => undefined) : Promise.resolve()),
      });
    const member = await world.start([0], { makeTask });
    world.log.append(0, "a");
    await world.clock.until(() => member.tasks[0]?.values.length === 1);
    void member.group.assign();
    void member.group.assign(0);
    await world.clock.until(() => member.tasks.length === 2);
    expect(String(eventsOf(member, "not-closed")[0]?.error)).toContain("not closed within 10000 ms");
    await member.job.stop();
  });
});

describe("emitted records", () => {
  test("are released after their epoch is sealed, and the next epoch is sealed after that", async () => {
    const world = new World();
    const output = new NotingOutput();
    const gate = Promise.withResolvers<void>();
    const member = await world.start([0], { outputs: [output] });
    output.gate = () => gate.promise;
    world.log.append(0, "a");
    await world.clock.until(() => eventsOf(member, "sealed").length === 1);
    expect(output.values).toEqual([]);
    world.log.append(0, "b");
    await world.clock.pass(5_000);
    expect(eventsOf(member, "sealed")).toHaveLength(1);
    gate.resolve();
    await world.clock.until(() => member.job.health()[0]?.sealedNext === 2n);
    await world.clock.until(() => output.values.length === 2);
    expect(output.values).toEqual(["a", "b"]);
    await member.job.stop();
  });

  test("are handed to the successor's output with their epoch, which knows whether they were released", async () => {
    const world = new World();
    const first = await world.start([0], { outputs: [new NotingOutput()] });
    world.log.append(0, "a");
    await world.clock.until(() => eventsOf(first, "released").length === 1);
    const output = new NotingOutput();
    const second = await world.start([0], { outputs: [output] });
    await world.clock.until(() => output.opened.length === 1);
    expect(output.opened).toEqual([0]);
    await first.job.stop();
    await second.job.stop();
  });

  test("are followed by an epoch without any, so that nothing has to be released again after a long rest", async () => {
    const world = new World();
    const member = await world.start([0], { outputs: [new NotingOutput()] });
    world.log.append(0, "a");
    await world.clock.pass(5_000);
    expect(eventsOf(member, "sealed").map(({ epoch, outputs }) => [epoch, outputs])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    await member.job.stop();
  });

  test("are refused after process has ended: they would be in no epoch", async () => {
    const world = new World();
    let late: (() => void) | undefined;
    class Late extends ListingTask {
      override process(...[records, emit]: Parameters<ListingTask["process"]>): void {
        void super.process(records, emit);
        late ??= () => {
          emit({ topic: "delays" });
        };
      }
    }
    const member = await world.start([0], { makeTask: () => new Late(), outputs: [new NotingOutput()] });
    world.log.append(0, "a");
    await world.clock.until(() => late !== undefined && member.job.health()[0]?.next === 1n);
    expect(late).toThrow("emit is called after process has ended");
    await member.job.stop();
  });

  test("that wait for their seal stop the reading at the limit", async () => {
    const world = new World();
    const output = new NotingOutput();
    const gate = Promise.withResolvers<void>();
    output.gate = () => gate.promise;
    const member = await world.start([0], { outputs: [output], limits: { outputBytes: 60 } });
    world.log.append(0, ...Array.from({ length: 40 }, (_, index) => `value ${index}`));
    await world.clock.pass(60_000);
    // One epoch waits for its release, and what fits the limit waits for its seal.
    expect(member.tasks[0]?.values).toHaveLength(4);
    gate.resolve();
    await world.clock.until(() => output.values.length === 40);
    await member.job.stop();
  });
});

describe("limits", () => {
  test("a capture above stateBytes is not sealed", async () => {
    const world = new World();
    const member = await world.start([0], { limits: { stateBytes: 10 } });
    world.log.append(0, "a value of more than ten bytes");
    await world.clock.until(() => eventsOf(member, "failed").length === 1);
    const [failed] = eventsOf(member, "failed");
    expect(isKafkaError(failed?.error) && failed.error.code).toBe("LimitExceeded");
    await member.job.stop();
    expect(await world.newest(0)).toBeUndefined();
  });

  test("a stream is counted while it is read, and what was written of it is not sealed", async () => {
    const world = new World();
    class Streaming extends ListingTask {
      override capture(): ReturnType<ListingTask["capture"]> {
        return { vnodes: new Map([[0, endless()]]) };
      }
    }
    const member = await world.start([0], {
      makeTask: () => new Streaming(),
      limits: { stateBytes: 100_000 },
    });
    world.log.append(0, "a");
    await world.clock.until(() => eventsOf(member, "failed").length === 1);
    await member.job.stop();
    expect(await world.newest(0)).toBeUndefined();
  });

  test("a restore above stateBytes is not begun", async () => {
    const world = new World();
    world.log.append(0, "a value of more than ten bytes");
    const first = await world.start([0]);
    await world.clock.until(() => first.job.health()[0]?.sealedNext === 1n);
    await first.job.stop();
    const second = await world.start([0], { limits: { stateBytes: 10 } });
    await world.clock.until(() => eventsOf(second, "failed").length === 1);
    expect(second.tasks).toEqual([]);
    await second.job.stop();
  });
});

describe("a job", () => {
  test("that stops seals everything, then leaves the group", async () => {
    const world = new World();
    const member = await world.start([0, 1]);
    world.log.append(0, "a");
    world.log.append(1, "b");
    await world.clock.until(() => member.tasks.filter(({ values }) => values.length === 1).length === 2);
    await member.job.stop();
    expect(await world.newest(0)).toMatchObject({ next: 1n });
    expect(await world.newest(1)).toMatchObject({ next: 1n });
    expect(member.group.hasLeft).toBe(true);
    await expect(member.job.finished).resolves.toBeUndefined();
  });

  test("whose client has left the group seals everything, and ends with the client's error", async () => {
    const world = new World();
    const member = await world.start([0]);
    world.log.append(0, "a");
    await world.clock.until(() => member.tasks[0]?.values.length === 1);
    member.group.fail(new Error("not authorised"));
    await expect(member.job.finished).rejects.toThrow("not authorised");
    expect(await world.newest(0)).toMatchObject({ next: 1n });
  });

  test("that only restores creates and deletes nothing, and releases nothing", async () => {
    const world = new World();
    world.log.append(0, "a");
    const first = await world.start([0]);
    await world.clock.until(() => first.job.health()[0]?.sealedNext === 1n);
    await first.job.stop();
    const requests: string[] = [];
    const output = new NotingOutput();
    const second = await world.start([0], {
      restoreOnly: true,
      outputs: [output],
      store: world.storesAfter((request) => {
        requests.push(request.split(" ")[0] ?? "");
      }),
    });
    world.log.append(0, "b");
    await world.clock.until(() => second.tasks[0]?.values.length === 2);
    await world.clock.pass(60_000);
    await second.job.stop();
    expect(new Set(requests)).toEqual(new Set(["get", "list"]));
    expect(output.opened).toEqual([]);
    expect(await world.newest(0)).toMatchObject({ values: ["a"] });
  });

  test("commits the next offset for lag displays, and a failure of that ends nothing", async () => {
    const world = new World();
    const member = await world.start([0]);
    world.log.append(0, "a");
    await world.clock.until(() => world.log.committed.get(0) === 1n);
    await (await world.start([0])).job.stop();
    await world.clock.until(() => member.job.health()[0]?.state === "running");
    world.log.append(0, "b");
    await world.clock.until(() => eventsOf(member, "offset-not-committed").length > 0);
    expect(member.job.health()[0]).toMatchObject({ sealedNext: 2n });
    await member.job.stop();
  });

  test("keeps so many seals of each partition", async () => {
    const world = new World();
    const member = await world.start([0], { keep: 2 });
    for (let epoch = 0; epoch < 6; epoch++) {
      world.log.append(0, String(epoch));
      await world.clock.until(() => eventsOf(member, "sealed").length === epoch + 1);
    }
    await member.job.stop();
    const pruned = eventsOf(member, "pruned").map(({ report }) => report?.floor);
    expect(pruned).toEqual([0, 0, 1, 2, 3, 4]);
  });

  test.each([
    [{ keep: 1 }, "keep is not a whole number from 2 on: 1"],
    [{ checkpoint: { requests: 0 } }, "checkpoint.requests is not a whole number from 1 on: 0"],
    [{ limits: { outputBytes: 0.5 } }, "limits.outputBytes is not a whole number from 1 on: 0.5"],
  ])("refuses %o before it joins", async (options, message) => {
    const world = new World();
    await expect(world.start([0], options)).rejects.toThrow(message);
  });
});
