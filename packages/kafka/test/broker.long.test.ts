import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FsStore } from "@state/fs";
import { describe, expect, test } from "vitest";
import { KafkaError } from "../src/errors.ts";
import { PlatformaticProducer } from "../src/platformatic/index.ts";
import { Bucket } from "./support/bucket.ts";
import { type Client, groupOf, hasReleased, holdsUpTo, startMember } from "./support/real-members.ts";
import { RealTopics } from "./support/real-topics.ts";

const broker = process.env["STATE_TEST_KAFKA"] ?? "";
const patience = { timeout: 240_000 };
const clients: readonly Client[] = ["@platformatic/kafka", "kafkajs"];
const { signal } = new AbortController();

// Without a broker these tests are skipped by name: `pnpm servers`, then `pnpm test:servers` start one.
describe.skipIf(broker === "").each(clients)("a job by %s on a real broker", (client) => {
  test(
    "lets each record out once through a change of members, and none that was aborted",
    patience,
    async () => {
      const topics = await RealTopics.create(broker, 1);
      const { store } = new Bucket();
      await topics.transact(0, ["one", "commit"], ["two", "abort"], ["three", "abort"], ["four", "commit"]);
      const first = await startMember(groupOf(client, topics, "A"), topics, store, { name: "A" });
      // Each transaction ends in a marker, which is an offset of its own.
      await first.until(() => hasReleased(first, 0, 7n));
      await first.job.stop();
      await topics.send(0, "five");
      const second = await startMember(groupOf(client, topics, "B"), topics, store, { name: "B" });
      await second.until(() => hasReleased(second, 0, 9n));
      await second.job.stop();
      expect(await topics.outputs(0)).toEqual(["one", "four", "five"]);
      expect(await topics.displayed(0)).toBe(9n);
    },
  );

  test("goes on where a member was killed that had sealed, and let out, what it had", patience, async () => {
    const topics = await RealTopics.create(broker, 1);
    const root = await mkdtemp(join(tmpdir(), "state-kafka-"));
    try {
      await topics.send(0, "a", "b");
      const settings = { client, broker, run: topics.run, root };
      const killed = fork(new URL("support/member-process.ts", import.meta.url), [JSON.stringify(settings)]);
      await once(killed, "message");
      killed.kill("SIGKILL");
      await once(killed, "exit");
      await topics.send(0, "c");
      const store = (): FsStore => new FsStore({ root });
      const second = await startMember(groupOf(client, topics, "B"), topics, store, { name: "B" });
      await second.until(() => hasReleased(second, 0, 3n));
      const restored = second.events.find(({ type }) => type === "restored");
      expect(restored).toMatchObject({ next: 2n });
      await second.job.stop();
      expect(await topics.outputs(0)).toEqual(["a", "b", "c"]);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  test(
    "says that the offset is out of range when records were deleted that are not sealed",
    patience,
    async () => {
      const topics = await RealTopics.create(broker, 1);
      const { store } = new Bucket();
      await topics.send(0, "a", "b");
      const first = await startMember(groupOf(client, topics, "A"), topics, store, { name: "A" });
      await first.until(() => hasReleased(first, 0, 2n));
      await first.job.stop();
      await topics.send(0, "c", "d");
      await topics.administrate(async (admin) => {
        await admin.deleteRecords({
          topics: [{ name: topics.input, partitions: [{ partition: 0, offset: 3n }] }],
        });
      });
      const second = await startMember(groupOf(client, topics, "B"), topics, store, { name: "B" });
      await second.until(() => second.events.some(({ type }) => type === "failed"));
      await second.job.stop();
      const failed = second.events.find((event) => event.type === "failed");
      expect(failed?.error).toMatchObject({ code: "OffsetOutOfRange", partition: 0 });
      expect(String(failed?.error)).toContain("offset 2 is not there, the partition has 3 to 4");
      expect(await topics.outputs(0)).toEqual(["a", "b"]);
    },
  );

  test("takes partitions over from a member, and both have no record twice", patience, async () => {
    const topics = await RealTopics.create(broker, 4);
    const { store } = new Bucket();
    for (const partition of [0, 1, 2, 3]) await topics.send(partition, "a", "b");
    const first = await startMember(groupOf(client, topics, "A"), topics, store, { name: "A" });
    await first.until(() => [0, 1, 2, 3].every((partition) => hasReleased(first, partition, 2n)));
    const second = await startMember(groupOf(client, topics, "B"), topics, store, { name: "B" });
    await second.until(() => second.events.some(({ type }) => type === "restored"));
    for (const partition of [0, 1, 2, 3]) await topics.send(partition, "c");
    await first.job.stop();
    await second.until(() => [0, 1, 2, 3].every((partition) => holdsUpTo(second, partition, 3n)));
    await second.job.stop();
    for (const partition of [0, 1, 2, 3]) expect(await topics.outputs(partition)).toEqual(["a", "b", "c"]);
  });
});

describe.skipIf(broker === "")("@platformatic/kafka on a real broker", () => {
  test("a partition that moves is sealed before another member restores it", patience, async () => {
    const topics = await RealTopics.create(broker, 4);
    const { store } = new Bucket();
    const order: string[] = [];
    const noting = (name: string) => ({
      name,
      onEvent: ({ type, ...event }: { readonly type: string }) => {
        if (type !== "stopped" && type !== "restored") return;
        const { partition } = Reflect.get(event, "partition") as { readonly partition: number };
        order.push(`${name} ${type} ${partition}`);
      },
    });
    const first = await startMember(groupOf("@platformatic/kafka", topics, "A"), topics, store, noting("A"));
    await first.until(() => first.events.filter(({ type }) => type === "restored").length === 4);
    for (const partition of [0, 1, 2, 3]) await topics.send(partition, "a");
    const second = await startMember(groupOf("@platformatic/kafka", topics, "B"), topics, store, noting("B"));
    await second.until(() => second.events.filter(({ type }) => type === "restored").length === 2);
    const moved = order.filter((line) => line.startsWith("B restored")).map((line) => line.at(-1));
    for (const partition of moved)
      expect(order.indexOf(`A stopped ${partition}`)).toBeLessThan(order.indexOf(`B restored ${partition}`));
    expect(order.filter((line) => line.startsWith("A stopped"))).toHaveLength(2);
    await first.job.stop();
    await second.job.stop();
  });

  test(
    "committed records are read whatever was aborted around them, also without a record",
    patience,
    async () => {
      const topics = await RealTopics.create(broker, 1);
      await topics.transact(
        0,
        ["lost", "abort"],
        ["one", "commit"],
        [undefined, "abort"],
        ["two", "commit"],
        ["lost too", "abort"],
        ["three", "commit"],
        [undefined, "abort"],
      );
      expect(await topics.inputs(0)).toEqual(["one", "two", "three"]);
    },
  );

  test(
    "a zombie's producer is fenced by its successor's, and its transaction is not committed",
    patience,
    async () => {
      const topics = await RealTopics.create(broker, 1);
      const zombie = producerOf(topics);
      await zombie.init({ signal });
      const successor = producerOf(topics);
      await successor.init({ signal });
      const records = [{ topic: topics.output, partition: 0, value: Buffer.from("of the zombie") }];
      const fenced = await zombie
        .transact(records, { marker: "1 zombie", next: 1n }, { signal })
        .catch((error: unknown) => error);
      expect(fenced).toBeInstanceOf(KafkaError);
      expect(fenced).toMatchObject({ code: "OutputFenced" });
      expect(await successor.marker({ signal })).toBeUndefined();
      expect(await topics.outputs(0)).toEqual([]);
      await zombie.close();
      await successor.close();
    },
  );

  test(
    "a successor reads the marker of the transaction that was committed before it, though it never heard of its end",
    patience,
    async () => {
      const topics = await RealTopics.create(broker, 1);
      const first = producerOf(topics);
      await first.init({ signal });
      const records = [{ topic: topics.output, partition: 0, value: Buffer.from("a") }];
      await first.transact(records, { marker: "1 first", next: 1n }, { signal });
      const second = producerOf(topics);
      await second.init({ signal });
      expect(await second.marker({ signal })).toBe("1 first");
      expect(await topics.outputs(0)).toEqual(["a"]);
      await first.close();
      await second.close();
    },
  );
});

function producerOf(topics: RealTopics): PlatformaticProducer {
  const { client, groupId } = topics;
  const ids = { transactionalId: `${groupId}.0`, groupId: `${groupId}.outputs` };
  return new PlatformaticProducer({ client, partition: topics.partition(0), ...ids });
}
