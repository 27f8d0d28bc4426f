import { isStateError } from "@state/core";
import { isKafkaError, type JobEvent } from "@state/kafka";
import type { AirportsTask } from "./airports-task.ts";
import { report } from "./supervisor-channel.ts";

/** Tells the supervisor what happens to the partitions of this process. */
export function tell(event: JobEvent, tasks: ReadonlyMap<number, AirportsTask>): void {
  if (event.type === "assigned") return;
  const { partition } = event.partition;
  switch (event.type) {
    case "restored": {
      const { version, epoch, next } = event;
      report({
        type: "restored",
        partition,
        version,
        epoch,
        next: next === undefined ? undefined : Number(next),
      });
      return;
    }
    case "sealed": {
      const { epoch, next, records, bytes, durationMs } = event;
      const reused = tasks.get(partition)?.reused ?? 0;
      report({ type: "sealed", partition, epoch, next: Number(next), records, bytes, reused, durationMs });
      return;
    }
    case "released":
      report({ type: "released", partition });
      return;
    case "failed":
      report({ type: "failed", partition, ...describe(event.error) });
      return;
    case "stopped":
      if (event.outcome === "sealed") report({ type: "stopped", partition });
      else report({ type: "abandoned", partition, ...describe(event.error) });
      return;
    case "pruned": {
      const pruned = event.report;
      report({ type: "pruned", objects: pruned?.objects ?? 0, bytes: pruned?.bytes ?? 0 });
      return;
    }
    case "offset-not-committed":
      report({ type: "not committed for display", partition });
      return;
    case "not-closed":
    // Nothing depends on it.
  }
}

function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (isStateError(error) || isKafkaError(error)) return { code: error.code, message: error.message };
  const { name: code, message } = error instanceof Error ? error : new Error(String(error));
  return { code, message };
}
