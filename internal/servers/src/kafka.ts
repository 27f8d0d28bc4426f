import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { binaryOf, kafka } from "./installed.ts";
import { freePort, startProcess } from "./process.ts";
import { type RestartableServer, startRestartable } from "./restartable.ts";

/** One node of Kafka that is broker and controller. */
export interface KafkaServer extends RestartableServer {
  /** `127.0.0.1:PORT` */
  readonly bootstrapServer: string;
}

export interface KafkaOptions {
  /** The folder that keeps the data after `stop`. It has to exist. Left out, `stop` deletes the data. */
  readonly location?: string | undefined;
  /** Properties of the broker beside those of the tests, or instead of them. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

const testProperties: Readonly<Record<string, string>> = {
  "process.roles": "broker,controller",
  "node.id": "1",
  "controller.listener.names": "CONTROLLER",
  "auto.create.topics.enable": "false",
  // The topics of Kafka's own: one replica, since there is one broker, and one partition, which starts fast.
  "offsets.topic.replication.factor": "1",
  "offsets.topic.num.partitions": "1",
  "transaction.state.log.replication.factor": "1",
  "transaction.state.log.min.isr": "1",
  "transaction.state.log.num.partitions": "1",
  "share.coordinator.state.topic.replication.factor": "1",
  "share.coordinator.state.topic.min.isr": "1",
  "share.coordinator.state.topic.num.partitions": "1",
  // Members join without a wait, and may be lost after a second.
  "group.initial.rebalance.delay.ms": "0",
  "group.min.session.timeout.ms": "1000",
  "group.consumer.min.session.timeout.ms": "1000",
  "group.consumer.session.timeout.ms": "3000",
  "group.consumer.min.heartbeat.interval.ms": "100",
  "group.consumer.heartbeat.interval.ms": "300",
};

/** A Java that starts fast rather than runs fast. */
const javaArgs = [
  "-Xmx512m",
  "-XX:+UseSerialGC",
  "-XX:TieredStopAtLevel=1",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
  "-cp",
  join(binaryOf(kafka), "*"),
];

/** Starts Kafka without ZooKeeper and without authentication. A topic is there only once it is made. */
export async function startKafka({ location, properties }: KafkaOptions = {}): Promise<KafkaServer> {
  const controller = `127.0.0.1:${await freePort()}`;
  const server = await startRestartable({
    name: "kafka",
    location,
    async start(folder, port) {
      const file = await format(folder, controller, properties);
      return startProcess({
        name: "Kafka",
        port,
        command: "java",
        args: (broker) => [...javaArgs, "kafka.Kafka", file, ...listenersOn(broker, controller)],
        isReady: accepts,
      });
    },
  });
  return { ...server, bootstrapServer: new URL(server.endpoint).host };
}

/** Writes the broker's properties, and makes the folder a log of Kafka's if it is none. Returns the file. */
async function format(
  folder: string,
  controller: string,
  properties: KafkaOptions["properties"],
): Promise<string> {
  const data = join(folder, "log");
  const all = {
    ...testProperties,
    "log.dirs": data,
    "controller.quorum.voters": `1@${controller}`,
    // The start names the port that it really has.
    listeners: `PLAINTEXT://127.0.0.1:0,CONTROLLER://${controller}`,
    ...properties,
  };
  const file = join(folder, "server.properties");
  await writeFile(
    file,
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  if (existsSync(join(data, "meta.properties"))) return file;
  // Kafka wants 16 bytes. These begin with a letter, since a dash would begin an option.
  const clusterId = Buffer.from(`state-${crypto.randomUUID().slice(-10)}`).toString("base64url");
  const args = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", file];
  await promisify(execFile)("java", [...javaArgs, ...args], { timeout: 180_000 });
  return file;
}

function listenersOn(port: number, controller: string): readonly string[] {
  const broker = `PLAINTEXT://127.0.0.1:${port}`;
  return [
    "--override",
    `listeners=${broker},CONTROLLER://${controller}`,
    "--override",
    `advertised.listeners=${broker}`,
  ];
}

/** Whether it takes connections, which it does once it can respond to requests. */
function accepts(endpoint: string): Promise<boolean> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
