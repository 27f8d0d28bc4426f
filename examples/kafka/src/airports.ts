import type { Flight } from "flights/flights";

/** What is known of an airport after its last flight. Whole numbers far below 2^53: exact. */
export interface Airport {
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
}

/** A result: an input record's offset and airport, and what is known of the airport from then on. */
export interface Result extends Airport {
  readonly offset: number;
  readonly airport: string;
}

export type Departure = Pick<Flight, "origin"> & { readonly delay: number };

export function encodeFlight({ origin, destination, delay }: Flight): Buffer {
  return Buffer.from(JSON.stringify({ origin, destination, delay: Number(delay) }));
}

export function decodeFlight(value: Uint8Array): Departure {
  return JSON.parse(Buffer.from(value).toString()) as Departure;
}

/** Equal results have equal bytes. */
export function encodeResult({ offset, airport, count, sum, sumOfSquares }: Result): string {
  return JSON.stringify({ offset, airport, count, sum, sumOfSquares });
}

/** The airport after one more flight. */
export function withFlight(known: Airport | undefined, delay: number): Airport {
  const { count, sum, sumOfSquares } = known ?? { count: 0, sum: 0, sumOfSquares: 0 };
  return { count: count + 1, sum: sum + delay, sumOfSquares: sumOfSquares + delay * delay };
}
