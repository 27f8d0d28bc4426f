import type { Consumer, offsetCommitV9 } from "@platformatic/kafka";

type Connection = Parameters<typeof offsetCommitV9.api.async>[0];

/** A connection to the broker that coordinates the consumer's group, whether it has joined it or not. */
export async function coordinatorOf(consumer: Consumer): Promise<Connection> {
  const node = await consumer.findGroupCoordinator();
  const connection = (await consumer.connectToBrokers([node])).get(node);
  if (connection === undefined)
    throw new Error(`broker ${node}, which coordinates the group, is out of reach`);
  return connection;
}
