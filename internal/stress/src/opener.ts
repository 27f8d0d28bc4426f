/** A process of the herd: loads the store, and opens the namespace once its parent says so. */
import { once } from "node:events";
import { flushCompileCache } from "node:module";
import { ObjectStoreBackend } from "@state/core";
import type { Opened } from "./herd.ts";
import { openStore, type Place } from "./place.ts";

const [place] = (await once(process, "message")) as [Place];
const store = await openStore(place);
const started = once(process, "message");
// The parent is gone.
process.on("disconnect", () => process.exit());
flushCompileCache();
process.send?.("ready");
await started;

const opened = { requests: 0, repeated: 0 };
const begin = performance.now();
async function open(): Promise<string | undefined> {
  try {
    await ObjectStoreBackend.open({
      store,
      instanceId: `herd-${process.pid}`,
      vnodeCapacity: 64,
      onEvent: (event) => {
        if (event.type !== "request") return;
        opened.requests += 1;
        if (event.attempt > 1) opened.repeated += 1;
      },
    });
    return undefined;
  } catch (error) {
    return String(error);
  }
}
const refused = await open();
process.send?.({ ...opened, ms: performance.now() - begin, refused } satisfies Opened);
