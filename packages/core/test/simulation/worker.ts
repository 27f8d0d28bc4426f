/** One thread of `pnpm simulate`: runs the series that it is sent, and sends back what each came to. */
import { on } from "node:events";
import { parentPort } from "node:worker_threads";
import { ObjectStoreBackend } from "../../src/backend.ts";
import { runMany, type Seeds } from "./series.ts";

const open = ObjectStoreBackend.open.bind(ObjectStoreBackend);
if (parentPort === null) throw new Error("run.ts starts this as a thread");

for await (const [seeds] of on(parentPort, "message") as AsyncIterable<[Seeds]>) {
  const series = await runMany({ ...seeds, open });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort.postMessage(series);
}
