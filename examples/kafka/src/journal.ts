import type { Failed, Report } from "./messages.ts";
import type { Strike } from "./strike-plan.ts";

/** A strike that was carried out. */
export interface Struck {
  readonly strike: Strike;
  readonly who: string;
  /** Partitions that were held by whom it hit. */
  readonly partitions: readonly number[];
  /** From the strike until every one of these partitions was sealed again. */
  readonly recoveryMs: number;
  /** How a process was refused that was woken up. */
  readonly refusal?: Refusal | undefined;
}

export type Refusal = Pick<Failed, "partition" | "code" | "message">;

/** What has happened in a run. */
export class Journal {
  readonly struck: Struck[] = [];
  readonly points = new Set<string>();
  /** Processes that ended without a strike of their own, and why. */
  readonly ends: string[] = [];
  readonly usualEnds: string[] = [];
  epochs = 0;
  records = 0;
  bytes = 0;
  reused = 0;
  takeovers = 0;
  prunedObjects = 0;
  prunedBytes = 0;
  notCommitted = 0;
  /** Tenures that ended by an error, by its code. */
  readonly failures = new Map<string, number>();

  take(message: Report): void {
    switch (message.type) {
      case "sealed":
        this.epochs += 1;
        this.records += message.records;
        this.bytes += message.bytes;
        this.reused += message.reused;
        return;
      case "restored":
        this.takeovers += 1;
        return;
      case "pruned":
        this.prunedObjects += message.objects;
        this.prunedBytes += message.bytes;
        return;
      case "failed":
      case "abandoned":
        this.failures.set(message.code, (this.failures.get(message.code) ?? 0) + 1);
        return;
      case "not committed for display":
        this.notCommitted += 1;
        return;
      case "struck":
        this.points.add(message.blow.point);
        return;
      case "released":
      case "stopped":
      case "at":
    }
  }
}
