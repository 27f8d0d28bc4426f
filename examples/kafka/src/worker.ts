/** A worker process: a member of the group that keeps its state in the store. `managed-process.ts` starts it. */
import { KafkaJob, TransactionalOutput } from "@state/kafka";
import { PlatformaticGroup, PlatformaticProducer } from "@state/kafka/platformatic";
import { AirportsTask, vnodeCapacity } from "./airports-task.ts";
import { FilesOutput } from "./files-output.ts";
import { tell } from "./job-reports.ts";
import { openPartitionStore } from "./partition-stores.ts";
import { StrikeInjector } from "./strike-injector.ts";
import { liveWithSupervisor, settingsOfThisProcess } from "./supervisor-channel.ts";

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
  onEvent: (event) => tell(event, tasks),
});
liveWithSupervisor(
  (order) => injector.arm(order.blow),
  () => job.stop(),
);
// If the client gives the group up, this process ends, and the supervisor starts another one.
await job.finished;
