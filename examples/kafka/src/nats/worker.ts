/** A worker process on NATS: the job is the one on Kafka, but for the group, and for the output to Kafka. */
import { KafkaJob } from "@state/kafka";
import { AirportsTask, vnodeCapacity } from "../airports-task.ts";
import { FilesOutput } from "../files-output.ts";
import { tell } from "../job-reports.ts";
import { openPartitionStore } from "../partition-stores.ts";
import { liveWithSupervisor, settingsOfThisProcess } from "../supervisor-channel.ts";
import { NatsGroup } from "./group.ts";

const { name, brokers: servers, groupId, input, output, store, files, place } = settingsOfThisProcess();
if (place === undefined) throw new Error("a worker on NATS has a place");
const tasks = new Map<number, AirportsTask>();

const job = await KafkaJob.start({
  group: await NatsGroup.connect({ servers, groupId, stream: input, ...place }),
  store: (partition) => openPartitionStore(store, groupId, partition),
  instanceId: name,
  vnodeCapacity,
  task: ({ partition }) => {
    const task = new AirportsTask({ topic: output, partition });
    tasks.set(partition, task);
    return task;
  },
  outputs: [new FilesOutput({ root: files })],
  checkpoint: { everyMs: 100, everyRecords: 200 },
  keep: 4,
  onEvent: (event) => tell(event, tasks),
});
liveWithSupervisor(
  () => undefined,
  () => job.stop(),
);
await job.finished;
