import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import type { SealedEpoch } from "@state/core";
import type { Airport } from "./airports.ts";

/** Vnode 0 is the database as a file. */
export const baseVnode = 0;

const schema = `
  CREATE TABLE airports (
    airport TEXT PRIMARY KEY,
    count INTEGER NOT NULL,
    sum INTEGER NOT NULL,
    sumOfSquares INTEGER NOT NULL
  ) STRICT`;

/** A SQLite file in a folder of its own, which goes when it is closed. What lasts is in the sealed epochs. */
export class AirportsDatabase {
  readonly #folder: string;
  readonly #database: DatabaseSync;
  readonly #add: ReturnType<DatabaseSync["prepare"]>;
  #session: ReturnType<DatabaseSync["createSession"]>;
  #copies = 0;

  private constructor(folder: string, database: DatabaseSync) {
    this.#folder = folder;
    this.#database = database;
    this.#add = database.prepare(
      `INSERT INTO airports VALUES (?, 1, ?, ?) ON CONFLICT DO UPDATE SET
        count = count + 1, sum = sum + excluded.sum, sumOfSquares = sumOfSquares + excluded.sumOfSquares
        RETURNING count, sum, sumOfSquares`,
    );
    this.#session = database.createSession();
  }

  /** Makes the database of an epoch: its base, and then the changesets in their order. */
  static async restore(base: SealedEpoch | undefined): Promise<AirportsDatabase> {
    const folder = await mkdtemp(join(tmpdir(), "airports-"));
    const file = join(folder, "airports.db");
    try {
      const stored = base?.stream(baseVnode);
      if (stored !== undefined) await pipeline(stored, createWriteStream(file));
      const database = new DatabaseSync(file);
      // Nothing here outlives the process, so nothing need be synced.
      database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
      if (stored === undefined) database.exec(schema);
      for (const vnode of (base?.vnodes ?? []).toSorted((a, b) => a - b)) {
        if (vnode === baseVnode) continue;
        const changeset = await base?.read(vnode);
        if (changeset === undefined || !database.applyChangeset(changeset))
          throw new Error(`changeset ${vnode} of epoch ${base?.epoch} does not fit the database`);
      }
      return new AirportsDatabase(folder, database);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  /** Adds flights, all or none; returns each airport as it is after its flight. */
  add(departures: readonly { readonly origin: string; readonly delay: number }[]): readonly Airport[] {
    return departures.map(
      ({ origin, delay }) => this.#add.get(origin, delay, delay * delay) as unknown as Airport,
    );
  }

  all(): ReadonlyMap<string, Airport> {
    const rows = this.#database.prepare("SELECT * FROM airports ORDER BY airport").all();
    return new Map(
      rows.map(({ airport, count, sum, sumOfSquares }) => [
        String(airport),
        { count: Number(count), sum: Number(sum), sumOfSquares: Number(sumOfSquares) },
      ]),
    );
  }

  /** What has changed since the last call of this or of `copy`; empty if nothing has. */
  takeChangeset(): Uint8Array {
    const changeset = this.#session.changeset();
    this.#begin();
    return changeset;
  }

  /** A copy of the database as it is now: the file's path. Changesets begin anew from here. */
  copy(): string {
    const path = join(this.#folder, `copy-${this.#copies++}.db`);
    this.#database.prepare("VACUUM INTO ?").run(path);
    this.#begin();
    return path;
  }

  async close(): Promise<void> {
    this.#database.close();
    await rm(this.#folder, { recursive: true });
  }

  #begin(): void {
    this.#session.close();
    this.#session = this.#database.createSession();
  }
}
