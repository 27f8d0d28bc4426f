/** A worker process: a member of the group that keeps its state in the store. `managed-process.ts` starts it. */
import { isStateError } from "@state/core";
import { isKafkaError, type JobEvent, KafkaJob, TransactionalOutput } from "@state/kafka";
import { PlatformaticGroup, PlatformaticProducer } from "@state/kafka/platformatic";
import { AirportsTask, vnodeCapacity } from "./airports-task.ts";
import { FilesOutput } from "./files-output.ts";
import { openPartitionStore } from "./partition-stores.ts";
import { StrikeInjector } from "./strike-injector.ts";
import { liveWithSupervisor, report, settingsOfThisProcess } from "./supervisor-channel.ts";

const { name, brokers, groupId, input, output, sessionTimeoutMs, store, files, blow } =
  settingsOfThisProcess();
const client = { clientId: name, bootstrapBrokers: [...brokers] };
const injector = new StrikeInjector(blow);
const tasks = new Map<number, AirportsTask>();

const job = await KafkaJob.start({
  // One that was asleep has the time to find out that it is refused, which the supervisor looks for.
  stopWithinMs: 60_000,
  group: new PlatformaticGroup({
    client,
    groupId,
    topics: [input],
    sessionTimeoutMs,
    heartbeatIntervalMs: 300,
    maxWaitMs: 100,
  }),
  store: async (partition) =>
    injector.store(await openPartitionStore(store, groupId, partition), partition.partition),
  instanceId: name,
  vnodeCapacity,
  task: ({ partition }) => {
    const task = new AirportsTask({ topic: output, partition });
    tasks.set(partition, task);
    return injector.task(task, partition);
  },
  outputs: [
    new TransactionalOutput({
      producer: (partition, ids) =>
        injector.producer(new PlatformaticProducer({ client, partition, ...ids }), partition.partition),
    }),
    new FilesOutput({ root: files, beforeRename: (partition) => injector.at("p9", [partition]) }),
  ],
  checkpoint: { everyMs: 250, everyRecords: 500 },
  keep: 4,
  onEvent: tell,
});
liveWithSupervisor(
  (order) => injector.arm(order.blow),
  () => job.stop(),
);
// If the client gives the group up, this process ends, and the supervisor starts another one.
await job.finished;

function tell(event: JobEvent): void {
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
  }
}

function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (isStateError(error) || isKafkaError(error)) return { code: error.code, message: error.message };
  const { name: code, message } = error instanceof Error ? error : new Error(String(error));
  return { code, message };
}
