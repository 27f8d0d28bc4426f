import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Admin, Consumer, Producer } from "@platformatic/kafka";
import {
  isInstalled,
  kafka,
  type KafkaServer,
  nats,
  type NatsServer,
  type RestartableServer,
  startKafka,
  startNats,
} from "@state/servers";
import { describe, expect, test } from "vitest";

const patience = { timeout: 900_000 };

/** Makes a broker's one topic or stream, puts a record into it, and reads all of them. */
interface Client {
  create(): Promise<void>;
  put(value: string): Promise<void>;
  all(): Promise<readonly string[]>;
}

function kafkaClient({ bootstrapServer }: KafkaServer): Client {
  const base = { clientId: "test", bootstrapBrokers: [bootstrapServer] };
  const topic = "records";
  return {
    async create() {
      const admin = new Admin(base);
      await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 });
      await admin.close();
    },
    async put(value) {
      const producer = new Producer(base);
      await producer.send({ messages: [{ topic, partition: 0, value: Buffer.from(value) }] });
      await producer.close();
    },
    async all() {
      const session = { sessionTimeout: 3_000, heartbeatInterval: 500 };
      const consumer = new Consumer({ ...base, ...session, groupId: crypto.randomUUID() });
      const ends = await consumer.listOffsets({ topics: [topic] });
      const stream = await consumer.consume({ topics: [topic], mode: "earliest", maxWaitTime: 100 });
      const end = ends.get(topic)?.[0] ?? 0n;
      const values: string[] = [];
      for await (const message of stream) {
        values.push(message.value.toString());
        if (message.offset === end - 1n) break;
      }
      await consumer.close(true);
      return values;
    },
  };
}

function natsClient({ url }: NatsServer): Client {
  const name = "records";
  return {
    async create() {
      const connection = await connect({ servers: url });
      const manager = await jetstreamManager(connection);
      await manager.streams.add({ name, subjects: [name] });
      await connection.close();
    },
    async put(value) {
      const connection = await connect({ servers: url });
      await jetstream(connection).publish(name, value);
      await connection.close();
    },
    async all() {
      const connection = await connect({ servers: url });
      const stream = await jetstream(connection).streams.get(name);
      const { state } = await stream.info();
      const values: string[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq += 1) {
        values.push((await stream.getMessage({ seq }))?.string() ?? "none");
      }
      await connection.close();
      return values;
    },
  };
}

/** Whether something listens there. */
function listens(server: RestartableServer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(Number(new URL(server.endpoint).port), "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function keepsItsRecords(server: RestartableServer, client: Client): Promise<void> {
  await client.create();
  await client.put("before the kill");
  expect(await client.all()).toEqual(["before the kill"]);

  await server.kill();
  expect(await listens(server)).toBe(false);
  await server.restart();
  expect(await client.all()).toEqual(["before the kill"]);

  await client.put("before the restart");
  await server.restart();
  expect(await client.all()).toEqual(["before the kill", "before the restart"]);
}

// Without Kafka these tests are skipped by name: `pnpm servers` installs it.
describe.skipIf(!isInstalled(kafka))("Kafka", () => {
  test("has its records after a kill and after a restart, and leaves no process", patience, async () => {
    const server = await startKafka();
    try {
      await keepsItsRecords(server, kafkaClient(server));
    } finally {
      await server.stop();
    }
    expect(await listens(server)).toBe(false);
  });

  test("leaves its data where it was told to keep it, for another start", patience, async () => {
    const location = await mkdtemp(join(tmpdir(), "state-brokers-"));
    try {
      const first = await startKafka({ location });
      try {
        await kafkaClient(first).create();
        await kafkaClient(first).put("kept");
      } finally {
        await first.stop();
      }
      expect(existsSync(location)).toBe(true);
      const second = await startKafka({ location });
      try {
        expect(await kafkaClient(second).all()).toEqual(["kept"]);
      } finally {
        await second.stop();
      }
    } finally {
      await rm(location, { recursive: true });
    }
  });

  test("that does not start says why", patience, async () => {
    const properties = { "log.retention.hours": "soon" };
    await expect(startKafka({ properties })).rejects.toThrow(/log\.retention\.hours/u);
  });
});

// Without NATS this test is skipped by name: `pnpm servers` installs it.
describe.skipIf(!isInstalled(nats))("NATS", () => {
  test("has its records after a kill and after a restart, and leaves no process", patience, async () => {
    const server = await startNats();
    try {
      await keepsItsRecords(server, natsClient(server));
    } finally {
      await server.stop();
    }
    expect(await listens(server)).toBe(false);
  });
});
