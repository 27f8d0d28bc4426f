/** One thread of `pnpm simulate`: runs the series that it is sent, and sends back what each came to. */
import { parentPort } from "node:worker_threads";
import { ObjectStoreBackend } from "../../src/backend.ts";
import { runMany, type Seeds } from "./series.ts";

const open = ObjectStoreBackend.open.bind(ObjectStoreBackend);

parentPort?.on("message", (seeds: Seeds) => {
  void runMany({ ...seeds, open }).then((series) => parentPort?.postMessage(series));
});
