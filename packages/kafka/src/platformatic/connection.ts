import type { Consumer, offsetCommitV9 } from "@platformatic/kafka";

/** To a broker. The client's requests by their versions, such as `offsetCommitV9`, take one. */
export type Connection = Parameters<typeof offsetCommitV9.api.async>[0];

export async function connectionTo(consumer: Consumer, broker: number): Promise<Connection> {
  const connection = (await consumer.connectToBrokers([broker])).get(broker);
  if (connection === undefined) throw new Error(`broker ${broker} is out of reach`);
  return connection;
}

/** To the broker that coordinates the consumer's group, whether it has joined it or not. */
export async function coordinatorOf(consumer: Consumer): Promise<Connection> {
  return connectionTo(consumer, await consumer.findGroupCoordinator());
}
