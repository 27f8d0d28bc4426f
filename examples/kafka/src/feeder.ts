import { Producer } from "@platformatic/kafka";
import { FlightSource } from "flights/flights";
import { vnodeOf } from "flights/vnodes";
import { encodeFlight } from "./airports.ts";
import type { Cluster } from "./cluster.ts";

const flightsOfABatch = 100;

/** Produces the input: so much that a bounded number of records is ahead of what is sealed. */
export class Feeder {
  readonly #cluster: Cluster;
  readonly #source: FlightSource;
  readonly #producer: Producer;
  fed = 0;

  private constructor(cluster: Cluster, source: FlightSource) {
    this.#cluster = cluster;
    this.#source = source;
    // The broker is restarted under it, which takes a while.
    this.#producer = new Producer({ ...cluster.client, idempotent: true, retries: 3_000, retryDelay: 200 });
  }

  static async open(cluster: Cluster): Promise<Feeder> {
    return new Feeder(cluster, await FlightSource.open());
  }

  /** @param hasRoom resolves when a batch may follow; with `false` if none shall */
  async run(hasRoom: () => Promise<boolean>): Promise<void> {
    while (await hasRoom()) {
      const flights = await this.#source.read(this.fed, this.fed + flightsOfABatch);
      await this.#producer.send({
        messages: flights.map((flight) => ({
          topic: this.#cluster.input,
          partition: vnodeOf(flight.origin) % this.#cluster.partitions,
          key: Buffer.from(flight.origin),
          value: encodeFlight(flight),
        })),
      });
      this.fed += flights.length;
    }
  }

  async close(): Promise<void> {
    await this.#producer.close(true);
  }
}
