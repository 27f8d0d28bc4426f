import type { Report } from "./messages.ts";

interface Row {
  /** The process that restored the partition last. */
  holder: string | undefined;
  next: number;
  sealedBy: string | undefined;
  sealedAt: number;
  releasedAt: number;
}

/** What the supervisor knows of each partition, from the reports of all workers. */
export class PartitionBoard {
  readonly #rows: readonly Row[];

  constructor(partitions: number) {
    this.#rows = Array.from({ length: partitions }, () => ({
      holder: undefined,
      next: 0,
      sealedBy: undefined,
      sealedAt: -Infinity,
      releasedAt: -Infinity,
    }));
  }

  /** Records that are sealed, of all partitions. */
  get sealed(): number {
    return this.#rows.reduce((sum, { next }) => sum + next, 0);
  }

  get positions(): readonly number[] {
    return this.#rows.map(({ next }) => next);
  }

  /** The partitions that a process has taken over and not lost to another one. */
  heldBy(name: string): readonly number[] {
    return [...this.#rows.keys()].filter((partition) => this.#rows[partition]?.holder === name);
  }

  /** Whether all these partitions have sealed since, by another process than this one. */
  haveSealedSince(partitions: readonly number[], time: number, without?: string): boolean {
    return partitions.every((partition) => {
      const row = this.#rows[partition];
      return row !== undefined && row.sealedAt > time && row.sealedBy !== without;
    });
  }

  haveReleasedSince(time: number): boolean {
    return this.#rows.every(({ releasedAt }) => releasedAt > time);
  }

  hasSealed(name: string): boolean {
    return this.#rows.some(({ sealedBy }) => sealedBy === name);
  }

  take(name: string, message: Report): void {
    if (!("partition" in message)) return;
    const row = this.#rows[message.partition];
    if (row === undefined) return;
    switch (message.type) {
      case "restored":
        row.holder = name;
        // Whoever sealed it may have died before it could say so.
        row.next = Math.max(row.next, message.next ?? 0);
        return;
      case "sealed":
        row.next = Math.max(row.next, message.next);
        row.sealedBy = name;
        row.sealedAt = performance.now();
        return;
      case "released":
        row.releasedAt = performance.now();
        return;
      case "failed":
      case "abandoned":
      case "stopped":
      case "not committed for display":
      case "at":
    }
  }
}
