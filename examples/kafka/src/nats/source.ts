import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { FlightSource } from "flights/flights";
import { vnodeOf } from "flights/vnodes";
import { type Airport, decodeFlight, encodeFlight, encodeResult, withFlight } from "../airports.ts";
import type { Expected } from "../verification.ts";

/** Publishes flights to a stream with a subject for each partition, and knows what has to come of them. */
export class NatsSource {
  readonly #connection: NatsConnection;
  readonly #stream: string;
  readonly #flights: FlightSource;
  readonly #airports: Map<string, Airport>[];
  readonly #results: string[][];
  /** The sequences of each partition. */
  readonly #sequences: number[][];
  published = 0;

  private constructor(connection: NatsConnection, stream: string, partitions: number, flights: FlightSource) {
    this.#connection = connection;
    this.#stream = stream;
    this.#flights = flights;
    this.#airports = Array.from({ length: partitions }, () => new Map<string, Airport>());
    this.#results = Array.from({ length: partitions }, () => []);
    this.#sequences = Array.from({ length: partitions }, () => []);
  }

  /** Makes the stream, whose subjects are `<stream>.<partition>`. */
  static async open(url: string, stream: string, partitions: number): Promise<NatsSource> {
    const connection = await connect({ servers: url });
    await (await jetstreamManager(connection)).streams.add({ name: stream, subjects: [`${stream}.*`] });
    return new NatsSource(connection, stream, partitions, await FlightSource.open());
  }

  async publish(count: number): Promise<void> {
    const stream = jetstream(this.#connection);
    for (const flight of await this.#flights.read(this.published, this.published + count)) {
      const partition = vnodeOf(flight.origin) % this.#results.length;
      const value = encodeFlight(flight);
      const { seq } = await stream.publish(`${this.#stream}.${partition}`, value);
      this.#note(partition, seq, value);
    }
    this.published += count;
  }

  /** How many of a partition's records are below a sequence. */
  countBelow(partition: number, sequence: number): number {
    return (this.#sequences[partition] ?? []).filter((each) => each < sequence).length;
  }

  get expected(): readonly (Expected & { readonly next: number })[] {
    return this.#results.map((results, partition) => ({
      results,
      airports: this.#airports[partition] ?? new Map<string, Airport>(),
      next: (this.#sequences[partition]?.at(-1) ?? -1) + 1,
    }));
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #note(partition: number, offset: number, value: Uint8Array): void {
    const { origin, delay } = decodeFlight(value);
    const airport = withFlight(this.#airports[partition]?.get(origin), delay);
    this.#airports[partition]?.set(origin, airport);
    this.#results[partition]?.push(encodeResult({ offset, airport: origin, ...airport }));
    this.#sequences[partition]?.push(offset);
  }
}
